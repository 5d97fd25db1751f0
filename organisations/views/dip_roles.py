"""A company asks for a DIP role of an MPID, and creates the DIP ID of an approved one."""

from typing import ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from dip_portal.lib import clock
from organisations.errors import UnableToChangeCompany
from organisations.forms.company_actions import CreateDipIdForm, RoleRequestForm
from organisations.policies import Action, Stranger, decide
from organisations.services import role_requests
from organisations.views.company_actions import CompanyActionView


class RequestRoleView(CompanyActionView):
    """Ask the DIP Manager for a DIP role of an MPID."""

    action: ClassVar[Action] = Action.ROLE_REQUEST

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._page(RoleRequestForm(company=self.organisation))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = RoleRequestForm(request.POST, company=self.organisation)
        if form.is_valid():
            try:
                asked = role_requests.request_role(
                    actor=self.actor,
                    organisation=self.organisation,
                    now=clock.now(),
                    **form.cleaned_data,
                )
            except UnableToChangeCompany as refusal:
                form.add_error(refusal.field or None, str(refusal))
            else:
                return self.done(
                    f"The DIP Manager is asked for {asked}. You are told by e-mail what is decided."
                )
        return self._page(form)

    def _page(self, form: RoleRequestForm) -> HttpResponse:
        return self.show("role.html", form=form, has_mpids=self.organisation.mpids.exists())


class WithdrawRoleRequestView(CompanyActionView):
    """Take a request for a DIP role back."""

    action: ClassVar[Action] = Action.ROLE_REQUEST

    def post(self, request: HttpRequest, pk: int, key: int) -> HttpResponse:
        found = self.organisation.role_requests.select_related("mpid").filter(pk=key).first()
        if found is None:
            raise Stranger
        try:
            role_requests.withdraw(actor=self.actor, request=found, now=clock.now())
        except UnableToChangeCompany as refusal:
            messages.error(request, str(refusal))
            return redirect("organisations:dip_ids", pk=pk)
        return self.done(f"The request for {found} is withdrawn.")


class CreateDipIdView(CompanyActionView):
    """Create New DIP ID, of an approved pair of MPID and DIP role."""

    action: ClassVar[Action] = Action.DIP_ID_CREATE_QUALIFIED

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._page()

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = CreateDipIdForm(request.POST, qualified=role_requests.qualified(self.organisation))
        if form.is_valid():
            try:
                made = role_requests.create_dip_id(
                    actor=self.actor,
                    organisation=self.organisation,
                    request_key=form.cleaned_data["qualified"],
                    now=clock.now(),
                )
            except UnableToChangeCompany as refusal:
                form.add_error("qualified", str(refusal))
            else:
                messages.success(
                    request,
                    f"DIP ID {made} is created, with two fresh API keys. It is operational once "
                    "the DIP Manager has set its effective dates.",
                )
                return redirect("organisations:dip_id", pk=pk, dip_id=made.dip_id)
        return self._page(form)

    def _page(self, form: CreateDipIdForm | None = None) -> HttpResponse:
        qualified = role_requests.qualified(self.organisation)
        return self.show(
            "create_dip_id.html",
            form=form or CreateDipIdForm(qualified=qualified),
            qualified=qualified,
            may_request=decide(self.actor, Action.ROLE_REQUEST, self.organisation),
        )
