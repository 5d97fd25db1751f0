"""The pages of companies, and the link of an invitation."""

from django.urls import path

from organisations.views import invitations, pages, verification

app_name = "organisations"
urlpatterns = [
    path("organisations/", pages.CompaniesView.as_view(), name="list"),
    path("organisations/<int:pk>/", pages.DipIdsView.as_view(), name="dip_ids"),
    path("organisations/<int:pk>/members/", pages.MembersView.as_view(), name="members"),
    path(
        "organisations/<int:pk>/certificates/",
        pages.CertificatesView.as_view(),
        name="certificates",
    ),
    path("organisations/<int:pk>/verify/", verification.VerifyCompanyView.as_view(), name="verify"),
    path("invitations/accept/", invitations.accept, name="accept_invitation"),
    path("invitations/accept/<str:token>/", invitations.link, name="invitation_link"),
]
