"""The certificate that a client showed in its TLS handshake, as the gateway hands it on.

Two gateways end TLS. Where this very process does (`make run`), the certificate is read from
the connection itself. Behind the gateway of the containers it comes in a header, which that
gateway sets anew on every request; elsewhere the header is nothing, whoever sends it.

The TLS library has proven that the client holds the key. Who issued the certificate, and
whether it is to be believed, is the caller's to judge.
"""

from urllib.parse import unquote

from cryptography import x509
from django.conf import settings
from django.http import HttpRequest

HEADER = "X-Client-Certificate"  # nginx: $ssl_client_escaped_cert, a PEM with URL escapes


def presented(request: HttpRequest) -> x509.Certificate | None:
    """Return the client's certificate, or None if it showed none."""
    if settings.BEHIND_GATEWAY:
        return _from_header(request.headers.get(HEADER, ""))
    connection = request.META.get("gunicorn.socket")
    read = getattr(connection, "getpeercert", None)
    der = read(binary_form=True) if read else None
    return x509.load_der_x509_certificate(der) if der else None


def _from_header(escaped: str) -> x509.Certificate | None:
    if not escaped:
        return None
    try:
        return x509.load_pem_x509_certificate(unquote(escaped).encode())
    except ValueError:
        return None
