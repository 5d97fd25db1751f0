"""Nominate a DIP Connection Provider, for a company or one DIP ID; a page that shows it first."""

from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from dip_portal.lib import clock
from organisations import queries
from organisations.errors import UnableToChangeCompany
from organisations.forms.company import DcpForm
from organisations.http import OrganisationView
from organisations.models import DcpId, DipId, Nomination, Organisation
from organisations.policies import Action, Stranger
from organisations.services import domains, nominations
from organisations.views.dip_id import DipIdPage

SHOWN = "shown"  # a submit button of this name says that the page has shown who the DCP is


class Nominating:
    """The form and the page that asks, wherever the nomination is for."""

    organisation: Organisation
    request: HttpRequest
    actor: Any

    def nominated_for(self) -> DipId | None:
        """Return the DIP ID that the nomination is for, None for all of the company."""
        return None

    def own_address(self) -> str:
        """Return the page to come back to."""
        return reverse("organisations:dip_ids", args=[self.organisation.pk])

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self._page(DcpForm(initial={"whitelists_domains": True}))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        form = DcpForm(request.POST)
        if not form.is_valid():
            return self._page(form)
        code = form.cleaned_data["dcp_id_code"].strip()
        whitelists = form.cleaned_data["whitelists_domains"]
        try:
            nominations.check(self.organisation, code, dip_id=self.nominated_for())
            if SHOWN not in request.POST:
                return self._ask(code, whitelists=whitelists)
            made = nominations.nominate(
                actor=self.actor,
                organisation=self.organisation,
                dcp_id_code=code,
                dip_id=self.nominated_for(),
                whitelists_domains=whitelists,
                now=clock.now(),
            )
        except UnableToChangeCompany as refusal:
            form.add_error("dcp_id_code", str(refusal))
            return self._page(form)
        waits = " It completes when that DCP is in this environment." if made.is_pending else ""
        messages.success(request, f"DCP {made.dcp_id_code} is nominated.{waits}")
        return redirect(self.own_address())

    def _ask(self, code: str, *, whitelists: bool) -> HttpResponse:
        dcp = DcpId.objects.select_related("organisation").filter(dcp_id=code).first()
        return self._show(
            "confirm.html",
            code=code,
            whitelists=whitelists,
            dcp=dcp,
            domains=domains.domains_of(dcp) if dcp and whitelists else [],
            former=queries.nomination_for(self.organisation, self.nominated_for()),
        )

    def _page(self, form: DcpForm) -> HttpResponse:
        return self._show("form.html", form=form)

    def _show(self, template: str, **context: Any) -> HttpResponse:
        return render(
            self.request,
            f"organisations/nominate/{template}",
            {
                "company": self.organisation,
                "dip_id": self.nominated_for(),
                "back_url": self.own_address(),
                **context,
            },
        )


class NominateView(Nominating, OrganisationView):
    """Nominate a DCP for all of the company."""

    action: ClassVar[Action] = Action.NOMINATION_MAKE


class NominateForDipIdView(Nominating, DipIdPage):
    """Nominate a DCP for one DIP ID."""

    action: ClassVar[Action] = Action.NOMINATION_MAKE

    def resource(self) -> Organisation:
        """Return the company: its User Admins nominate."""
        return self.organisation

    def nominated_for(self) -> DipId:
        """Return the DIP ID."""
        return self.dip_id

    def own_address(self) -> str:
        """Return the page of the DIP ID."""
        return self.address()


class RemoveNominationView(OrganisationView):
    """End a nomination; asks first, and says which domains go with it."""

    action: ClassVar[Action] = Action.NOMINATION_MAKE
    nomination: Nomination

    def load(self, **kwargs: Any) -> None:
        """Load the company and its nomination, or raise Stranger."""
        super().load(**kwargs)
        found = (
            self.organisation.nominations.select_related("dip_id", "dcp_id__organisation")
            .filter(pk=kwargs["key"])
            .first()
        )
        if found is None:
            raise Stranger
        found.organisation = self.organisation
        self.nomination = found

    def get(self, request: HttpRequest, pk: int, key: int) -> HttpResponse:
        ending = domains.domains_ending_with(self.nomination)
        return render(
            request,
            "organisations/nominate/remove.html",
            {
                "company": self.organisation,
                "nomination": self.nomination,
                "domains": ending,
                "concerned": queries.people_from(self.organisation, ending) if ending else 0,
                "question": f"Remove the nomination of DCP {self.nomination.dcp_id_code}?",
                "consequence": "The DCP no longer connects to the DIP for "
                + (
                    f"DIP ID {self.nomination.dip_id}."
                    if self.nomination.dip_id
                    else f"{self.organisation}."
                ),
                "submit": "Remove the nomination",
                "cancel_url": self._own_address(),
                "danger": True,
            },
        )

    def post(self, request: HttpRequest, pk: int, key: int) -> HttpResponse:
        nominations.remove_nomination(actor=self.actor, nomination=self.nomination, now=clock.now())
        messages.success(
            request, f"The nomination of DCP {self.nomination.dcp_id_code} is removed."
        )
        return redirect(self._own_address())

    def _own_address(self) -> str:
        if self.nomination.dip_id is None:
            return reverse("organisations:dip_ids", args=[self.organisation.pk])
        return reverse(
            "organisations:dip_id", args=[self.organisation.pk, self.nomination.dip_id.dip_id]
        )
