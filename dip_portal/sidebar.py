"""The DIP Manager's side bar: the promotion first, then what it works on, then the machinery."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from dip_portal.lib import environment as environments


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups of the side bar of this environment."""
    environment = environments.current()
    promotion = [_item("Pipeline", "conversion_path", "promotion:pipeline")]
    if environment.can_extract:
        promotion.append(_item("Extracts", "output", "promotion:extracts"))
    if environment.can_import:
        promotion.append(_item("Imports", "input", "promotion:imports"))
        if settings.UIT_SERVICE_URL:
            promotion.append(_item("Candidates in UIT", "travel_explore", "promotion:candidates"))
    operations = [
        _item("Audit trail", "history", "admin:audit_event_changelist"),
        _item("Jobs", "manufacturing", "admin:jobs_job_changelist"),
        _item("Outgoing mail", "mail", "admin:mail_outgoingmail_changelist"),
    ]
    return [
        _group("Promotion to Production", promotion),
        _group(
            "Companies",
            [
                _item("Companies", "apartment", "admin:organisations_organisation_changelist"),
                _item("Users", "group", "admin:accounts_user_changelist"),
            ],
        ),
        _group("Operations", operations),
    ]


def _group(title: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"title": title, "separator": True, "items": items}


def _item(title: str, icon: str, name: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse(name)}
