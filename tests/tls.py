"""Let a test's client show a certificate, as a TLS connection to this process would."""

from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding


class _Connection:
    def __init__(self, der: bytes) -> None:
        self._der = der

    def getpeercert(self, *, binary_form: bool = False) -> bytes:
        assert binary_form
        return self._der


def showing(certificate: x509.Certificate) -> dict[str, Any]:
    """Return the keyword arguments with which `django.test.Client` shows this certificate."""
    return {"gunicorn.socket": _Connection(certificate.public_bytes(Encoding.DER))}
