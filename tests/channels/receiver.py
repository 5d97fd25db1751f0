"""A webhook of a participant, for real: an HTTPS server on this machine that answers as told."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


@dataclass
class Received:
    """One call as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    client: x509.Certificate | None


@dataclass
class Receiver:
    """Where the server listens, what it answers, and what it has received."""

    port: int
    ca_file: Path
    status: int = 201
    headers: dict[str, str] = field(default_factory=dict)
    delay: threading.Event | None = None
    received: list[Received] = field(default_factory=list)

    def url(self, host: str = "localhost", path: str = "/dip") -> str:
        return f"https://{host}:{self.port}{path}"


@contextmanager
def receiver(
    folder: Path,
    *,
    names: tuple[str, ...] = ("localhost",),
    ends: timedelta = DAY,
    client_ca: x509.Certificate | None = None,
) -> Iterator[Receiver]:
    """Serve until the block ends, with a certificate for these names that ends so much later."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    certificate = _self_signed(key, names, ends)
    chain = folder / "server.pem"
    chain.write_bytes(
        certificate.public_bytes(Encoding.PEM)
        + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    ca_file = folder / "server-ca.pem"
    ca_file.write_bytes(certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    if client_ca is not None:
        context.load_verify_locations(cadata=client_ca.public_bytes(Encoding.PEM).decode())
        context.verify_mode = ssl.CERT_REQUIRED
    state = Receiver(port=0, ca_file=ca_file)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert isinstance(self.connection, ssl.SSLSocket)
            der = self.connection.getpeercert(binary_form=True)
            state.received.append(
                Received(
                    method="POST",
                    path=self.path,
                    headers=dict(self.headers),
                    body=self.rfile.read(int(self.headers["Content-Length"])),
                    client=x509.load_der_x509_certificate(der) if der else None,
                )
            )
            if state.delay is not None:
                state.delay.wait(20)
            self.send_response(state.status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"thank you")

        def log_message(self, *words: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *words: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        if state.delay is not None:
            state.delay.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _self_signed(
    key: rsa.RSAPrivateKey, names: tuple[str, ...], ends: timedelta
) -> x509.Certificate:
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 2 * DAY)
        .not_valid_after(now + ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(it) for it in names]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
