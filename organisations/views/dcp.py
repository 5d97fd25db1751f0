"""A company as a DIP Connection Provider: its status, its DCP IDs, and who nominated it."""

from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from dip_portal.lib import clock
from organisations import queries
from organisations.errors import UnableToChangeCompany
from organisations.forms.company_actions import CreateDcpIdForm
from organisations.listing import Column, listing
from organisations.policies import Action, Stranger, decide
from organisations.services import dcp, dip_ids
from organisations.views.company_actions import CompanyActionView

NOMINATION_COLUMNS = [
    Column(label="Company", key="company", fields=("organisation__name", "dip_id__dip_id")),
    Column(label="For", key="for", fields=("dip_id__dip_id", "organisation__name")),
    Column(label="DCP ID", key="dcp_id", fields=("dcp_id_code", "organisation__name")),
]


class RequestDcpStatusView(CompanyActionView):
    """Ask for DCP status; asks first."""

    action: ClassVar[Action] = Action.DCP_REQUEST

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.show(
            "confirm.html",
            title="Request DCP status",
            question=f"Ask for {self.organisation} to be a DIP Connection Provider?",
            consequence="A DIP Connection Provider connects to the DIP on behalf of other "
            "companies, which nominate it by its DCP ID. The DIP Manager decides; the User "
            "Admins are told by e-mail.",
            submit="Request DCP status",
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.do(dcp.request_status, "The DIP Manager is asked for DCP status.")


class WithdrawDcpRequestView(CompanyActionView):
    """Take the request for DCP status back."""

    action: ClassVar[Action] = Action.DCP_REQUEST

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.do(dcp.withdraw_request, "The request for DCP status is withdrawn.")


class DcpIdsView(CompanyActionView):
    """The DCP IDs of an approved DIP Connection Provider, and who nominated them."""

    action: ClassVar[Action] = Action.ORGANISATION_VIEW

    def load(self, **kwargs: Any) -> None:
        """Load the company; one that is no DIP Connection Provider has no such page."""
        super().load(**kwargs)
        if not self.organisation.is_dcp:
            raise Stranger

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        table = listing(
            request,
            queries.nominations_of_dcp(self.organisation),
            columns=NOMINATION_COLUMNS,
            search=queries.matching_nomination,
        )
        dcp_ids = list(self.organisation.dcp_ids.all())
        return self.show(
            "dcp_ids.html",
            dcp_ids=dcp_ids,
            form=CreateDcpIdForm(initial={"known": len(dcp_ids)}),
            may_create=decide(self.actor, Action.DCP_ID_CREATE, self.organisation),
            table=table,
        )


class CreateDcpIdView(CompanyActionView):
    """Give the DIP Connection Provider one more DCP ID."""

    action: ClassVar[Action] = Action.DCP_ID_CREATE

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        page = "organisations:dcp_ids" if self.organisation.is_dcp else "organisations:dip_ids"
        form = CreateDcpIdForm(request.POST)
        if not form.is_valid():
            messages.error(request, "Create a DCP ID by the button on the page DCP IDs.")
            return redirect(page, pk=pk)
        try:
            made = dip_ids.add_dcp_id(
                actor=self.actor,
                organisation=self.organisation,
                now=clock.now(),
                **form.cleaned_data,
            )
        except UnableToChangeCompany as refusal:
            messages.error(request, str(refusal))
            return redirect(page, pk=pk)
        messages.success(request, f"DCP ID {made} is created: share it with your companies.")
        return redirect("organisations:dcp_ids", pk=pk)
