"""A call to the DIP's API as it arrived: what the signature is over, and who is asking."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography import x509
from django.http import HttpRequest
from django.utils.functional import cached_property

from channels import wire
from channels.wire import UrlForm
from dip_portal.lib import client_certificate

API_KEY = "X-API-KEY"
SCHEME = "https"  # TLS ends before this process; the client used https in any case


@dataclass(frozen=True, kw_only=True)
class Call:
    """What arrived. `url` is the full one that the client used, as it wrote it.

    `recipient_id` is the DIP ID that the path names, empty where the path is no operation's.
    """

    method: str
    url: str
    recipient_id: str
    body: bytes
    headers: Mapping[str, str]
    certificate: x509.Certificate | None
    address: str | None

    @property
    def api_key(self) -> str:
        return self.headers.get(API_KEY, "").strip()

    @cached_property
    def sent_certificate(self) -> x509.Certificate | None:
        """The certificate in the signature's header, if it can be read."""
        text = self.headers.get(wire.CERTIFICATE, "").strip()
        if not text or len(text) > wire.HEADER_MAX_LENGTH:
            return None
        try:
            return x509.load_pem_x509_certificate(base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError):
            return None

    def canonical(self) -> dict[UrlForm, str]:
        """Return what would have to be signed for this call, with the date that it says."""
        return wire.canonical_forms(
            method=self.method,
            url=self.url,
            date=self.headers.get(wire.DATE, "").strip(),
            content_hash=wire.content_hash(self.body),
        )


def call_of(request: HttpRequest, *, recipient_id: str, body: bytes, address: str | None) -> Call:
    """Return the call that a request is. Raises DisallowedHost."""
    return Call(
        method=request.method or "",
        url=f"{SCHEME}://{request.get_host()}{_target(request)}",
        recipient_id=recipient_id,
        body=body,
        headers=request.headers,
        certificate=client_certificate.presented(request),
        address=address,
    )


def _target(request: HttpRequest) -> str:
    """Return path and query as the client wrote them: Django's own are encoded anew."""
    raw = request.META.get("RAW_URI") or request.get_full_path()
    return raw if raw.startswith("/") else wire.path_of(raw)
