"""The operations of the API, with the verbs, paths, bodies and codes that the DIP documents.

WIRE.md, 'Calls'. Each is: read, one call of a service, answer. What is ours and not the DIP's
lies under /extensions/.
"""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI, Router, Schema
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser
from ninja.security.base import AuthBase

from channels import catalogue
from channels.api import arrival
from channels.api.bodies import Webhook, read_webhook, require_json
from channels.authentication import Caller
from channels.catalogue import UnknownChannel
from channels.errors import UnableToConfigure
from channels.models import STATUS_MESSAGES, WebhookConfiguration
from channels.refusals import CallRefused, FieldError
from channels.services import webhooks
from organisations.policies import Action, visible

CONFIGURATION = "DIP Channel Publication Configuration"
STATUS = "Status Message Configuration"
OURS = "Extensions of this simulator"
# The documented name of what a service calls by its own.
FIELDS = {
    "publication": "id",
    "callback_url": "callbackURL",
    "max_message_count": "maxMessageCount",
    "max_payload_size": "maxPayloadSize",
}


class Problem(Schema):
    """A refusal (RFC 9457): `code` is for machines, `detail` says what to do."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    check: str
    correlationId: str  # noqa: N815 - members of answers are written as the DIP's are
    errors: list[dict[str, str]] | None = None


class Configured(Webhook):
    """A webhook as it is set: for which DIP ID and publication, by whom and when."""

    recipientID: str  # noqa: N815 - as above
    id: str
    configuredAt: str  # noqa: N815 - as above
    configuredBy: str  # noqa: N815 - as above


class Signed(AuthBase):
    """Client certificate, X-API-KEY and X-DIP-* signature."""

    openapi_type = "apiKey"

    def __call__(self, request: HttpRequest) -> Caller:
        """Return who calls. Raises CallRefused."""
        return arrival.caller_of(request)


class _Bodies(Parser):
    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        require_json(request)
        return read_webhook(request.body)


REFUSED_POST = frozenset({400, 401, 403, 404, 405, 406, 408, 413, 415, 429, 500, 503})
REFUSED_DELETE = frozenset({400, 401, 404, 405, 406, 408, 413, 415, 429, 500, 503})
REFUSED_GET = frozenset({400, 401, 403, 404, 405, 406, 408, 413, 415, 429, 500, 503})

api = NinjaAPI(
    title="DIP API, simulated",
    version="1.8.3",
    openapi_url=None,
    docs_url=None,
    urls_namespace="api",
    auth=Signed(),
    parser=_Bodies(),
)
router = Router()


@router.post(
    "/dip-channel/{str:id}/pubconfig/{str:recipient_id}",
    operation_id="configurePublication",
    summary="Set the webhook of a publication",
    tags=[CONFIGURATION],
    response={201: Webhook, REFUSED_POST: Problem},
)
def configure_publication(
    request: HttpRequest, id: str, recipient_id: str, webhook: Webhook
) -> HttpResponse:
    """Let a publication be delivered to a URL, in place of an earlier one.

    To set what is set already is harmless, and answered alike. A call that passes has proven
    the client certificate, the API key and the signature.
    """
    return _configure(request, publication_of(id), webhook)


@router.delete(
    "/dip-channel/{str:id}/pubconfig/{str:recipient_id}",
    operation_id="removePublicationConfiguration",
    summary="Remove the webhook of a publication",
    tags=[CONFIGURATION],
    response={204: None, REFUSED_DELETE: Problem},
)
def remove_publication(request: HttpRequest, id: str, recipient_id: str) -> HttpResponse:
    """Let a publication be delivered no more; harmless where it is not."""
    return _remove(request, publication_of(id))


@router.post(
    "/statusmessage/config/{str:recipient_id}",
    operation_id="configureStatusMessages",
    summary="Set the webhook of status messages",
    tags=[STATUS],
    response={201: Webhook, REFUSED_POST: Problem},
)
def configure_status_messages(
    request: HttpRequest, recipient_id: str, webhook: Webhook
) -> HttpResponse:
    """Let the status messages of a DIP ID be delivered to a URL."""
    return _configure(request, STATUS_MESSAGES, webhook)


@router.delete(
    "/statusmessage/config/{str:recipient_id}",
    operation_id="removeStatusMessageConfiguration",
    summary="Remove the webhook of status messages",
    tags=[STATUS],
    response={204: None, REFUSED_DELETE: Problem},
)
def remove_status_messages(request: HttpRequest, recipient_id: str) -> HttpResponse:
    """Let the status messages of a DIP ID be delivered no more; harmless where they are not."""
    return _remove(request, STATUS_MESSAGES)


@router.get(
    "/extensions/dip-channel/{str:id}/pubconfig/{str:recipient_id}",
    operation_id="readPublicationConfiguration",
    summary="Read the webhook of a publication back",
    tags=[OURS],
    response={200: Configured, REFUSED_GET: Problem},
)
def read_publication(request: HttpRequest, id: str, recipient_id: str) -> HttpResponse:
    """Read what is set. An extension: the DIP itself has no such call."""
    return _read(request, publication_of(id))


@router.get(
    "/extensions/statusmessage/config/{str:recipient_id}",
    operation_id="readStatusMessageConfiguration",
    summary="Read the webhook of status messages back",
    tags=[OURS],
    response={200: Configured, REFUSED_GET: Problem},
)
def read_status_messages(request: HttpRequest, recipient_id: str) -> HttpResponse:
    """Read what is set. An extension: the DIP itself has no such call."""
    return _read(request, STATUS_MESSAGES)


@router.get(
    "/extensions/config/{str:recipient_id}",
    operation_id="listConfiguration",
    summary="Read all webhooks of the DIP ID back",
    tags=[OURS],
    response={200: list[Configured], REFUSED_GET: Problem},
)
def list_configuration(request: HttpRequest, recipient_id: str) -> HttpResponse:
    """Read what is set, by publication. An extension: the DIP itself has no such call."""
    caller = _caller(request)
    found = visible(caller.actor, Action.CHANNEL_VIEW, WebhookConfiguration.objects.all())
    return JsonResponse([_said(caller, one) for one in found.order_by("publication")], safe=False)


api.add_router("", router)


def publication_of(name: str) -> str:
    """Return PUB-nnn or REP-nnn of a path's IF-nnn, PUB-nnn or REP-nnn. Raises CallRefused."""
    try:
        return catalogue.channel(name).publication_id
    except UnknownChannel as unknown:
        raise CallRefused(
            "unknown_channel",
            f"There is no channel {name[:20].upper()}. Name a publication that the DIP ID "
            "receives, such as PUB-036, or its interface IF-036.",
        ) from unknown


def _configure(request: HttpRequest, publication: str, webhook: Webhook) -> HttpResponse:
    caller = _caller(request)
    try:
        webhooks.set_webhook(
            actor=caller.actor,
            dip_id=caller.dip_id,
            publication=publication,
            callback_url=webhook.callbackURL,
            max_message_count=webhook.maxMessageCount,
            max_payload_size=webhook.maxPayloadSize,
            now=caller.at,
        )
    except UnableToConfigure as refusal:
        field = FIELDS.get(refusal.field, refusal.field)
        raise CallRefused(
            "invalid_fields",
            f"{field}: {refusal}",
            errors=[FieldError(field=field, message=str(refusal))],
        ) from refusal
    return JsonResponse(webhook.model_dump(), status=HTTPStatus.CREATED)


def _remove(request: HttpRequest, publication: str) -> HttpResponse:
    caller = _caller(request)
    webhooks.remove_webhook(
        actor=caller.actor, dip_id=caller.dip_id, publication=publication, now=caller.at
    )
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def _read(request: HttpRequest, publication: str) -> HttpResponse:
    caller = _caller(request)
    found = visible(caller.actor, Action.CHANNEL_VIEW, WebhookConfiguration.objects.all())
    webhook = found.filter(publication=publication).first()
    if webhook is None:
        raise CallRefused(
            "not_configured",
            f"DIP ID {caller.dip_id} has no webhook for {publication}. Set one by POST.",
        )
    return JsonResponse(_said(caller, webhook))


def _said(caller: Caller, webhook: WebhookConfiguration) -> dict[str, Any]:
    return {
        "recipientID": caller.dip_id.dip_id,
        "id": webhook.publication,
        "callbackURL": webhook.callback_url,
        "maxMessageCount": webhook.max_message_count,
        "maxPayloadSize": webhook.max_payload_size,
        "configuredAt": webhook.configured_at.isoformat(),
        "configuredBy": webhook.configured_by,
    }


def _caller(request: HttpRequest) -> Caller:
    caller: Caller = request.auth  # type: ignore[attr-defined]
    return caller


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [
        FieldError(field=_field(one["loc"]), message=_worded(str(one["msg"])))
        for one in error.errors
    ]
    named = " ".join(f"{one.field}: {one.message}." for one in errors)
    raise CallRefused("invalid_fields", f"The body is not as documented. {named}", errors=errors)


@api.exception_handler(HttpError)
def _unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Say what our own reader of bodies has refused; the framework hides it behind a 400."""
    raise error.__cause__ or error


def _field(location: Any) -> str:
    names = [str(part) for part in location if part not in ("body", "webhook")]
    return ".".join(names) or "body"


def _worded(text: str) -> str:
    return text.removeprefix("Value error, ").rstrip(".")
