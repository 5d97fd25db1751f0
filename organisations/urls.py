"""The pages of companies, and the link of an invitation."""

from django.urls import path

from organisations.views import (
    acting,
    api_keys,
    bulk_members,
    company_actions,
    dcp,
    dip_id,
    dip_roles,
    invitations,
    member,
    members,
    nominate,
    pages,
    verification,
)

app_name = "organisations"
urlpatterns = [
    path("act-for/", acting.ActForView.as_view(), name="act_for"),
    path("organisations/", pages.CompaniesView.as_view(), name="list"),
    path("organisations/<int:pk>/", pages.DipIdsView.as_view(), name="dip_ids"),
    path("organisations/<int:pk>/members/", members.MembersView.as_view(), name="members"),
    path(
        "organisations/<int:pk>/members/export/",
        members.ExportMembersView.as_view(),
        name="export_members",
    ),
    *(
        path(f"organisations/<int:pk>/members/{address}/", view.as_view(), name=name)
        for address, view, name in (
            ("<int:key>/edit", member.EditMemberView, "edit_member"),
            ("<int:key>/extend", member.ExtendMemberView, "extend_member"),
            ("outside", members.MembersOutsideView, "members_outside"),
            ("<int:key>/keep", member.KeepMemberView, "keep_member"),
            ("<int:key>/offboard", member.OffboardMemberView, "offboard_member"),
            ("invited/<int:key>/edit", member.EditInvitationView, "edit_invitation"),
            ("invited/<int:key>/send-again", member.ResendInvitationView, "resend_invitation"),
            ("invited/<int:key>/revoke", member.RevokeInvitationView, "revoke_invitation"),
        )
    ),
    *(
        path(f"organisations/<int:pk>/members/bulk/{address}", view.as_view(), name=name)
        for address, view, name in (
            ("", bulk_members.BulkMembersView, "bulk_members"),
            ("template/", bulk_members.TemplateView, "bulk_members_template"),
            ("<uuid:job_id>/", bulk_members.ProgressView, "bulk_members_progress"),
            ("<uuid:job_id>/report/", bulk_members.ReportView, "bulk_members_report"),
        )
    ),
    path(
        "organisations/<int:pk>/members/create/",
        members.CreateMemberView.as_view(),
        name="create_member",
    ),
    *(
        path(f"organisations/<int:pk>/{address}/", view.as_view(), name=name)
        for address, view, name in (
            ("description", company_actions.EditDescriptionView, "edit_description"),
            ("children/add", company_actions.AddChildView, "add_child"),
            ("dcp-status/request", dcp.RequestDcpStatusView, "request_dcp_status"),
            ("dcp-status/withdraw", dcp.WithdrawDcpRequestView, "withdraw_dcp_request"),
            ("dcp-ids", dcp.DcpIdsView, "dcp_ids"),
            ("dcp-ids/create", dcp.CreateDcpIdView, "create_dcp_id"),
            ("domains/request", company_actions.RequestDomainView, "request_domain"),
            (
                "domains/requests/<int:key>/withdraw",
                company_actions.WithdrawDomainRequestView,
                "withdraw_domain_request",
            ),
            ("nominate", nominate.NominateView, "nominate"),
            ("nominations/<int:key>/remove", nominate.RemoveNominationView, "remove_nomination"),
            ("dip-ids/create", dip_roles.CreateDipIdView, "create_dip_id"),
            ("dip-roles/request", dip_roles.RequestRoleView, "request_role"),
            (
                "dip-roles/requests/<int:key>/withdraw",
                dip_roles.WithdrawRoleRequestView,
                "withdraw_role_request",
            ),
            ("dip-ids/<str:dip_id>", dip_id.DipIdView, "dip_id"),
            ("dip-ids/<str:dip_id>/nominate", nominate.NominateForDipIdView, "nominate_for_dip_id"),
            (
                "dip-ids/<str:dip_id>/api-keys/download",
                api_keys.DownloadApiKeysView,
                "download_api_keys",
            ),
            (
                "dip-ids/<str:dip_id>/api-keys/<slug:kind>/show",
                api_keys.ShowApiKeyView,
                "show_api_key",
            ),
            (
                "dip-ids/<str:dip_id>/api-keys/<slug:kind>/regenerate",
                api_keys.RegenerateApiKeyView,
                "regenerate_api_key",
            ),
            ("dip-ids/<str:dip_id>/members/add", dip_id.AddMemberView, "add_to_dip_id"),
            (
                "dip-ids/<str:dip_id>/members/<int:key>/add",
                dip_id.AddThisMemberView,
                "add_this_to_dip_id",
            ),
            (
                "dip-ids/<str:dip_id>/members/<int:key>/offboard",
                dip_id.OffboardFromDipIdView,
                "offboard_from_dip_id",
            ),
        )
    ),
    path("organisations/<int:pk>/verify/", verification.VerifyCompanyView.as_view(), name="verify"),
    path("invitations/accept/", invitations.accept, name="accept_invitation"),
    path("invitations/accept/<str:token>/", invitations.link, name="invitation_link"),
]
