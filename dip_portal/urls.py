"""The portal's addresses."""

from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.generic import TemplateView


def health(request: HttpRequest) -> HttpResponse:
    """Tell the machinery that this process answers."""
    return HttpResponse("ok", content_type="text/plain")


urlpatterns = [
    path("", login_required(TemplateView.as_view(template_name="home.html")), name="home"),
    path("", include("accounts.urls")),
    path("accounts/", include("accounts.allauth_urls")),
    path("admin/promotion/", include("promotion.urls")),
    path("admin/", admin.site.urls),
    path("service/promotion/v1/", include("promotion.service_urls")),
    path("health/", health, name="health"),
]
