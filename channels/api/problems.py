"""Refusals as problem+json (RFC 9457)."""

import json
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse

from channels.refusals import CODES, CallRefused
from dip_portal.lib import correlation

MEDIA_TYPE = "application/problem+json"
REFERENCE = "/api/"  # the browsable page, where each code has a place of its own


def problem_of(refusal: CallRefused, *, status: HTTPStatus) -> dict[str, Any]:
    """Return the members of a problem.

    `type` leads to the meaning of the code, `code` is for machines, `detail` for people,
    `errors` names fields; `correlationId` is the id under which the DIP's log knows the call.
    """
    said: dict[str, Any] = {
        "type": f"{REFERENCE}#{refusal.code}",
        "title": status.phrase,
        "status": int(status),
        "detail": str(refusal),
        "code": refusal.code,
        "check": str(CODES[refusal.code].check),
        "correlationId": correlation.current(),
    }
    if refusal.errors:
        said["errors"] = [{"field": it.field, "message": it.message} for it in refusal.errors]
    return said


def answer(refusal: CallRefused, *, status: HTTPStatus | None = None) -> HttpResponse:
    """Return the answer to a refused call; `status` where it is not the code's own."""
    status = status or refusal.status
    response = HttpResponse(
        json.dumps(problem_of(refusal, status=status), ensure_ascii=False),
        status=status,
        content_type=MEDIA_TYPE,
        headers=refusal.headers,
    )
    if status == HTTPStatus.UNAUTHORIZED:
        # RFC 9110 (11.6.1) wants a challenge; the scheme is the contract's own.
        response["WWW-Authenticate"] = 'X-API-KEY realm="DIP"'
    return response
