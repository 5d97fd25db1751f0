"""The portal's addresses."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from dip_portal.home import home


def health(request: HttpRequest) -> HttpResponse:
    """Tell the machinery that this process answers."""
    return HttpResponse("ok", content_type="text/plain")


urlpatterns = [
    path("", home, name="home"),
    path("", include("accounts.urls")),
    path("", include("organisations.urls")),
    path("accounts/", include("accounts.allauth_urls")),
    path("admin/promotion/", include("promotion.urls")),
    path("admin/", admin.site.urls),
    path("service/promotion/v1/", include("promotion.service_urls")),
    path("health/", health, name="health"),
]
