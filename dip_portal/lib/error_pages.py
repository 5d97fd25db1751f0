"""The page of a request that cannot be read, which Django asks for as `handler400`."""

from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

# Django calls them bad requests; a person is helped by what was wrong (RFC 9110, 15.5.14).
TOO_LARGE = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 413 with its own page to what is too large, else 400.

    Rendered without the request, whose host, session or body may be what is wrong with it.
    """
    is_too_large = isinstance(exception, TOO_LARGE)
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if is_too_large else HTTPStatus.BAD_REQUEST
    return HttpResponse(render_to_string(f"{status}.html"), status=status)
