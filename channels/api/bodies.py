"""Bodies of calls: JSON objects, the names of their members read without regard to case."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, NoReturn

from django.http import HttpRequest
from ninja import Field, Schema
from pydantic import BeforeValidator

from channels import callback_urls
from channels.refusals import CallRefused, FieldError
from channels.services.webhooks import LIMIT_MAX

EXAMPLE_URL = "https://hooks.superenergy.co.uk/dip"
# What can be said in a schema of what channels.callback_urls takes: the rest is in words.
URL_PATTERN = r"^[hH][tT][tT][pP][sS]://[A-Za-z0-9\-._~:/?\[\]!$&'()*+,;=%@]+$"


def _whole(value: Any) -> Any:
    """Let a whole number pass, as 5 or as 5.0, which are the same in JSON; nothing else."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise ValueError("a whole number is wanted, or null")


def _text(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("a text is wanted")
    return value


Limit = Annotated[int | None, BeforeValidator(_whole)]


class Webhook(Schema):
    """Where a publication is delivered to."""

    callbackURL: Annotated[str, BeforeValidator(_text)] = Field(  # noqa: N815 - the contract's name
        description="The URL that the DIP delivers to: https, at a public host, without "
        "credentials or fragment.",
        max_length=callback_urls.MAX_LENGTH,
        pattern=URL_PATTERN,
        examples=[EXAMPLE_URL],
    )
    maxMessageCount: Limit = Field(  # noqa: N815 - the contract's name
        None, description="Stored and shown, not enforced.", ge=0, le=LIMIT_MAX, examples=[100]
    )
    maxPayloadSize: Limit = Field(  # noqa: N815 - the contract's name
        None, description="Stored and shown, not enforced.", ge=0, le=LIMIT_MAX, examples=[1048576]
    )

    model_config = {"extra": "forbid"}


JSON = "application/json"
NAMES: Mapping[str, str] = {name.lower(): name for name in Webhook.model_fields}


class _Unreadable(ValueError):
    """The text is JSON, but not as this API takes it."""


def require_json(request: HttpRequest) -> None:
    """Pass if the body is sent as JSON in UTF-8, or raise CallRefused."""
    charset = (request.content_params or {}).get("charset", "utf-8").lower().strip('"')
    if request.content_type not in ("", JSON) or charset not in ("utf-8", "utf8"):
        said = request.headers.get("Content-Type", "")[:60]
        raise CallRefused(
            "unsupported_media_type",
            f"The body came as {said}. Send it with Content-Type: {JSON}, in UTF-8.",
        )


def read_webhook(body: bytes) -> dict[str, Any]:
    """Return the members of a webhook's body under their documented names. Raises CallRefused.

    Their values are judged by Webhook.
    """
    said = _object(body)
    named: dict[str, Any] = {}
    for name, value in said.items():
        known = NAMES.get(name.lower(), name)
        if known in named:
            _refuse(known, "stands in the body twice; leave one out.")
        named[known] = value
    return named


def _object(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(
            body.decode(),
            object_pairs_hook=_once,
            parse_constant=_no_constant,
        )
    except _Unreadable as refusal:
        raise CallRefused("unreadable_body", str(refusal)) from refusal
    except (ValueError, RecursionError) as error:
        raise CallRefused(
            "unreadable_body", "The body cannot be read as JSON in UTF-8. Send a JSON object."
        ) from error
    if not isinstance(said, dict):
        raise CallRefused(
            "unreadable_body",
            "The body is JSON, but no object. Send one, such as "
            f'{{"callbackURL": "{EXAMPLE_URL}"}}.',
        )
    return said


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Unreadable("A name stands twice in one object of the body. Send each once.")
    return found


def _no_constant(name: str) -> NoReturn:
    raise _Unreadable(f"{name} is no number in JSON.")


def _refuse(field: str, message: str) -> NoReturn:
    raise CallRefused(
        "invalid_fields",
        f"{field} {message}",
        errors=[FieldError(field=field, message=message)],
    )
