"""A certificate as the files in which it is downloaded."""

import hashlib
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7


def pem(certificate: x509.Certificate) -> bytes:
    """Return a CER as PEM."""
    return certificate.public_bytes(Encoding.PEM)


def der(certificate: x509.Certificate) -> bytes:
    """Return a CER as DER."""
    return certificate.public_bytes(Encoding.DER)


def der_of_pem(text: str) -> bytes:
    """Return the DER of a certificate that `pem` wrote."""
    return der(x509.load_pem_x509_certificate(text.encode()))


def chain_pem(certificates: Sequence[x509.Certificate]) -> bytes:
    """Return certificates one below the other as PEM, the issued one first."""
    return b"".join(pem(certificate) for certificate in certificates)


def p7b(certificates: Sequence[x509.Certificate]) -> bytes:
    """Return certificates as a P7B (PKCS #7, certificates only) in DER."""
    return pkcs7.serialize_certificates(list(certificates), Encoding.DER)


def thumbprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of the certificate, 64 hexadecimal digits."""
    return hashlib.sha256(der(certificate)).hexdigest()


def serial_text(serial: int) -> str:
    """Return a serial number as capital hexadecimal digits, an even number of them."""
    text = f"{serial:X}"
    return text if len(text) % 2 == 0 else f"0{text}"
