"""TLS contexts that ask clients for certificates, and follow the folder of trusted CAs."""

import socket
import ssl
import threading
from pathlib import Path
from typing import Any

# OpenSSL's x509_vfy.h; Python has no names for them. A certificate outside its dates passes,
# so that the application can say so in a sentence, which a TLS alert cannot.
X509_V_FLAG_NO_CHECK_TIME = 0x200000
X509_V_FLAG_PARTIAL_CHAIN = 0x80000
# gunicorn shakes hands in one of its few threads, and would wait for ever.
HANDSHAKE_SECONDS = 5


class ClientAuthorities:
    """The CAs in a folder (*.pem), whose certificates a TLS client may show.

    A client may also show none. Which of the CAs this environment takes, and for whom, is not
    for TLS to judge: a certificate of the other environment passes here, and is refused with a
    reason by the application. One of any other authority fails the handshake.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._known: tuple[object, ssl.SSLContext] | None = None

    def context(self, *, certificate: str, key: str) -> ssl.SSLContext:
        """Return a server's context, made anew when a file of the folder or its own changed.

        `certificate` and `key` are the server's, PEM files. Raises OSError or ssl.SSLError for
        files that are none.
        """
        authorities = sorted(self._folder.glob("*.pem"))
        state = [
            (str(path), path.stat().st_mtime_ns)
            for path in (*authorities, Path(certificate), Path(key))
        ]
        with self._lock:
            if self._known is None or self._known[0] != state:
                self._known = (state, _context(authorities, certificate, key))
            return self._known[1]


class _Impatient(ssl.SSLContext):
    """A context that gives up on a client who does not go on with the handshake."""

    def wrap_socket(self, sock: socket.socket, *args: Any, **options: Any) -> ssl.SSLSocket:
        """Shake hands at once. Raises ssl.SSLError if that takes too long."""
        sock.settimeout(HANDSHAKE_SECONDS)
        options["do_handshake_on_connect"] = True
        try:
            wrapped = super().wrap_socket(sock, *args, **options)
        except TimeoutError:
            raise ssl.SSLEOFError(ssl.SSL_ERROR_EOF, "The handshake took too long.") from None
        wrapped.settimeout(None)
        return wrapped


def _context(authorities: list[Path], certificate: str, key: str) -> ssl.SSLContext:
    context = _Impatient(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    for path in authorities:
        context.load_verify_locations(path)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.verify_flags |= X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_PARTIAL_CHAIN
    # The certificate of a connection is that of its handshake: it does not change midway.
    context.options |= ssl.OP_NO_RENEGOTIATION
    return context
