"""The portal's addresses, and an empty view."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from dip_portal.urls import urlpatterns as portal


def empty(request: HttpRequest) -> HttpResponse:
    """Answer with nothing."""
    return HttpResponse(status=204)


urlpatterns = [path("empty/", empty), *portal]
