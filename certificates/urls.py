"""The addresses of a company's Certificates tab, under /organisations/<pk>/certificates/."""

from django.urls import path

from certificates.views import credentials, domains, inventory, requests, tab

app_name = "certificates"
urlpatterns = [
    path("", tab.CertificatesView.as_view(), name="tab"),
    path("requests/", tab.RequestsView.as_view(), name="requests"),
    path("export/", inventory.ExportView.as_view(), name="export"),
    path("credentials/", credentials.CredentialsView.as_view(), name="credentials"),
    path("credentials/save/", credentials.SaveView.as_view(), name="save_credentials"),
    path("credentials/remove/", credentials.RemoveView.as_view(), name="remove_credentials"),
    path("domains/register/", domains.RegisterView.as_view(), name="register_domain"),
    path("domains/<int:key>/", domains.DomainView.as_view(), name="domain"),
    path("domains/<int:key>/check/", domains.CheckView.as_view(), name="check_domain"),
    path("domains/<int:key>/new-code/", domains.NewCodeView.as_view(), name="new_code"),
    path("domains/<int:key>/delete/", domains.DeleteView.as_view(), name="delete_domain"),
    path("request/", requests.RequestView.as_view(), name="request"),
    path("requests/<int:key>/retry/", requests.RetryView.as_view(), name="retry"),
    path("requests/<int:key>/withdraw/", requests.WithdrawView.as_view(), name="withdraw"),
    path("<int:key>/", inventory.CertificateView.as_view(), name="certificate"),
    path("<int:key>/<slug:kind>.cer", inventory.FileView.as_view(), name="file"),
    path("<int:key>/renew/", requests.RenewView.as_view(), name="renew"),
    path("<int:key>/revoke/", inventory.RevokeView.as_view(), name="revoke"),
]
