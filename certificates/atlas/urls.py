"""The addresses of Atlas, and all of them: nothing of the portal is here."""

from django.urls import include, path

from accounts.allauth_urls import by_password
from certificates.atlas.views import (
    authorities,
    certificates,
    controls,
    credentials,
    customers,
    dns,
    domains,
    identities,
)
from certificates.atlas.views.home import HomeView
from certificates.atlas.views.registration import RegisterView
from dip_portal.lib.health import health, ready
from dip_portal.metrics import metrics

handler400 = "certificates.atlas.hvca.problems.bad_request"
handler500 = "dip_portal.lib.error_pages.server_error"

urlpatterns = [
    path("", HomeView.as_view(), name="home"),
    path("identities/", identities.IdentitiesView.as_view(), name="identities"),
    path("identities/request/", identities.RequestIdentityView.as_view(), name="request_identity"),
    path("identities/<int:pk>/", identities.IdentityView.as_view(), name="identity"),
    path("credentials/api/", credentials.ApiCredentialsView.as_view(), name="api_credentials"),
    path(
        "credentials/api/create/",
        credentials.CreateApiCredentialView.as_view(),
        name="create_api_credential",
    ),
    path(
        "credentials/api/<int:pk>/", credentials.ApiCredentialView.as_view(), name="api_credential"
    ),
    path(
        "credentials/api/<int:pk>/delete/",
        credentials.RevokeApiCredentialView.as_view(),
        name="revoke_api_credential",
    ),
    path(
        "credentials/mtls/",
        certificates.AccessCertificatesView.as_view(),
        name="mtls_certificates",
    ),
    path(
        "credentials/mtls/request/",
        certificates.RequestAccessView.as_view(),
        name="request_mtls_certificate",
    ),
    path(
        "credentials/mtls/<int:pk>/",
        certificates.AccessCertificateView.as_view(),
        name="mtls_certificate",
    ),
    path(
        "credentials/mtls/<int:pk>/<slug:kind>.cer",
        certificates.AccessCertificateFileView.as_view(),
        name="mtls_certificate_file",
    ),
    path(
        "credentials/mtls/<int:pk>/revoke/",
        certificates.RevokeAccessCertificateView.as_view(),
        name="revoke_mtls_certificate",
    ),
    path("certificates/", certificates.InventoryView.as_view(), name="certificates"),
    path(
        "certificates/request/",
        certificates.RequestCertificateView.as_view(),
        name="request_certificate",
    ),
    path("certificates/<int:pk>/", certificates.CertificateView.as_view(), name="certificate"),
    path(
        "certificates/<int:pk>/<slug:kind>.cer",
        certificates.CertificateFileView.as_view(),
        name="certificate_file",
    ),
    path(
        "certificates/<int:pk>/revoke/",
        certificates.RevokeCertificateView.as_view(),
        name="revoke_certificate",
    ),
    path("domains/", domains.DomainsView.as_view(), name="domains"),
    path("domains/new/", domains.NewDomainView.as_view(), name="new_domain"),
    path("domains/<int:pk>/", domains.DomainView.as_view(), name="domain"),
    path("domains/<int:pk>/verify/", domains.VerifyDomainView.as_view(), name="verify_domain"),
    path("domains/<int:pk>/reset/", domains.ResetCodeView.as_view(), name="reset_code"),
    path("domains/<int:pk>/delete/", domains.DeleteDomainView.as_view(), name="delete_domain"),
    path("domains/approve/<str:token>/", domains.ApproveView.as_view(), name="approve_domain"),
    path("dns/", dns.ZonesView.as_view(), name="dns_zones"),
    path("dns/serving/", dns.ServingView.as_view(), name="set_dns"),
    path("dns/zones/<int:pk>/", dns.ZoneView.as_view(), name="dns_zone"),
    path("dns/zones/<int:pk>/delete/", dns.DeleteZoneView.as_view(), name="delete_dns_zone"),
    path("dns/records/<int:pk>/delete/", dns.DeleteRecordView.as_view(), name="delete_dns_record"),
    path("dns/v1/records", dns.RecordsApi.as_view(), name="dns_records_api"),
    path("customers/v1", customers.CustomersApi.as_view(), name="customers_api"),
    path("v2/", include("certificates.atlas.hvca.urls")),
    path("authorities/", authorities.AuthoritiesView.as_view(), name="authorities"),
    path("ca/<slug:slug>.cer", authorities.ca_certificate, name="ca_certificate"),
    path("ca/<slug:slug>.pem", authorities.ca_certificate_pem, name="ca_certificate_pem"),
    path("crl/<slug:slug>.crl", authorities.crl, name="crl"),
    path("ocsp/<slug:slug>", authorities.ocsp, name="ocsp"),
    path("ocsp/<slug:slug>/<path:encoded>", authorities.ocsp_in_address, name="ocsp_in_address"),
    path("controls/", controls.ControlsView.as_view(), name="controls"),
    path("controls/quota/", controls.QuotaView.as_view(), name="set_quota"),
    path("controls/issuance/", controls.IssuanceView.as_view(), name="set_issuance"),
    path("controls/api/", controls.ApiMoodView.as_view(), name="set_api"),
    path("controls/mail/", controls.SentMailView.as_view(), name="sent_mail"),
    path("accounts/signup/", RegisterView.as_view(), name="account_signup"),
    path("accounts/", include(by_password)),
    path("health/", health, name="health"),
    path("health/ready/", ready, name="ready"),
    path("metrics", metrics, name="metrics"),
]
