"""The portal's addresses."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from dip_portal.home import home
from dip_portal.lib.health import health, ready
from dip_portal.metrics import metrics

handler400 = "dip_portal.lib.error_pages.bad_request"
handler500 = "dip_portal.lib.error_pages.server_error"
urlpatterns = [
    path("", home, name="home"),
    path("", include("accounts.urls")),
    path("", include("organisations.urls")),
    path("organisations/<int:pk>/certificates/", include("certificates.urls")),
    path("accounts/", include("accounts.allauth_urls")),
    path("audit/", include("operations.urls")),
    path("admin/promotion/", include("promotion.urls")),
    path("admin/operations/", include("operations.manager_urls")),
    # The DIP Manager's work begins at the pipeline, not at a list of tables.
    path("admin/", RedirectView.as_view(pattern_name="promotion:pipeline")),
    path("admin/test-controls/", include("scenarios.urls")),
    path("admin/", admin.site.urls),
    path("service/promotion/v1/", include("promotion.service_urls")),
    path("", include("channels.api.urls")),
    path("", include("channels.urls")),
    path("api/", include("channels.api.pages")),
    path("health/", health, name="health"),
    path("health/ready/", ready, name="ready"),
    path("metrics", metrics, name="metrics"),
]
