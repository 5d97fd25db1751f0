"""The pages of what cannot be read and of what has failed: `handler400` and `handler500`."""

import sys
from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from dip_portal.lib.outage import OUTAGE, RETRY_AFTER

# Django calls them bad requests; a person is helped by what was wrong (RFC 9110, 15.5.14).
TOO_LARGE = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 413 with its own page to what is too large, else 400.

    Rendered without the request, whose host, session or body may be what is wrong with it.
    """
    is_too_large = isinstance(exception, TOO_LARGE)
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if is_too_large else HTTPStatus.BAD_REQUEST
    return HttpResponse(render_to_string(f"{status}.html"), status=status)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 503 while the database or Redis is away, else 500, to what has just been raised.

    Rendered without the request, whose session would have to be looked up.
    """
    is_outage = isinstance(sys.exception(), OUTAGE)
    status = HTTPStatus.SERVICE_UNAVAILABLE if is_outage else HTTPStatus.INTERNAL_SERVER_ERROR
    headers = RETRY_AFTER if is_outage else {}
    return HttpResponse(render_to_string(f"{status}.html"), status=status, headers=headers)
