"""The DIP as a client of GlobalSign Atlas: its HVCA REST API, version 2.

Every call is made with a company's own API credentials: an API key and secret give a token,
over TLS with the company's mTLS certificate. The address is the setting HVCA_URL, who vouches for
its TLS certificate is HVCA_CA_FILE. Nothing of a credential is ever logged.
"""

import hashlib
import json
import os
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any
from urllib.parse import quote

import httpx
from cryptography import x509
from django.conf import settings

from certificates.pki.profiles import Purpose
from dip_portal.lib.text import storable

TOKEN_SECONDS = 9 * 60  # Atlas's are good for ten minutes
CONNECT_SECONDS = 5
CALL_SECONDS = 12  # for a call as a whole
ANSWER_MAX_BYTES = 1024 * 1024
MESSAGE_LENGTH = 500
SERVER_AUTH, CLIENT_AUTH = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"
DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.36"  # RFC 9336
USAGES = {
    Purpose.MTLS: [SERVER_AUTH, CLIENT_AUTH],
    Purpose.SIGNING: [DOCUMENT_SIGNING],
    Purpose.BOTH: [SERVER_AUTH, CLIENT_AUTH, DOCUMENT_SIGNING],
}
# Answers that may be another in a while: too early, too many, a time that is over.
TRY_AGAIN = (408, 425, 429)


class HvcaRefused(Exception):
    """Atlas does not do what was asked: `status` of its answer, and its sentence for people.

    `status` is 0 where it ended the TLS handshake over the certificate.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status

    @property
    def is_about_login(self) -> bool:
        """Tell whether it does not take the API credentials."""
        return self.status in (0, 401, 403)


class HvcaUnavailable(Exception):
    """Atlas cannot be reached, is slow, or has trouble of its own; trying again may help."""


@dataclass(frozen=True, kw_only=True)
class Login:
    """A company's API credentials, opened. The certificates and the key are PEM."""

    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    key_pem: str = field(repr=False)
    certificate_pem: str
    chain_pem: str = ""

    @property
    def name(self) -> str:
        """What tells this login from others, and nothing of its secrets."""
        parts = (self.api_key, self.api_secret, self.certificate_pem, settings.HVCA_URL)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A domain claim. Times are aware; `verified_until` is None until it is verified.

    `note` is the last line of the claim's log, such as why the code was not found.
    """

    reference: str
    domain: str
    token: str
    verify_before: datetime
    verified_until: datetime | None
    note: str = ""


class _Tokens:
    """The tokens of this process, each for nine minutes."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, float]] = {}
        self._lock = Lock()

    def find(self, name: str) -> str:
        with self._lock:
            token, ends = self._known.get(name, ("", 0.0))
        return token if time.monotonic() < ends else ""

    def keep(self, name: str, token: str) -> None:
        now = time.monotonic()
        with self._lock:
            self._known = {key: it for key, it in self._known.items() if it[1] > now}
            self._known[name] = (token, now + TOKEN_SECONDS)

    def forget(self, name: str) -> None:
        with self._lock:
            self._known.pop(name, None)


_tokens = _Tokens()


class Session:
    """Calls to Atlas by one login, over one TLS connection where that lasts.

    Every verb raises HvcaRefused and HvcaUnavailable.
    """

    def __init__(self, login: Login, client: httpx.Client) -> None:
        self._login = login
        self._client = client

    def log_in(self) -> None:
        """Ask for a new token, so that it is known that Atlas takes the login."""
        answer = self._send(
            "POST",
            "/login",
            {"api_key": self._login.api_key, "api_secret": self._login.api_secret},
        )
        _tokens.keep(self._login.name, _text(_content(answer), "access_token"))

    def claims(self) -> list[Claim]:
        """Return the domain claims of the credentials' identity, a thousand at most."""
        answer = self._call("GET", "/claims/domains?per_page=1000")
        return [_claim(item) for item in _items(answer)]

    def claim(self, reference: str) -> Claim:
        """Return one claim."""
        return _claim(_content(self._call("GET", _path(reference))))

    def claim_domain(self, domain: str) -> Claim:
        """Claim a domain, or return the claim that there is of it already."""
        for claim in self.claims():
            if claim.domain == domain:
                return claim
        made = _content(self._call("POST", f"/claims/domains/{domain}"))
        return self.claim(_text(made, "id"))

    def new_token(self, reference: str) -> Claim:
        """Give a claim a new verification code, with as much time as a new claim has."""
        self._call("POST", f"{_path(reference)}/reassert", {})
        return self.claim(reference)

    def verify_by_dns(self, reference: str, domain: str) -> bool:
        """Let Atlas look for the TXT record; tell whether it is there."""
        answer = self._call(
            "POST",
            f"{_path(reference)}/dns",
            {"authorization_domain": domain},
        )
        return answer.status_code == httpx.codes.NO_CONTENT

    def delete_claim(self, reference: str) -> None:
        """Give a claim up. One that is not there any more is given up already."""
        self._without_missing("DELETE", _path(reference))

    def request_certificate(self, *, csr_pem: str, purpose: Purpose, names: Sequence[str]) -> str:
        """Order a certificate, and return its serial number in capital hexadecimal digits.

        The same order within ten minutes gives the same certificate.
        """
        answer = self._call(
            "POST",
            "/certificates",
            {
                "public_key": csr_pem,
                "san": {"dns_names": list(names)},
                "key_usages": {"content_commitment": purpose is not Purpose.MTLS},
                "extended_key_usages": USAGES[purpose],
            },
        )
        serial = answer.headers.get("Location", "").rstrip("/").rpartition("/")[2]
        if not serial or len(serial) > 40 or not serial.isalnum():
            raise HvcaUnavailable("Atlas took the order, but did not say of which certificate.")
        return serial.upper()

    def certificate(self, serial: str) -> x509.Certificate | None:
        """Return a certificate that was ordered, or None while it is being issued."""
        answer = self._call("GET", f"/certificates/{serial}")
        if answer.status_code == httpx.codes.ACCEPTED:
            return None
        try:
            return x509.load_pem_x509_certificate(_text(_content(answer), "certificate").encode())
        except ValueError:
            raise HvcaUnavailable("What Atlas sent is no certificate.") from None

    def issued_since(self, moment: datetime) -> list[str]:
        """Return the serial numbers of what was issued from this moment on."""
        answer = self._call("GET", f"/stats/issued?from={int(moment.timestamp())}&per_page=1000")
        return [_text(item, "serial_number").upper() for item in _items(answer)]

    def revoke(self, serial: str, *, reason: str) -> None:
        """Revoke a certificate; `reason` as RFC 5280 (5.3.1) writes it."""
        self._call("PATCH", f"/certificates/{serial}", {"revocation_reason": reason})

    def is_revoked(self, serial: str) -> bool:
        """Tell whether Atlas has a certificate as revoked."""
        return _content(self._call("GET", f"/certificates/{serial}")).get("status") == "REVOKED"

    def trust_chain(self) -> list[x509.Certificate]:
        """Return the issuing CA and those above it."""
        try:
            return [
                x509.load_pem_x509_certificate(str(pem).encode())
                for pem in _items(self._call("GET", "/trustchain"))
            ]
        except ValueError:
            raise HvcaUnavailable("What Atlas sent is no chain of certificates.") from None

    def _without_missing(self, method: str, path: str) -> None:
        try:
            self._call(method, path)
        except HvcaRefused as refusal:
            if refusal.status != httpx.codes.NOT_FOUND:
                raise

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """Call with a token; with a new one where the former is not good any more."""
        if _tokens.find(self._login.name):
            try:
                return self._send(method, path, body, token=_tokens.find(self._login.name))
            except HvcaRefused as refusal:
                if refusal.status != httpx.codes.UNAUTHORIZED:
                    raise
        self.log_in()
        return self._send(method, path, body, token=_tokens.find(self._login.name))

    def _send(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, token: str = ""
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        content = None if body is None else json.dumps(body).encode()
        if content is not None:
            headers["Content-Type"] = "application/json;charset=utf-8"
        ends = time.monotonic() + CALL_SECONDS
        try:
            with self._client.stream(
                method, f"/v2{path}", content=content, headers=headers
            ) as answer:
                text = bytearray()
                for part in answer.iter_bytes():
                    text += part
                    if len(text) > ANSWER_MAX_BYTES or time.monotonic() > ends:
                        raise HvcaUnavailable("Atlas’s answer is endless, or came too slowly.")
        except httpx.TimeoutException:
            raise HvcaUnavailable("Atlas did not answer in time.") from None
        except httpx.HTTPError as error:
            raise _unreachable(error) from None
        answer._content = bytes(text)
        if answer.status_code in TRY_AGAIN or answer.status_code >= 500:
            raise HvcaUnavailable(f"Atlas has trouble ({answer.status_code}): {_said(answer)}")
        if not answer.is_success:
            if answer.status_code == httpx.codes.UNAUTHORIZED:
                _tokens.forget(self._login.name)
            raise HvcaRefused(answer.status_code, _said(answer))
        return answer


@contextmanager
def session(login: Login) -> Iterator[Session]:
    """Open a connection to Atlas with a company's mTLS certificate. Raises HvcaUnavailable."""
    try:
        context = ssl.create_default_context(cafile=settings.HVCA_CA_FILE or None)
    except (OSError, ssl.SSLError):
        raise HvcaUnavailable(
            "The file of those who vouch for Atlas (HVCA_CA_FILE) cannot be read."
        ) from None
    _show(context, login)
    with httpx.Client(
        base_url=settings.HVCA_URL,
        verify=context,
        timeout=httpx.Timeout(CALL_SECONDS, connect=CONNECT_SECONDS),
        trust_env=False,
        follow_redirects=False,
    ) as client:
        yield Session(login, client)


def _show(context: ssl.SSLContext, login: Login) -> None:
    """Let a connection show the certificate. OpenSSL wants a file: one in memory, gone at once."""
    text = f"{login.key_pem}\n{login.certificate_pem}\n{login.chain_pem}".encode()
    descriptor = os.memfd_create("hvca", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(text)
        try:
            context.load_cert_chain(f"/proc/self/fd/{descriptor}")
        except (ssl.SSLError, OSError):
            raise HvcaUnavailable(
                "The certificate and key of the API credentials cannot be used. Upload them again."
            ) from None
    finally:
        os.close(descriptor)


def _path(reference: str) -> str:
    return f"/claims/domains/{quote(reference, safe='')}"


def _unreachable(error: httpx.HTTPError) -> HvcaUnavailable | HvcaRefused:
    told = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in told:
        return HvcaUnavailable(
            "Atlas’s own TLS certificate is not trusted here (setting HVCA_CA_FILE)."
        )
    if "ALERT" in told.upper():
        return HvcaRefused(0, "Atlas does not take the mTLS certificate of this connection.")
    return HvcaUnavailable("Atlas cannot be reached.")


def _said(answer: httpx.Response) -> str:
    """Return the sentence of a refusal, or that there is none."""
    try:
        description = answer.json().get("description")
    except (ValueError, AttributeError):
        description = None
    if not isinstance(description, str) or not description.strip():
        return f"Atlas refused this and gave no reason (status {answer.status_code})."
    return storable(description.strip(), MESSAGE_LENGTH)


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except (ValueError, RecursionError):
        raise HvcaUnavailable("Atlas’s answer cannot be read.") from None


def _content(answer: httpx.Response) -> dict[str, Any]:
    content = _json(answer)
    if not isinstance(content, dict):
        raise HvcaUnavailable("Atlas’s answer is not what was asked for.")
    return content


def _items(answer: httpx.Response) -> list[Any]:
    content = _json(answer)
    if not isinstance(content, list):
        raise HvcaUnavailable("Atlas’s answer is not what was asked for.")
    return content


def _text(content: Any, name: str) -> str:
    value = content.get(name) if isinstance(content, dict) else None
    if not isinstance(value, str) or not value or len(value) > ANSWER_MAX_BYTES:
        raise HvcaUnavailable(f"Atlas’s answer has no {name}.")
    return storable(value)


def _moment(content: dict[str, Any], name: str) -> datetime:
    value = content.get(name)
    try:
        return datetime.fromtimestamp(int(value or 0), tz=UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise HvcaUnavailable(f"Atlas’s answer has no {name}.") from None


def _claim(content: Any) -> Claim:
    is_verified = isinstance(content, dict) and content.get("status") == "VERIFIED"
    return Claim(
        reference=_text(content, "id")[:100],
        domain=_text(content, "domain").rstrip(".").lower()[:253],
        token=_text(content, "token")[:200],
        verify_before=_moment(content, "assert_by"),
        verified_until=_moment(content, "expires_at") if is_verified else None,
        note=_last_note(content.get("log")),
    )


def _last_note(log: Any) -> str:
    lines = [line for line in log if isinstance(line, dict)] if isinstance(log, list) else []
    last = max(lines, key=lambda line: str(line.get("timestamp", "")), default={})
    return storable(str(last.get("description", "")), MESSAGE_LENGTH)
