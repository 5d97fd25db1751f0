"""The Certificates tab of a company: its stages, its requests, its inventory."""

from datetime import datetime
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from certificates import queries
from certificates.models import Certificate, DomainRegistration
from certificates.stages import stages
from certificates.views.inventory import COLUMNS, wanted_rows
from certificates.views.page import CertificatesPage
from dip_portal.lib import clock
from dip_portal.lib import environment as environments
from organisations.listing import listing
from organisations.models import Organisation
from organisations.policies import Action, decide
from organisations.views.pages import CompanyView


class CertificatesView(CompanyView):
    """The tab as a whole."""

    action: ClassVar[Action] = Action.CERTIFICATE_VIEW
    tab = "certificates"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        now = clock.now()
        held = queries.holdings(self.organisation, now=now)
        rows, wanted = wanted_rows(request, self.actor, self.organisation, now=now)
        table = listing(request, rows, columns=COLUMNS, search=queries.matching)
        may_manage = decide(self.actor, Action.CERTIFICATE_MANAGE, self.organisation)
        return self.show(
            request,
            stages=stages(self.organisation, held, now=now),
            credential=held.credential,
            domains=[
                (row, domain_state(row, now), row.is_verified_at(now)) for row in held.domains
            ],
            table=table,
            rows=[(row, queries.state_of(row, now=now)) for row in table.page],
            wanted=wanted,
            states=[(key, label) for key, (label, _) in queries.STATES.items()],
            purposes=Certificate.Purpose.choices,
            may_manage=may_manage,
            here=environments.current(),
            **requests_context(self.organisation, now=now),
        )


class RequestsView(CertificatesPage):
    """The part of the tab that asks for itself again while a request is on its way."""

    action: ClassVar[Action] = Action.CERTIFICATE_VIEW

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return render(
            request,
            "certificates/partials/requests.html",
            {
                "company": self.organisation,
                "may_manage": decide(self.actor, Action.CERTIFICATE_MANAGE, self.organisation),
                **requests_context(self.organisation, now=clock.now()),
            },
        )


def requests_context(organisation: Organisation, *, now: datetime) -> dict[str, Any]:
    """Return what partials/requests.html takes: one query."""
    found = queries.recent_requests(organisation, now=now)
    return {
        "requests_shown": found,
        "is_waiting": any(row.is_open for row in found),
    }


def domain_state(row: DomainRegistration, now: datetime) -> tuple[str, str]:
    """Return how a domain stands: label and tone."""
    if row.is_verified_at(now):
        return "Verified", "success"
    if row.verified_until is not None:
        return "Verification expired", "danger"
    if row.is_overdue_at(now):
        return "Code expired", "danger"
    return ("Submitted", "info") if row.record_added_at else ("Pending", "warning")
