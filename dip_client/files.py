"""Keys, CSRs, certificates and PFX files on the user's disk."""

import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from certificates.pki import formats, keys
from dip_client.configuration import ClientError

KEY_BITS = 2048


def make_key_and_csr(*, key_file: Path, csr_file: Path, names: list[str]) -> None:
    """Write a new RSA key, readable by its owner alone, and a CSR for these DNS names.

    Raises ClientError rather than overwriting a key.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    try:
        request = (
            x509.CertificateSigningRequestBuilder()
            .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])]))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(it) for it in names]), False)
            .sign(key, hashes.SHA256())
        )
    except ValueError as error:
        raise ClientError(f"{', '.join(names)}: no names for a certificate ({error}).") from error
    _write_new(key_file, keys.to_pem(key))
    csr_file.write_bytes(request.public_bytes(Encoding.PEM))


def read_key(path: str) -> rsa.RSAPrivateKey:
    """Return the RSA key of a PEM file. Raises ClientError."""
    try:
        key = load_pem_private_key(_read(path), password=None)
    except TypeError:
        raise ClientError(
            f"The key in {path} is encrypted. Write it without a password first: "
            f"openssl pkey -in {path} -out plain.pem"
        ) from None
    except ValueError:
        raise ClientError(f"{path} is no private key in PEM.") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ClientError(f"The key in {path} is no RSA key: calls are signed with RSA.")
    return key


def read_certificate(path: str) -> x509.Certificate:
    """Return the first certificate of a PEM file, or the one of a DER file. Raises ClientError."""
    data = _read(path)
    try:
        if b"-----BEGIN" in data:
            return x509.load_pem_x509_certificate(data)
        return x509.load_der_x509_certificate(data)
    except ValueError:
        raise ClientError(f"{path} is no certificate, neither in PEM nor in DER.") from None


def require_pair(certificate: x509.Certificate, key: rsa.RSAPrivateKey, path: str) -> None:
    """Pass if the key is the certificate's. Raises ClientError."""
    if certificate.public_key() != key.public_key():
        raise ClientError(f"The certificate in {path} is not that of the key: take its own.")


def describe(certificate: x509.Certificate) -> str:
    """Return what people want to know of a certificate, a line each."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        dns = ", ".join(names.value.get_values_for_type(x509.DNSName))
    except x509.ExtensionNotFound:
        dns = "none"
    try:
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        is_for_tls = ExtendedKeyUsageOID.CLIENT_AUTH in usages.value
    except x509.ExtensionNotFound:
        is_for_tls = False
    return "\n".join(
        (
            f"Subject      {certificate.subject.rfc4514_string()}",
            f"Issuer       {certificate.issuer.rfc4514_string()}",
            f"DNS names    {dns}",
            f"Serial       {formats.serial_text(certificate.serial_number)}",
            f"Thumbprint   {formats.thumbprint(certificate)} (SHA-256)",
            f"Valid        {certificate.not_valid_before_utc} to {certificate.not_valid_after_utc}",
            f"For mTLS     {'yes' if is_for_tls else 'no'}",
        )
    )


def merge_to_pfx(
    *, certificate: x509.Certificate, key: rsa.RSAPrivateKey, password: str, file: Path
) -> None:
    """Write certificate and key as a PFX, readable by its owner alone."""
    data = pkcs12.serialize_key_and_certificates(
        b"dip", key, certificate, None, BestAvailableEncryption(password.encode())
    )
    _write_new(file, data)


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ClientError(f"{path} cannot be read: {error.strerror}.") from error


def _write_new(file: Path, data: bytes) -> None:
    try:
        number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ClientError(f"{file} is there already, and is not overwritten.") from None
    except OSError as error:
        raise ClientError(f"{file} cannot be written: {error.strerror}.") from error
    with os.fdopen(number, "wb") as out:
        out.write(data)
