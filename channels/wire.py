"""The signature of a call to or from the DIP: made, and judged.

WIRE.md, 'Signature': base64 of RSA PKCS#1 v1.5 with SHA-256 over
`METHOD;URL;DATE;HASH`, the URL in lower case, the hash that of the raw body. Known clients
sign the full URL or the path after the host name. Knows no Django, no clock, no network:
whether a certificate is one of this DIP's, valid and the caller's is not judged here.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from certificates.pki.keys import check_public_key
from certificates.pki.refusals import WeakKey

SIGNATURE = "X-DIP-Signature"
DATE = "X-DIP-Signature-Date"
CONTENT_HASH = "X-DIP-Content-Hash"
CERTIFICATE = "X-DIP-Signature-Certificate"
HEADERS = (SIGNATURE, DATE, CONTENT_HASH, CERTIFICATE)

WINDOW = timedelta(minutes=5)  # an assumption; the caller's setting decides
DATE_FORM = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z", re.ASCII)
HEADER_MAX_LENGTH = 16 * 1024  # more than the PEM of a certificate for an 8192-bit key
# Without a body, some clients hash nothing and others an empty object.
EMPTY_BODIES = (b"", b"{}")


class UrlForm(StrEnum):
    """Which form of the URL was signed."""

    FULL = "full URL"
    PATH = "path"


class SignatureRefused(Exception):
    """A signature does not hold: `code` for machines, the text says which check and the remedy.

    `canonical` are the strings that would have been right for the call that arrived, by the
    form of the URL; empty where the headers do not even allow that.
    """

    code: ClassVar[str]

    def __init__(self, message: str, canonical: Mapping[UrlForm, str] | None = None) -> None:
        super().__init__(message)
        self.canonical = dict(canonical or {})


class MissingHeader(SignatureRefused):
    """One of the four headers is missing or empty."""

    code = "missing_header"


class UnusableHeader(SignatureRefused):
    """A header is too long, or not plain ASCII."""

    code = "unusable_header"


class UnreadableDate(SignatureRefused):
    """The date is not UTC, ISO 8601, with milliseconds and Z."""

    code = "unreadable_date"


class DateOutsideWindow(SignatureRefused):
    """The date is too far from the DIP's clock; `off` is how far, negative for the past."""

    code = "date_outside_window"

    def __init__(self, message: str, canonical: Mapping[UrlForm, str], off: timedelta) -> None:
        super().__init__(message, canonical)
        self.off = off


class WrongContentHash(SignatureRefused):
    """The hash in the header is not that of the body that arrived."""

    code = "wrong_content_hash"


class UnreadableCertificate(SignatureRefused):
    """The header holds no certificate, or holds a private key as well."""

    code = "unreadable_certificate"


class UnusableKey(SignatureRefused):
    """The certificate's key cannot have made such a signature."""

    code = "unusable_key"


class UnreadableSignature(SignatureRefused):
    """The signature is not base64."""

    code = "unreadable_signature"


class WrongSignature(SignatureRefused):
    """The certificate's key has not signed this call, in neither form of the URL."""

    code = "wrong_signature"


@dataclass(frozen=True, kw_only=True)
class Signer:
    """Who signs: a private key, with the certificate of its public key if there is one yet."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate | None = None


@dataclass(frozen=True, kw_only=True)
class Verified:
    """A signature that holds: whose certificate, when, and which form of the URL was signed.

    `signature` are the raw bytes: equal bytes are the same call once more.
    """

    certificate: x509.Certificate
    signed_at: datetime
    form: UrlForm
    canonical: str
    signature: bytes


def content_hash(body: bytes) -> str:
    """Return base64 of the SHA-256 of the raw body."""
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def format_date(moment: datetime) -> str:
    """Return an aware time as the header has it: 2025-06-27T14:29:09.061Z, cut to milliseconds."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def parse_date(text: str) -> datetime:
    """Return the time that a header says. Raises UnreadableDate."""
    if DATE_FORM.fullmatch(text):
        try:
            return datetime.fromisoformat(text)
        except ValueError:  # the form of a date, but none of the calendar
            pass
    raise UnreadableDate(
        f"{DATE} is {text[:40]!r}: send the time in UTC with milliseconds and Z, such as "
        "2025-06-27T14:29:09.061Z."
    )


def canonical(*, method: str, url: str, date: str, content_hash: str) -> str:
    """Return what is signed. `url` is the full URL, or the path with its query."""
    return f"{method.upper()};{url.lower()};{date};{content_hash}"


def path_of(url: str) -> str:
    """Return what follows the host name in a full URL: the path and the query."""
    _, _, rest = url.partition("://")
    found = re.search(r"[/?]", rest)
    path = rest[found.start() :] if found else ""
    return path if path.startswith("/") else f"/{path}"


def canonical_forms(*, method: str, url: str, date: str, content_hash: str) -> dict[UrlForm, str]:
    """Return the strings that a caller may have signed, by the form of the URL."""
    return {
        form: canonical(method=method, url=said, date=date, content_hash=content_hash)
        for form, said in ((UrlForm.FULL, url), (UrlForm.PATH, path_of(url)))
    }


def sign(
    *,
    method: str,
    url: str,
    body: bytes,
    signer: Signer,
    now: datetime,
    form: UrlForm = UrlForm.FULL,
) -> dict[str, str]:
    """Return the headers that sign a call; without X-DIP-Signature-Certificate if there is none.

    `url` is the full URL.
    """
    date, hashed = format_date(now), content_hash(body)
    text = canonical_forms(method=method, url=url, date=date, content_hash=hashed)[form]
    signature = signer.key.sign(text.encode(), padding.PKCS1v15(), SHA256())
    headers = {
        SIGNATURE: base64.b64encode(signature).decode(),
        DATE: date,
        CONTENT_HASH: hashed,
    }
    if signer.certificate is not None:
        pem = signer.certificate.public_bytes(Encoding.PEM)
        headers[CERTIFICATE] = base64.b64encode(pem).decode()
    return headers


def verify(
    *,
    method: str,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    now: datetime,
    window: timedelta = WINDOW,
) -> Verified:
    """Judge the signature of a call that arrived: `url` in full, `body` as raw bytes.

    Names of headers are read without regard to case. Raises SignatureRefused, by name.
    """
    said = _read(headers)
    taken = [content_hash(one) for one in (EMPTY_BODIES if not body else (body,))]
    hashed = said[CONTENT_HASH] if said[CONTENT_HASH] in taken else taken[0]
    forms = canonical_forms(method=method, url=url, date=said[DATE], content_hash=hashed)
    try:
        signed_at = parse_date(said[DATE])
    except UnreadableDate as refusal:
        refusal.canonical = forms
        raise
    _check_window(signed_at, now, window, forms)
    if said[CONTENT_HASH] not in taken:
        raise WrongContentHash(
            f"{CONTENT_HASH} is not the hash of the body that arrived, {len(body)} bytes: that "
            f"is {hashed}. Hash the very bytes that you send, as base64 of their SHA-256.",
            forms,
        )
    certificate = _certificate(said[CERTIFICATE], forms)
    key = _key(certificate, forms)
    signature = _decoded(said[SIGNATURE])
    if signature is None:
        raise UnreadableSignature(f"{SIGNATURE} is not base64.", forms)
    for form, text in forms.items():
        try:
            key.verify(signature, text.encode(), padding.PKCS1v15(), SHA256())
        except InvalidSignature:
            continue
        return Verified(
            certificate=certificate,
            signed_at=signed_at,
            form=form,
            canonical=text,
            signature=signature,
        )
    raise WrongSignature(
        f"{SIGNATURE} was not made by the key of the certificate over the string that the DIP "
        "expects. Compare the string that you signed with it: verb in capitals, URL in lower "
        "case, date and hash as in the headers, and RSA PKCS#1 v1.5 with SHA-256.",
        forms,
    )


def _read(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the four headers by their usual names. Raises MissingHeader, UnusableHeader."""
    by_name = {name.lower(): value.strip() for name, value in headers.items()}
    said = {name: by_name.get(name.lower(), "") for name in HEADERS}
    missing = [name for name, value in said.items() if not value]
    if missing:
        raise MissingHeader(f"The call has no {' and no '.join(missing)}: each call is signed.")
    for name, value in said.items():
        if len(value) > HEADER_MAX_LENGTH or not value.isascii():
            raise UnusableHeader(
                f"{name} is not usable: it has {len(value)} characters, of which only ASCII and "
                f"at most {HEADER_MAX_LENGTH} are read."
            )
    return said


def _check_window(
    signed_at: datetime, now: datetime, window: timedelta, forms: Mapping[UrlForm, str]
) -> None:
    off = signed_at - now
    if abs(off) > window:
        seconds = round(abs(off).total_seconds())
        raise DateOutsideWindow(
            f"{DATE} is {seconds} seconds {'ahead of' if off > timedelta() else 'behind'} the "
            f"DIP's clock, {format_date(now)}; at most {round(window.total_seconds())} are taken. "
            "Set your clock, and sign each call anew.",
            forms,
            off,
        )


def _certificate(text: str, forms: Mapping[UrlForm, str]) -> x509.Certificate:
    pem = _decoded(text)
    if pem is not None and b"PRIVATE KEY" in pem:
        raise UnreadableCertificate(
            f"{CERTIFICATE} holds a private key. Whoever read it on the way can sign as you: "
            "revoke the certificate, make a new key, and send the certificate alone.",
            forms,
        )
    try:
        if pem is not None:
            return x509.load_pem_x509_certificate(pem)
    except ValueError:
        pass
    raise UnreadableCertificate(
        f"{CERTIFICATE} is not the base64 of a certificate in PEM: encode the file that begins "
        "with -----BEGIN CERTIFICATE-----, without the key.",
        forms,
    )


def _key(certificate: x509.Certificate, forms: Mapping[UrlForm, str]) -> rsa.RSAPublicKey:
    try:
        key = certificate.public_key()
        if isinstance(key, rsa.RSAPublicKey):
            check_public_key(key)
            return key
        what = "is of another kind"
    except (ValueError, UnsupportedAlgorithm):
        what = "cannot be read"
    except WeakKey as weakness:
        raise UnusableKey(str(weakness), forms) from weakness
    raise UnusableKey(
        f"Calls are signed with an RSA key; the one of the certificate in the header {what}.", forms
    )


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
