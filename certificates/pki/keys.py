"""The authority's own keys, and what the key of a certificate must be."""

import hashlib

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from certificates.pki.refusals import WeakKey

CA_KEY_BITS = 3072
# WIRE.md, 'PKI': RSA 2048 and up. The upper end keeps a verification cheap.
RSA_BITS = range(2048, 8192 + 1)
RSA_EXPONENTS = range(65537, 2**32)
CURVES = ("secp256r1", "secp384r1", "secp521r1")
WHAT_IS_TAKEN = "Make a new key: RSA with at least 2048 bits, or EC on P-256, P-384 or P-521."


def new_ca_key() -> rsa.RSAPrivateKey:
    """Return a new RSA key of 3072 bits, strong enough for the life of a root."""
    return rsa.generate_private_key(public_exponent=65537, key_size=CA_KEY_BITS)


def to_pem(key: rsa.RSAPrivateKey) -> bytes:
    """Return the key as PKCS #8 PEM in the clear: sealing it is the caller's."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def from_pem(pem: bytes) -> rsa.RSAPrivateKey:
    """Return the authority's key that `to_pem` wrote. Raises ValueError for any other."""
    key = load_pem_private_key(pem, password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("The authority's key is an RSA key.")
    return key


def check_public_key(key: PublicKeyTypes) -> None:
    """Pass if certificates are issued for such a key. Raises WeakKey, with what is wrong."""
    match key:
        case rsa.RSAPublicKey():
            if key.key_size not in RSA_BITS:
                raise WeakKey(
                    f"The RSA key has {key.key_size} bits; {RSA_BITS.start} to "
                    f"{RSA_BITS.stop - 1} are taken. {WHAT_IS_TAKEN}"
                )
            exponent = key.public_numbers().e
            if exponent not in RSA_EXPONENTS or exponent % 2 == 0:
                raise WeakKey(
                    "The RSA key has an unusual public exponent; 65537 is the usual one. "
                    f"{WHAT_IS_TAKEN}"
                )
        case ec.EllipticCurvePublicKey():
            if key.curve.name not in CURVES:
                raise WeakKey(f"The EC curve {key.curve.name} is not taken. {WHAT_IS_TAKEN}")
        case _:
            raise WeakKey(f"Keys of this kind are not taken. {WHAT_IS_TAKEN}")


def fingerprint(key: PublicKeyTypes) -> str:
    """Return the SHA-256 of the key's SubjectPublicKeyInfo, 64 hexadecimal digits.

    Equal keys have equal fingerprints, whatever certificate or CSR they stand in.
    """
    info = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(info).hexdigest()
