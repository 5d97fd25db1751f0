"""The paths of the API. Some clients end them with a slash, so that both forms are there."""

from django.urls import re_path

from certificates.atlas.hvca import claims, views
from certificates.atlas.hvca.problems import not_found

SERIAL = r"(?P<serial>[0-9A-Fa-f]{1,40})"
NAME = r"(?P<name>[^/]{1,300})"

urlpatterns = [
    re_path(r"^login/?$", views.LoginView.as_view()),
    re_path(r"^validationpolicy/?$", views.ValidationPolicyView.as_view()),
    re_path(r"^trustchain/?$", views.TrustChainView.as_view()),
    re_path(r"^certificates/?$", views.CertificatesView.as_view()),
    re_path(rf"^certificates/{SERIAL}/?$", views.CertificateView.as_view()),
    re_path(rf"^certificates/{SERIAL}/rekey/?$", views.RekeyView.as_view()),
    re_path(r"^claims/domains/?$", claims.ClaimsView.as_view()),
    re_path(rf"^claims/domains/{NAME}/?$", claims.ClaimView.as_view()),
    re_path(rf"^claims/domains/{NAME}/dns/?$", claims.VerifyByDnsView.as_view()),
    re_path(rf"^claims/domains/{NAME}/http/?$", claims.VerifyByHttpView.as_view()),
    re_path(rf"^claims/domains/{NAME}/email/?$", claims.VerifyByEmailView.as_view()),
    re_path(rf"^claims/domains/{NAME}/reassert/?$", claims.ReassertView.as_view()),
    re_path(r"^quotas/issuance/?$", views.QuotaView.as_view()),
    re_path(r"^counters/certificates/issued/?$", views.IssuedCounterView.as_view()),
    re_path(r"^counters/certificates/revoked/?$", views.RevokedCounterView.as_view()),
    re_path(r"^stats/issued/?$", views.StatsView.as_view()),
    re_path(r"^stats/revoked/?$", views.RevokedStatsView.as_view()),
    re_path(r"^stats/expiring/?$", views.ExpiringStatsView.as_view()),
    re_path(r"^[\s\S]*$", not_found),
]
