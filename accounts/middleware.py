"""Holds a signed-in person at the first gate not passed yet, and keeps their pages private."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.cache import patch_cache_control
from django.utils.module_loading import import_string
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

# Pages that a person at a gate needs: to leave, to prove themselves again, and to enrol a
# second factor. Everything else, the admin included, lies behind the gates.
OPEN_VIEWS = {
    "account_logout",
    "account_reauthenticate",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_view_recovery_codes",
    "mfa_download_recovery_codes",
    "accounts:continue",
}
# Addresses that no session is asked for: health for the machinery, service for the other
# environment, which signs its requests, an invitation for whoever holds its link (held at
# a gate, the link's token would stand in `next`).
OPEN_PATHS = ("/health/", "/metrics", "/service/", "/static/", "/invitations/accept/")


class SignInGatesMiddleware:
    """Sends a signed-in person to the first gate of SIGN_IN_GATES that holds them.

    A gate's own page is let through, when the gates before it are passed. The page gets
    the address the person was going to as `next`. What a signed-in person sees is stored
    in no cache, so that it cannot be paged back to after they signed out.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if is_asked_for_a_session(request) and not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_store=True)
        return response

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponse],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponse | None:
        """Answer with a redirect to the gate, or with None to go on to the view."""
        if not is_asked_for_a_session(request):
            return None
        if request.resolver_match is not None and request.resolver_match.view_name in OPEN_VIEWS:
            return None
        for name in settings.SIGN_IN_GATES:
            page = import_string(name)(request)
            if page == request.path:
                return None
            if page is not None:
                return send_to(page, request, address_to_return_to(request))
        return None


def is_asked_for_a_session(request: HttpRequest) -> bool:
    """Tell whether it is a signed-in person who asks, for what is not open to the machinery."""
    return not request.path.startswith(OPEN_PATHS) and request.user.is_authenticated


def send_to(page: str, request: HttpRequest, way_back: str) -> HttpResponse:
    """Answer with the way to a page that leads on to `way_back`, also where htmx asks."""
    url = f"{page}?{urlencode({'next': way_back})}" if way_back else page
    if HtmxDetails(request):
        return HttpResponseClientRedirect(url)
    return HttpResponseRedirect(url)


def address_to_return_to(request: HttpRequest) -> str:
    """Return the address of the page that the person is on or goes to; empty after a form."""
    htmx = HtmxDetails(request)
    if htmx:
        return htmx.current_url_abs_path or ""
    return request.get_full_path() if request.method == "GET" else ""
