"""Signed calls of the DIP's API."""

import json
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from channels import wire
from channels.wire import Signer, UrlForm
from dip_client import files
from dip_client.configuration import ClientError, Configuration

TIMEOUT_SECONDS = 30
STATUS = "STATUS"


@dataclass(frozen=True, kw_only=True)
class Signed:
    """A call, ready to be sent: its headers but for the key, and the string that was signed."""

    method: str
    url: str
    body: bytes
    headers: dict[str, str]
    canonical: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back: the body is what the JSON says, or None."""

    status: int
    body: Any
    correlation_id: str

    @property
    def is_good(self) -> bool:
        return self.status < 400


def path_of(configuration: Configuration, publication: str, *, is_extension: bool = False) -> str:
    """Return the path of a publication's configuration, or that of the status messages."""
    configuration.need("dip_id")
    before = "/extensions" if is_extension else ""
    if publication.upper() == STATUS:
        return f"{before}/statusmessage/config/{configuration.dip_id}"
    return f"{before}/dip-channel/{publication}/pubconfig/{configuration.dip_id}"


def sign(
    configuration: Configuration,
    method: str,
    path: str,
    *,
    content: Any = None,
    form: UrlForm = UrlForm.FULL,
) -> Signed:
    """Return the signed call of this path, with `content` as JSON. Raises ClientError."""
    configuration.need("api_url")
    if not configuration.signing_certificate:
        configuration.need("certificate", "key")
    at = configuration.signing_certificate or configuration.certificate
    certificate = files.read_certificate(at)
    key = files.read_key(configuration.signing_key or configuration.key)
    files.require_pair(certificate, key, at)
    url = f"{configuration.api_url.rstrip('/')}{path}"
    body = b"" if content is None else json.dumps(content).encode()
    headers = wire.sign(
        method=method,
        url=url,
        body=body,
        signer=Signer(key=key, certificate=certificate),
        now=datetime.now(UTC),
        form=form,
    )
    canonical = wire.canonical_forms(
        method=method, url=url, date=headers[wire.DATE], content_hash=headers[wire.CONTENT_HASH]
    )[form]
    return Signed(method=method, url=url, body=body, headers=headers, canonical=canonical)


def send(configuration: Configuration, signed: Signed) -> Answer:
    """Send a call by mTLS and return the answer, good or bad. Raises ClientError for none."""
    configuration.need("api_key", "certificate", "key")
    headers = {**signed.headers, "X-API-KEY": configuration.api_key}
    if signed.body:
        headers["Content-Type"] = "application/json"
    try:
        with httpx.Client(verify=_tls(configuration), timeout=TIMEOUT_SECONDS) as client:
            response = client.request(
                signed.method, signed.url, content=signed.body, headers=headers
            )
    except httpx.HTTPError as error:
        raise ClientError(
            f"{configuration.api_url} has not answered: {error}. Check api_url, that the DIP is "
            "running, and ca, which says who vouches for its certificate."
        ) from error
    return Answer(
        status=response.status_code,
        body=response.json() if "json" in response.headers.get("Content-Type", "") else None,
        correlation_id=response.headers.get("X-Correlation-ID", ""),
    )


def _tls(configuration: Configuration) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=configuration.ca or None)
    except (OSError, ssl.SSLError) as error:
        raise ClientError(f"ca, {configuration.ca}, cannot be used: {error}.") from error
    try:
        context.load_cert_chain(configuration.certificate, configuration.key)
    except (OSError, ssl.SSLError) as error:
        raise ClientError(
            f"Certificate {configuration.certificate} and key {configuration.key} cannot be used "
            f"together: {error}."
        ) from error
    return context
