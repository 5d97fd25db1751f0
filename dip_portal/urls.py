"""The portal's addresses."""

from django.contrib import admin
from django.urls import include, path

from dip_portal.home import home
from dip_portal.lib.health import health

urlpatterns = [
    path("", home, name="home"),
    path("", include("accounts.urls")),
    path("", include("organisations.urls")),
    path("accounts/", include("accounts.allauth_urls")),
    path("audit/", include("operations.urls")),
    path("admin/promotion/", include("promotion.urls")),
    path("admin/", admin.site.urls),
    path("service/promotion/v1/", include("promotion.service_urls")),
    path("health/", health, name="health"),
]
