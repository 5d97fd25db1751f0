"""Read a certificate signing request (PKCS #10, RFC 2986), whoever made it."""

import base64
import binascii
import re
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from cryptography.x509.oid import NameOID

from certificates.pki import keys, mistakes
from certificates.pki.refusals import (
    BadSignature,
    Malformed,
    MoreThanOne,
    NotACsr,
    TooLarge,
    WeakKey,
)

MAX_BYTES = 32 * 1024
PEM_BLOCK = re.compile(
    rb"-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----(.*?)-----END (?:NEW )?CERTIFICATE REQUEST-----",
    re.DOTALL,
)
HASHES = ("sha256", "sha384", "sha512")
MAKE_AGAIN = "Make the CSR again, as the page shows it, and load that."
# What a wrong file is answered with here, where its own text says nothing about a remedy.
INSTEAD = {
    "certificate": "Load the CSR that it was made from, or a new one.",
    "PFX": "Load the CSR; the PFX is made later, of the certificate and the key.",
    "P7B": "Load the CSR.",
}


@dataclass(frozen=True, kw_only=True)
class Csr:
    """A request whose signature is right and whose key is taken.

    `dns_names` are the names of its subjectAltName and its common name, as they stand
    there; `other_names` are the kinds of its further names, of which none is issued.
    """

    public_key: CertificatePublicKeyTypes
    subject: str
    dns_names: tuple[str, ...]
    other_names: tuple[str, ...]
    key_fingerprint: str
    pem: str


def read_csr(data: bytes) -> Csr:
    """Return the request in a file: PEM, with any text around it, or DER; 32 KiB at most.

    Raises a Refusal: TooLarge, WrongFile (a private key, a certificate, ...), NotACsr,
    MoreThanOne, Malformed, BadSignature, WeakKey.
    """
    if len(data) > MAX_BYTES:
        raise TooLarge(f"The file is larger than {MAX_BYTES // 1024} KiB, which no CSR is.")
    request = _parsed(_der(data))
    try:
        public_key = request.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise WeakKey(f"The key in the CSR cannot be read. {keys.WHAT_IS_TAKEN}") from None
    keys.check_public_key(public_key)
    _check_signature(request)
    try:
        names = _names_of(request)
        subject = request.subject.rfc4514_string()
    except (ValueError, x509.DuplicateExtension, UnsupportedAlgorithm):
        raise Malformed(f"The names in the CSR cannot be read. {MAKE_AGAIN}") from None
    return Csr(
        public_key=public_key,
        subject=subject,
        dns_names=names[0],
        other_names=names[1],
        key_fingerprint=keys.fingerprint(public_key),
        pem=_pem(request),
    )


def read_public_key(data: bytes, proof: bytes) -> Csr:
    """Return a public key (PEM, SubjectPublicKeyInfo) as a request that names nothing.

    `proof` is the signature of its DER by the private key, with SHA-256: PKCS #1 v1.5 for
    RSA, ECDSA-Sig-Value for EC. Raises a Refusal: TooLarge, Malformed, WeakKey, BadSignature.
    """
    if len(data) > MAX_BYTES:
        raise TooLarge(f"The key is larger than {MAX_BYTES // 1024} KiB, which no key is.")
    try:
        public_key = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise Malformed("The public key cannot be read. Send it as PEM, or send a CSR.") from None
    keys.check_public_key(public_key)
    info = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    try:
        if isinstance(public_key, rsa.RSAPublicKey):
            public_key.verify(proof, info, PKCS1v15(), SHA256())
        elif isinstance(public_key, ec.EllipticCurvePublicKey):
            public_key.verify(proof, info, ec.ECDSA(SHA256()))
    except InvalidSignature:
        raise BadSignature(
            "This is not the signature of the public key's DER by its private key, with SHA-256."
        ) from None
    assert isinstance(public_key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey)
    return Csr(
        public_key=public_key,
        subject="",
        dns_names=(),
        other_names=(),
        key_fingerprint=keys.fingerprint(public_key),
        pem="",
    )


def _der(data: bytes) -> bytes:
    mistake = mistakes.recognise(data)
    if mistake is not None and mistake is not mistakes.CSR:
        instead = INSTEAD.get(mistake.kind, "")
        raise mistakes.Mistake(
            kind=mistake.kind,
            text=f"{mistake.text} {instead}".strip(),
            exposes_key=mistake.exposes_key,
        ).as_refusal()
    blocks = PEM_BLOCK.findall(mistakes.as_text(data))
    if len(blocks) > 1:
        raise MoreThanOne(
            "The file holds more than one CSR. Load one at a time: each gives a certificate."
        )
    if not blocks:
        if mistake is mistakes.CSR and not data.startswith(b"\x30"):
            raise Malformed(f"The CSR is cut short. {MAKE_AGAIN}")
        return data
    try:
        return base64.b64decode(b"".join(blocks[0].split()), validate=True)
    except binascii.Error:
        raise Malformed(f"The CSR cannot be decoded. {MAKE_AGAIN}") from None


def _parsed(der: bytes) -> x509.CertificateSigningRequest:
    try:
        return x509.load_der_x509_csr(der)
    except (ValueError, x509.InvalidVersion, UnsupportedAlgorithm):
        raise NotACsr(
            "The file is no certificate signing request (CSR). A CSR as PEM begins with "
            f"-----BEGIN CERTIFICATE REQUEST-----. {MAKE_AGAIN}"
        ) from None


def _check_signature(request: x509.CertificateSigningRequest) -> None:
    try:
        algorithm = request.signature_hash_algorithm
        if algorithm is None or algorithm.name not in HASHES:
            raise WeakKey(
                "The CSR is not signed with SHA-256, SHA-384 or SHA-512. Make it with -sha256."
            )
        is_valid = request.is_signature_valid
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        is_valid = False
    if not is_valid:
        raise BadSignature(
            "The CSR is not signed by the key in it: it was changed, or its parts belong to "
            f"different keys. {MAKE_AGAIN}"
        )


def _names_of(
    request: x509.CertificateSigningRequest,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    common = [
        str(attribute.value)
        for attribute in request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    ]
    try:
        asked = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return tuple(common), ()
    dns = [name.value for name in asked if isinstance(name, x509.DNSName)]
    others = tuple(type(name).__name__ for name in asked if not isinstance(name, x509.DNSName))
    return tuple(dict.fromkeys([*common, *dns])), others


def _pem(request: x509.CertificateSigningRequest) -> str:
    return request.public_bytes(Encoding.PEM).decode()
