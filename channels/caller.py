"""Calls a webhook as the DIP does: signed, with the DIP's certificate, and says what happened.

The name is looked up once, the address judged, and the connection goes to that very address:
an answer of DNS that changes in between (DNS rebinding) leads nowhere else. No redirect is
followed. Knows no Django; the time comes in as an argument.
"""

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import NameOID

from channels import wire
from dip_portal.lib.addresses import Address, Network, may_call

SECONDS = 10.0
ANSWER_MAX_BYTES = 16 * 1024
HEADERS_KEPT = 40
HEADER_MAX_LENGTH = 1000
DELIVERED = 201
# OpenSSL's numbers: X509_V_ERR_CERT_HAS_EXPIRED, ..._HOSTNAME_MISMATCH, ..._IP_ADDRESS_MISMATCH.
X509_EXPIRED = 10
X509_OTHER_NAME = (62, 64)
# WIRE.md, 'Outbound': what the DIP sends again later, and what it never does.
RETRIED = frozenset({408, 429, 500, 502, 503, 504})
NEVER = frozenset({400, 401, 403, 404, 405, 406, 413, 505})


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Who calls: the DIP's signer, and the files that TLS shows it by."""

    signer: wire.Signer
    key_file: Path
    certificate_file: Path


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Where calls may go besides public addresses, and who else vouches for TLS servers."""

    also: Sequence[Network] = ()
    ca_file: str = ""
    seconds: float = SECONDS


@dataclass(kw_only=True)
class Call:
    """What happened to one call. Times are in milliseconds; `code` is empty if it was answered.

    `tls` tells of the server: protocol, cipher, subject, issuer, names, valid from and to.
    """

    url: str
    request_headers: dict[str, str] = field(default_factory=dict)
    address: str = ""
    timing: dict[str, float] = field(default_factory=dict)
    tls: dict[str, str] = field(default_factory=dict)
    status: int | None = None
    answer_headers: dict[str, str] = field(default_factory=dict)
    answer: str = ""
    code: str = ""
    detail: str = ""

    @property
    def is_delivered(self) -> bool:
        """Tell whether the webhook took it, as the DIP sees it."""
        return self.status == DELIVERED

    @property
    def advice(self) -> str:
        """What came of it and what to do, in words."""
        return self.detail if self.code else advice_of(self.status)


class _Trouble(Exception):
    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def call(*, url: str, body: bytes, sender: Sender, rules: Rules, now: datetime) -> Call:
    """POST a body, JSON in UTF-8, to a webhook. Whatever goes wrong is told in the Call."""
    done = Call(url=url)
    deadline = time.monotonic() + rules.seconds
    try:
        _call(done, body, sender, rules, now, deadline)
    except _Trouble as trouble:
        done.code, done.detail = trouble.code, str(trouble)
    return done


def advice_of(status: int | None) -> str:
    """Return what an answer's status means for the DIP (WIRE.md, 'Outbound')."""
    if status == DELIVERED:
        return "The webhook answered 201 Created, as the DIP expects."
    if status is not None and 200 <= status < 300:
        return (
            f"The webhook answered {status}. The DIP expects 201 Created: let your service answer "
            "with that once it has kept the messages."
        )
    if status is not None and 300 <= status < 400:
        return (
            f"The webhook answered {status}, a redirect, which the DIP does not follow. Set the "
            "URL to which it leads."
        )
    if status in RETRIED:
        return f"The webhook answered {status}: the DIP would send the messages again later."
    if status in NEVER:
        return (
            f"The webhook answered {status}: the DIP would not send the messages again by itself. "
            "Look at what your service says, then have them sent anew."
        )
    return f"The webhook answered {status}, which the DIP does not expect; it expects 201 Created."


def _call(
    done: Call, body: bytes, sender: Sender, rules: Rules, now: datetime, deadline: float
) -> None:
    parts = urlsplit(done.url)
    host, port = parts.hostname or "", parts.port or 443
    with _timed(done, "name"):
        address = _address_of(host, port, rules.also)
    done.address = str(address)
    context = _context(sender, rules)
    with _timed(done, "connection"):
        plain = _connect(address, port, deadline)
    with closing(plain):
        with _timed(done, "tls"):
            secured = _secure(done, plain, context, host, address, port, deadline)
        with closing(secured), _timed(done, "answer"):
            _exchange(done, secured, parts, body, sender, now, deadline)


class _timed:  # noqa: N801 - reads as a function in a with statement
    def __init__(self, done: Call, what: str) -> None:
        self._done, self._what = done, what

    def __enter__(self) -> None:
        self._started = time.monotonic()

    def __exit__(self, *error: object) -> None:
        self._done.timing[self._what] = round((time.monotonic() - self._started) * 1000, 1)


def _address_of(host: str, port: int, also: Sequence[Network]) -> Address:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise _Trouble(
            "name_unknown",
            f"DNS knows no address of {host}. Check the name in the URL, and that it is in the "
            "public DNS.",
        ) from None
    addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    allowed = next((one for one in addresses if may_call(one, also)), None)
    if allowed is None:
        raise _Trouble(
            "address_refused",
            f"{host} is at {addresses[0]}, which is no public address: the DIP does not call "
            "there.",
        )
    return allowed


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _connect(address: Address, port: int, deadline: float) -> socket.socket:
    try:
        return socket.create_connection((str(address), port), timeout=_left(deadline))
    except TimeoutError:
        raise _Trouble(
            "timed_out",
            f"Nothing answered at {address} port {port}. Is a firewall in the way, and are the "
            "DIP's addresses let in?",
        ) from None
    except OSError as error:
        raise _Trouble(
            "connection_refused",
            f"{address} port {port} does not take connections ({error.strerror or error}). Is the "
            "service running, and is the port in the URL the right one?",
        ) from None


def _context(sender: Sender, rules: Rules) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if rules.ca_file:
        context.load_verify_locations(rules.ca_file)
    context.load_cert_chain(sender.certificate_file, sender.key_file)
    return context


def _secure(
    done: Call,
    plain: socket.socket,
    context: ssl.SSLContext,
    host: str,
    address: Address,
    port: int,
    deadline: float,
) -> ssl.SSLSocket:
    try:
        plain.settimeout(_left(deadline))
        secured = context.wrap_socket(plain, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        _look_at_server(done, host, address, port, deadline)
        raise _Trouble(*_not_trusted(error, host)) from None
    except TimeoutError:
        raise _Trouble(
            "timed_out", "The server took the connection, but did not begin TLS in time."
        ) from None
    except (ssl.SSLError, OSError) as error:
        reason = getattr(error, "reason", None) or error.strerror or "it closed the connection"
        raise _Trouble(
            "tls_failed",
            f"TLS could not be agreed upon ({reason}). The server has to speak TLS 1.2 or 1.3 on "
            "this port, and to take the DIP's client certificate.",
        ) from None
    _tell_tls(done, secured)
    return secured


def _not_trusted(error: ssl.SSLCertVerificationError, host: str) -> tuple[str, str]:
    if error.verify_code == X509_EXPIRED:
        expired = "The server's certificate has expired. Renew it on your web server."
        return "tls_expired", expired
    if error.verify_code in X509_OTHER_NAME:
        wrong = (
            f"The server's certificate is not for {host}. Use one that names this host, or the "
            "URL whose host it names."
        )
        return "tls_wrong_name", wrong
    untrusted = (
        f"The server's certificate is not trusted ({error.verify_message}). Use one of a public "
        "authority, and let the server send the intermediate certificates too."
    )
    return "tls_untrusted", untrusted


def _look_at_server(done: Call, host: str, address: Address, port: int, deadline: float) -> None:
    """Read the certificate of a server that is not trusted; nothing is sent to it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        suppress(OSError),
        socket.create_connection((str(address), port), timeout=_left(deadline)) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        _tell_tls(done, secured)


def _tell_tls(done: Call, secured: ssl.SSLSocket) -> None:
    der = secured.getpeercert(binary_form=True)
    cipher = secured.cipher()
    done.tls = {"protocol": secured.version() or "", "cipher": cipher[0] if cipher else ""}
    if not der:
        return
    with suppress(ValueError):
        certificate = x509.load_der_x509_certificate(der)
        done.tls |= {
            "subject": _name(certificate.subject),
            "issuer": _name(certificate.issuer),
            "names": ", ".join(_names(certificate)[:20]),
            "valid from": f"{certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC",
            "valid to": f"{certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC",
        }


def _name(name: x509.Name) -> str:
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else name.rfc4514_string()


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    addresses = [str(one) for one in found.value.get_values_for_type(x509.IPAddress)]
    return [*found.value.get_values_for_type(x509.DNSName), *addresses]


def _exchange(
    done: Call,
    secured: ssl.SSLSocket,
    parts: Any,
    body: bytes,
    sender: Sender,
    now: datetime,
    deadline: float,
) -> None:
    signed = wire.sign(method="POST", url=done.url, body=body, signer=sender.signer, now=now)
    done.request_headers = {
        "Host": parts.netloc,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Accept": "*/*",
        "Connection": "close",
        "User-Agent": "DIP-simulator",
        **signed,
    }
    connection = http.client.HTTPConnection(parts.hostname, timeout=_left(deadline))
    connection.sock = secured
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        secured.settimeout(_left(deadline))
        connection.putrequest("POST", target, skip_host=True, skip_accept_encoding=True)
        for name, value in done.request_headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        done.status = answer.status
        done.answer_headers = _kept(answer.headers)
        done.answer = _read(answer, secured, deadline).decode("utf-8", "replace")
    except TimeoutError:
        done.status = None
        raise _Trouble(
            "timed_out",
            "The server did not answer in time. Let it answer 201 as soon as it has kept the "
            "messages, and work on them afterwards.",
        ) from None
    except (http.client.HTTPException, OSError, ValueError) as error:
        done.status = None
        raise _Trouble(
            "answer_unreadable",
            f"The connection ended without a readable answer ({type(error).__name__}). If the "
            "server asks for a client certificate, let it trust the DIP's authority.",
        ) from None


def _kept(headers: http.client.HTTPMessage) -> dict[str, str]:
    return {name: value[:HEADER_MAX_LENGTH] for name, value in headers.items()[:HEADERS_KEPT]}


def _read(answer: http.client.HTTPResponse, secured: ssl.SSLSocket, deadline: float) -> bytes:
    """Return the answer's body, cut; one that drips in ever so slowly ends at the deadline."""
    read = b""
    while len(read) < ANSWER_MAX_BYTES:
        secured.settimeout(_left(deadline))
        piece = answer.read1(ANSWER_MAX_BYTES - len(read))
        if not piece:
            break
        read += piece
    return read
