"""From a request that arrives to its answer: the way of every call to the API.

Count it, find the operation, look at what it sends and takes, read the body, authenticate,
run; whatever fails becomes problem+json, and is kept for the testers of the DIP ID.
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus

from allauth.core.internal.httpkit import get_client_ip
from django.conf import settings
from django.core.exceptions import DisallowedHost, PermissionDenied, RequestDataTooBig
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.urls import Resolver404, resolve
from django.utils import timezone

from channels.api import limits, problems
from channels.api.bodies import JSON
from channels.api.limits import Count
from channels.authentication import Caller, authenticate
from channels.calls import Call, call_of
from channels.refusals import CallRefused
from channels.services import failed_calls
from dip_portal.lib.outage import OUTAGE, RETRY_AFTER

log = logging.getLogger(__name__)
PREFIXES = ("/dip-channel", "/statusmessage", "/extensions")
URLS = "channels.api.urls"
# The DIP documents 401 alone where one may not remove a webhook (WIRE.md, 'Calls').
DELETE_REFUSED = {HTTPStatus.FORBIDDEN: HTTPStatus.UNAUTHORIZED}


def is_api(path: str) -> bool:
    """Tell whether a path belongs to the API, whichever case it is written in."""
    lower = path.lower()
    return any(lower == prefix or lower.startswith(f"{prefix}/") for prefix in PREFIXES)


def answer(request: HttpRequest) -> HttpResponse:
    """Answer a call to the API. Nothing is raised: what goes wrong is an answer too."""
    arrived = _Arrived(request)
    try:
        response = arrived.answer()
    except DisallowedHost:
        response = problems.answer(
            CallRefused("unknown_host", "The Host header is no name of this DIP. Call its own.")
        )
    except OUTAGE:
        log.exception("A call to the API has met an outage.")
        response = problems.answer(
            CallRefused(
                "out_of_service",
                "The DIP is out of service for the moment. Call again in a while.",
                headers=RETRY_AFTER,
            )
        )
    except Exception:  # a caller always gets problem+json
        got_request_exception.send(sender=None, request=request)
        log.exception("A call to the API has failed.")
        response = problems.answer(
            CallRefused("internal_error", "The DIP has failed. Tell its operator the id.")
        )
    for name, value in arrived.headers.items():
        response[name] = value
    response["Cache-Control"] = "no-store"
    if response.status_code != HTTPStatus.NO_CONTENT:
        response["Content-Length"] = str(len(response.content))  # else it is sent in chunks
    return response


def caller_of(request: HttpRequest) -> Caller:
    """Return who calls; the operations ask. Raises CallRefused."""
    arrived: _Arrived = request.dip_arrived  # type: ignore[attr-defined]
    return arrived.authenticate()


class _Arrived:
    """One call on its way. `headers` go with the answer, whatever that is."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.headers: Mapping[str, str] = {}
        self.recipient_id = ""
        self.address: str | None = get_client_ip(request)
        self.call: Call | None = None
        self.now = timezone.now()
        request.dip_arrived = self  # type: ignore[attr-defined]

    def answer(self) -> HttpResponse:
        """Return what the operation answers, or the refusal."""
        try:
            return self.run()
        except CallRefused as refusal:
            return self.refuse(refusal)

    def run(self) -> HttpResponse:
        """Return what the operation answers. Raises CallRefused."""
        self._count("address", self.address or "", settings.API_CALLS_PER_ADDRESS)
        try:
            match = resolve(self.request.path_info.lower(), URLS)
        except Resolver404:
            self._read_body()
            raise CallRefused(
                "not_found",
                "No operation of the API has this path. The paths are listed at /api/.",
            ) from None
        self.recipient_id = str(match.kwargs.get("recipient_id", "")).upper()
        self.request.resolver_match = match
        self._require_acceptable()
        self._read_body()
        if self.request.method == "HEAD":
            self.request.method = "GET"  # the server leaves out the body, as for all of them
        try:
            response: HttpResponse = match.func(self.request, *match.args, **match.kwargs)
        except (Http404, PermissionDenied) as refusal:
            raise CallRefused("not_found", "There is no such thing.") from refusal
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = response.headers["Allow"]
            raise CallRefused(
                "method_not_allowed",
                f"This path has no {self.request.method}. It has {allowed}.",
                headers={"Allow": allowed},
            )
        return response

    def authenticate(self) -> Caller:
        """Return who calls, and count the call for its DIP ID. Raises CallRefused."""
        assert self.call is not None
        caller = authenticate(self.call, now=self.now)
        self._count("dip-id", str(caller.dip_id), settings.API_CALLS_PER_DIP_ID)
        return caller

    def refuse(self, refusal: CallRefused) -> HttpResponse:
        """Return the answer to a refusal, and keep the call for those whose it is."""
        if self.call is not None:
            failed_calls.keep(call=self.call, refusal=refusal, now=self.now)
        status = refusal.status
        if self.request.method == "DELETE":
            status = DELETE_REFUSED.get(status, status)
        return problems.answer(refusal, status=status)

    def _count(self, what: str, who: str, most: int) -> None:
        counted = limits.count(what, who, most=most)
        self.headers = _nearer(self.headers, counted)
        if counted.is_over:
            whose = "this address" if what == "address" else "this DIP ID"
            raise CallRefused(
                "too_many_calls",
                f"More than {most} calls a minute came from {whose}. Go on in "
                f"{counted.seconds} seconds.",
                headers={"Retry-After": str(counted.seconds)},
            )

    def _require_acceptable(self) -> None:
        taken = self.request.headers.get("Accept", "")
        if taken and not any(self.request.accepts(one) for one in (JSON, problems.MEDIA_TYPE)):
            raise CallRefused(
                "not_acceptable", f"The API answers in {JSON}. Let Accept take it, or leave it out."
            )

    def _read_body(self) -> None:
        body = _body_of(self.request)
        self.call = call_of(
            self.request, recipient_id=self.recipient_id, body=body, address=self.address
        )


def _nearer(before: Mapping[str, str], counted: Count) -> Mapping[str, str]:
    """Return the headers of the limit that the caller is nearer to."""
    left = int(before.get("RateLimit-Remaining", counted.left))
    return counted.headers if counted.left <= left else before


def _body_of(request: HttpRequest) -> bytes:
    """Return the raw body, chunked or not. Raises CallRefused where it is too large or broken.

    Django takes a body without Content-Length for empty; the server tells where it ends.
    """
    most = settings.API_MAX_BYTES
    is_chunked = "chunked" in request.headers.get("Transfer-Encoding", "").lower()
    try:
        said = int(request.META.get("CONTENT_LENGTH") or 0)
        if said > most:
            raise RequestDataTooBig
        if is_chunked and request.META.get("wsgi.input_terminated"):
            body = request.META["wsgi.input"].read(most + 1)
        else:
            body = request.read(most + 1)
        if len(body) > most:
            raise RequestDataTooBig
    except RequestDataTooBig:
        raise CallRefused(
            "body_too_large", f"The body has more than {most} bytes. Send less at once."
        ) from None
    except (UnreadablePostError, OSError, ValueError):
        raise CallRefused(
            "request_timeout", "The body did not arrive in full. Send the call again."
        ) from None
    request._body = body  # Django's own place for what is read
    return bytes(body)
