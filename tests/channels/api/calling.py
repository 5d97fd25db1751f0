"""A client of the API, as a company has one: certificates, key, and the four headers."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from channels import wire
from channels.wire import Signer, UrlForm
from organisations.models import ApiKey, DipId
from organisations.services import api_keys
from tests import tls
from tests.pki import Held

HOST = "uit.dip.example"
CALLBACK = "https://hooks.superenergy.example/dip"
BODY = {"callbackURL": CALLBACK, "maxMessageCount": 100, "maxPayloadSize": None}


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What a company's machine calls with. None leaves a part out."""

    client: Held | None
    signer: Held | None
    api_key: str | None
    host: str = HOST

    def but(self, **changes: Any) -> "Machine":
        return replace(self, **changes)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        now: datetime | None = None,
        form: UrlForm = UrlForm.FULL,
        headers: dict[str, str] | None = None,
        content_type: str = "application/json",
        signed_as: dict[str, Any] | None = None,
        raises: bool = True,
    ) -> HttpResponse:
        """Call the API as this machine does; `signed_as` is what is signed instead."""
        raw = (
            body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        )
        sent: dict[str, str] = {}
        if self.signer is not None:
            what = {
                "method": method,
                "url": f"https://{self.host}{path}",
                "body": raw,
                **(signed_as or {}),
            }
            sent |= wire.sign(
                **what,
                signer=Signer(key=self.signer.key, certificate=self.signer.certificate),
                now=now or timezone.now(),
                form=form,
            )
        if self.api_key is not None:
            sent["X-API-KEY"] = self.api_key
        return Client(raise_request_exception=raises).generic(  # type: ignore[return-value]
            method,
            path,
            raw,
            content_type=content_type if raw else "",
            headers={"Host": self.host, **sent, **(headers or {})},
            **(tls.showing(self.client.certificate) if self.client else {}),
        )


def key_of(dip_id: DipId, kind: str = ApiKey.Kind.PRIMARY) -> str:
    return api_keys.reveal(ApiKey.objects.get(dip_id=dip_id, kind=kind))


def pubconfig(dip_id: DipId | str, channel: str = "PUB-036") -> str:
    return f"/dip-channel/{channel}/pubconfig/{dip_id}"


def statusconfig(dip_id: DipId | str) -> str:
    return f"/statusmessage/config/{dip_id}"


def code_of(response: HttpResponse) -> tuple[int, str]:
    """Return status and code of a refusal, which has to be a problem."""
    assert response["Content-Type"] == "application/problem+json", response.content
    return response.status_code, json.loads(response.content)["code"]
