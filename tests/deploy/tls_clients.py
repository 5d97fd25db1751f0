"""Clients that show a certificate in the TLS handshake, and what they may lie about it."""

import http.client
import json
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from certificates.pki import formats, keys


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A certificate with its key, as files that a client loads."""

    certificate: x509.Certificate
    file: Path

    @property
    def thumbprint(self) -> str:
        return formats.thumbprint(self.certificate)

    @property
    def pem(self) -> str:
        return formats.pem(self.certificate).decode()


def keep(folder: Path, certificate: x509.Certificate, key: rsa.RSAPrivateKey) -> Shown:
    """Write certificate and key into one file."""
    path = folder / f"{formats.thumbprint(certificate)}.pem"
    path.write_bytes(formats.pem(certificate) + keys.to_pem(key))
    return Shown(certificate=certificate, file=path)


def context(trusted: Path, shown: Shown | None = None) -> ssl.SSLContext:
    """Return a client's context that trusts one authority and shows one certificate, if any."""
    made = ssl.create_default_context(cafile=str(trusted))
    if shown is not None:
        made.load_cert_chain(shown.file)
    return made


class ByName(http.client.HTTPSConnection):
    """A connection to 127.0.0.1 by whatever name."""

    def __init__(self, name: str, port: int, tls: ssl.SSLContext) -> None:
        super().__init__(name, port, context=tls, timeout=30)
        self._tls = tls

    def connect(self) -> None:
        """Connect to this machine, and ask for the name in the handshake."""
        plain = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        plain.connect()
        assert plain.sock is not None
        self.sock = self._tls.wrap_socket(plain.sock, server_hostname=self.host)


@contextmanager
def connected(tls: ssl.SSLContext, *, port: int, name: str = "localhost") -> Iterator[ByName]:
    """Give a connection that is closed at the end."""
    connection = ByName(name, port, tls)
    try:
        yield connection
    finally:
        connection.close()


def ask(
    connection: http.client.HTTPConnection,
    headers: Sequence[tuple[str, str]] = (),
    *,
    body: bytes = b"",
) -> tuple[int, Any]:
    """Return status and JSON of an answer; a header may be there several times."""
    connection.putrequest("POST" if body else "GET", "/any/path")
    for name, text in headers:
        connection.putheader(name, text)
    if body:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body or None)
    answer = connection.getresponse()
    read = answer.read()
    return answer.status, json.loads(read) if answer.status == 200 else read


def lies(other: Shown) -> dict[str, list[tuple[str, str]]]:
    """Return headers by which a client may try to pass for the holder of another certificate."""
    escaped = quote(other.pem)
    return {
        "as the gateway writes it": [("X-Client-Certificate", escaped)],
        "in small letters": [("x-client-certificate", escaped)],
        "in capitals": [("X-CLIENT-CERTIFICATE", escaped)],
        "with underscores": [("X_Client_Certificate", escaped)],
        "with one underscore": [("X-Client_Certificate", escaped)],
        "as WSGI names it": [("HTTP_X_CLIENT_CERTIFICATE", escaped)],
        "twice": [("X-Client-Certificate", escaped), ("X-Client-Certificate", escaped)],
        "once empty": [("X-Client-Certificate", ""), ("X-Client-Certificate", escaped)],
        "both ways": [("X_Client_Certificate", escaped), ("X-Client-Certificate", escaped)],
        "behind a space": [("X-Client-Certificate", f" \t{escaped}")],
        "under gunicorn's name": [("gunicorn.socket", escaped), ("Gunicorn-Socket", escaped)],
        "as others name it": [
            ("X-SSL-Cert", escaped),
            ("X-Forwarded-Client-Cert", escaped),
            ("SSL_CLIENT_CERT", escaped),
        ],
        "kept from the next hop": [
            ("X-Client-Certificate", escaped),
            ("Connection", "X-Client-Certificate"),
        ],
        "as another path": [("SCRIPT_NAME", "/any"), ("PATH_INFO", "/elsewhere")],
    }
