"""The Market Participant Organisation pages: the list, and a company with its three tabs."""

from datetime import date
from typing import Any, ClassVar

from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from dip_portal.lib import clock
from organisations import queries
from organisations.actors import DipManagerActor
from organisations.http import ActionView, OrganisationView
from organisations.listing import Column, listing
from organisations.models import DipId, Nomination
from organisations.policies import Action, decide
from organisations.roles import DcpStatus

COMPANY_COLUMNS = [
    Column(label="Company", key="name", fields=("name",)),
    Column(label="Company Number", key="number", fields=("company_number",)),
    Column(label="Company Type"),
    Column(label="Role Codes"),
    Column(label="DCP Status", key="dcp", fields=("dcp_status", "name")),
]
DIP_ID_COLUMNS = [
    Column(label="DIP ID", key="dip_id", fields=("dip_id",)),
    Column(label="MPID", key="mpid", fields=("mpid__code", "dip_id")),
    Column(label="Market Participant Role Code", key="mpr", fields=("mpr_role_code", "dip_id")),
    Column(label="DIP Role Code", key="role", fields=("dip_role_code", "dip_id")),
    Column(label="Effective From Date (MPR)", key="from", fields=("effective_from_date", "dip_id")),
    Column(label="Effective To Date (MPR)", key="to", fields=("effective_to_date", "dip_id")),
    Column(label="DIP Connection Provider"),
    Column(label="State"),
]
DCP_STATUS_TONES = {
    DcpStatus.DISABLED.value: "neutral",
    DcpStatus.REQUESTED.value: "warning",
    DcpStatus.APPROVED.value: "success",
}
TABS = {
    "dip_ids": ("DIP IDs", "organisations:dip_ids"),
    "members": ("Members", "organisations:members"),
    "certificates": ("Certificates", "certificates:tab"),
}
# What DipId.state_on says, as the portal puts it: label, tone, and what it waits for.
DIP_ID_STATES = {
    "operational": ("Operational", "success", ""),
    "no effective from date": ("Not operational", "warning", "It has no effective from date."),
    "awaiting DIP Manager": (
        "Not operational",
        "warning",
        "The DIP Manager has not set its dates.",
    ),
    "not yet effective": ("Not operational", "info", "Not effective yet."),
    "ended": ("Ended", "neutral", ""),
}


class CompaniesView(ActionView):
    """The companies that one may see; a member of exactly one is led straight to it."""

    action: ClassVar[Action] = Action.ORGANISATION_VIEW

    def get(self, request: HttpRequest) -> HttpResponse:
        companies = queries.companies(self.actor)
        if not isinstance(self.actor, DipManagerActor) and not request.GET:
            few = list(companies.order_by("name", "pk").values_list("pk", flat=True)[:2])
            if len(few) == 1:
                return redirect("organisations:dip_ids", pk=few[0])
        table = listing(
            request, companies, columns=COMPANY_COLUMNS, search=queries.matching_company
        )
        for company in table.page:
            company.dcp_tone = DCP_STATUS_TONES[company.dcp_status]
        return render(request, "organisations/companies.html", {"table": table})


class CompanyView(OrganisationView, is_base=True):
    """What the three tabs share: the details of the company above them."""

    tab: ClassVar[str]

    def show(self, request: HttpRequest, **context: Any) -> HttpResponse:
        """Render the tab's template under the details.

        Who may see this tab alone, as the people of a nominated DCP, sees the company's name.
        """
        company = self.organisation
        template = f"organisations/company_{self.tab}.html"
        if not decide(self.actor, Action.ORGANISATION_VIEW, company):
            narrow = {"company": company, "frame": "organisations/company_for_dcp.html", **context}
            return render(request, template, narrow)
        prefetch_related_objects([company], "mpids__dip_ids")  # for its types and role codes
        nomination, of_dip_ids = queries.nominations_seen(self.actor, company)
        return render(
            request,
            template,
            {
                "company": company,
                "frame": "organisations/company.html",
                "dcp_tone": DCP_STATUS_TONES[company.dcp_status],
                "nomination": nomination,
                "dip_id_nominations": of_dip_ids,
                "own_domains": queries.own_domains(company),
                "dcp_domains": queries.domains_through_dcps(company),
                "parent": company.parent,
                "parent_is_visible": company.parent is not None
                and bool(decide(self.actor, Action.ORGANISATION_VIEW, company.parent)),
                "children": [
                    (child, bool(decide(self.actor, Action.ORGANISATION_VIEW, child)))
                    for child in queries.children(company)
                ],
                "may_nominate": decide(self.actor, Action.NOMINATION_MAKE, company),
                "may_describe": decide(self.actor, Action.ORGANISATION_DESCRIBE, company),
                "may_add_child": decide(self.actor, Action.ORGANISATION_ADD_CHILD, company),
                "may_request_dcp": decide(self.actor, Action.DCP_REQUEST, company),
                "may_configure_channels": decide(self.actor, Action.CHANNEL_CONFIGURE, company),
                "may_request_domain": decide(self.actor, Action.DOMAIN_REQUEST, company),
                "requests": queries.pending_domain_requests(company),
                "tabs": self._tabs(),
                **context,
            },
        )

    def _tabs(self) -> list[tuple[str, str, bool]]:
        return [
            (label, reverse(page, args=[self.organisation.pk]), tab == self.tab)
            for tab, (label, page) in TABS.items()
        ]


class DipIdsView(CompanyView):
    """The company's DIP IDs, and which of them are operational."""

    action: ClassVar[Action] = Action.ORGANISATION_VIEW
    tab = "dip_ids"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        today = clock.today()
        table = listing(
            request,
            queries.dip_ids(self.actor, self.organisation),
            columns=DIP_ID_COLUMNS,
            search=queries.matching_dip_id,
        )
        rows = [
            (dip_id, _own_nomination(dip_id), dip_id_state(dip_id, today)) for dip_id in table.page
        ]
        counts = queries.dip_id_counts(self.actor, self.organisation)
        return self.show(
            request,
            table=table,
            rows=rows,
            undated=counts["all"] - counts["dated"],
            role_requests=queries.open_role_requests(self.organisation),
            may_request_role=decide(self.actor, Action.ROLE_REQUEST, self.organisation),
            may_create_dip_id=decide(self.actor, Action.DIP_ID_CREATE_QUALIFIED, self.organisation),
        )


def _own_nomination(dip_id: DipId) -> Nomination | None:
    return next(iter(dip_id.nominations.all()), None)


def dip_id_state(dip_id: DipId, today: date) -> tuple[str, str, str]:
    """Return how the portal puts the state of a DIP ID: label, tone, and what it waits for."""
    return DIP_ID_STATES[dip_id.state_on(today)]
