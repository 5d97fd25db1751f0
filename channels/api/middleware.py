"""Takes the API's paths out of the way of pages: no session, no cookie, no CSRF token."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from channels.api import arrival
from dip_portal.lib import environment as environments


class ApiMiddleware:
    """Answers the calls to the API itself, where this is a portal; Atlas has no such API."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if arrival.is_api(request.path_info) and not (
            environments.current().is_certificate_authority
        ):
            return arrival.answer(request)
        return self.get_response(request)
