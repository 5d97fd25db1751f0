"""The DIP Manager's side bar: the promotion first, then what it works on, then the machinery."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from controls import state
from dip_portal.lib import environment as environments
from organisations.models import DomainRequest, Organisation, RoleRequest
from organisations.roles import DcpStatus
from promotion.queries import waiting_imports


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups of the side bar of this environment."""
    environment = environments.current()
    promotion = [_item("Pipeline", "conversion_path", "promotion:pipeline")]
    if environment.can_extract:
        promotion.append(_item("Extracts", "output", "promotion:extracts"))
    if environment.can_import:
        waiting = waiting_imports().count() or ""
        promotion.append(_item("Imports", "input", "promotion:imports", badge=waiting))
        if settings.UIT_SERVICE_URL:
            promotion.append(_item("Candidates in UIT", "travel_explore", "promotion:candidates"))
    operations = [
        _item("Overview", "monitor_heart", "operating:overview"),
        _item("Audit trail", "history", "admin:audit_event_changelist"),
        _item("Jobs", "manufacturing", "admin:jobs_job_changelist"),
        _item("Outgoing mail", "mail", "admin:mail_outgoingmail_changelist"),
        _item("Webhooks", "webhook", "admin:channels_webhookconfiguration_changelist"),
        _item(
            "Certificate requests",
            "workspace_premium",
            "admin:certificates_certificaterequest_changelist",
        ),
    ]
    if state.are_here():
        operations.append(_item("Test controls", "tune", "test_controls:page"))
    companies = [
        _item("Companies", "apartment", "admin:organisations_organisation_changelist"),
        _item(
            "Requested domains",
            "domain_add",
            "admin:organisations_domainrequest_changelist",
            badge=DomainRequest.objects.filter(state="PENDING").count() or "",
        ),
        _item(
            "Requested DIP roles",
            "badge",
            "admin:organisations_rolerequest_changelist",
            badge=RoleRequest.objects.filter(state="PENDING").count() or "",
        ),
        _item(
            "DCP requests",
            "lan",
            "admin:organisations_organisation_changelist",
            query="?dcp_status=REQUESTED",
            badge=Organisation.objects.filter(dcp_status=DcpStatus.REQUESTED).count() or "",
        ),
        _item("Users", "group", "admin:accounts_user_changelist"),
    ]
    _mark_where_one_is(request, [*promotion, *companies, *operations])
    return [
        {"title": "Promotion to Production", "items": promotion},
        {"title": "Companies", "separator": True, "items": companies},
        {"title": "Operations", "separator": True, "items": operations},
    ]


def _mark_where_one_is(request: HttpRequest, items: list[dict[str, Any]]) -> None:
    """Mark the item with the longest address that the page lies under, and no other."""
    under = [item for item in items if request.path.startswith(item["link"])]
    here = max(under, key=lambda item: len(item["link"]), default=None)
    for item in items:
        item["active"] = item is here


def _item(title: str, icon: str, name: str, query: str = "", **more: Any) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse(name) + query, **more}
