"""The DIP Manager's page of one company: everything of it, and a form for each change."""

from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, reverse

from dip_portal.lib import clock
from organisations import queries
from organisations.actors import Actor
from organisations.admin_lists import ListAdmin
from organisations.admin_views.removals import REMOVALS, Removal
from organisations.admin_views.verbs import VERBS, Verb
from organisations.errors import UnableToChangeCompany
from organisations.forms.company import DcpDecisionForm
from organisations.models import DcpId, Nomination, Organisation, PabApproval
from organisations.policies import Action, decide
from organisations.roles import DcpStatus
from organisations.services import dcp

CHANGE = "admin:organisations_organisation_change"
# What DipId.state_on says, as the DIP Manager needs to read it.
STATES = {
    "operational": ("Operational", "success"),
    "no effective from date": (
        "Not operational: no effective from date set by the DIP Manager",
        "warning",
    ),
    "awaiting DIP Manager": (
        "Not operational: the dates copied from UIT await the DIP Manager",
        "warning",
    ),
    "not yet effective": ("Not operational yet", "info"),
    "ended": ("Not operational: ended", "neutral"),
}


class CompanyPages(ListAdmin):
    """The pages of one company, for the admin of companies to inherit."""

    def company_addresses(self) -> list[URLPattern]:
        """Return the company's page, the address of each form, and the pages that ask first."""
        addresses = [
            self.address(
                "<int:pk>/change/",
                self.change,
                "organisations_organisation_change",
                method="GET POST",
            )
        ]
        addresses.append(
            self.address(
                "<int:pk>/dcp-decision/",
                self.decide_dcp_status,
                "organisations_company_dcp_decision",
                method="GET POST",
            )
        )
        for name, verb in VERBS.items():
            addresses.append(
                self.address(
                    f"<int:pk>/{name.replace('_', '-')}/",
                    self._answering(verb),
                    f"organisations_company_{name}",
                    method="GET POST",
                )
            )
        for name, removal in REMOVALS.items():
            addresses.append(
                self.address(
                    f"<int:pk>/{name.replace('_', '-')}/<int:key>/remove/",
                    self._asking(removal),
                    f"organisations_company_remove_{name}",
                    method="GET POST",
                )
            )
        return addresses

    def change(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the company; a POST edits its details."""
        if request.method == "POST":
            return self._do(request, pk, VERBS["details"])
        company = self._company(request, pk)
        return self._show_company(request, company, self.allow(request, resource=company))

    def decide_dcp_status(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask whether a company that requested DCP status gets it, and do as the button says.

        Without a request to decide on, whoever comes by GET is led to the company's page.
        """
        company = self._company(request, pk)
        actor = self.allow(request, Action.DCP_DECIDE, company)
        back = f"{reverse(CHANGE, args=[pk])}#dcp-ids"
        if request.method != "POST" and company.dcp_status != DcpStatus.REQUESTED:
            return redirect(back)
        form = DcpDecisionForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            now = clock.now()
            try:
                match request.POST.get("decision"):
                    case "approve":
                        dcp.approve(actor=actor, organisation=company, now=now)
                        done = f"{company} is a DIP Connection Provider now."
                    case "decline":
                        reason = form.cleaned_data["reason"]
                        dcp.decline(actor=actor, organisation=company, reason=reason, now=now)
                        done = f"The request of {company} for DCP status is declined."
                    case _:
                        raise UnableToChangeCompany("", "Choose: approve or decline.")
            except UnableToChangeCompany as refusal:
                form.add_error("reason" if refusal.field == "reason" else None, str(refusal))
                company.refresh_from_db(fields=["dcp_status"])
            else:
                messages.success(request, f"{done} Its User Admins are told by e-mail.")
                return redirect(back)
        return self.show(
            request,
            "dcp_decision.html",
            f"DCP status for {company}?",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK,
            company=company,
            form=form,
            back=back,
        )

    def _answering(self, verb: Verb) -> Any:
        """Return the view of a form. Whoever comes by GET is led to the company's page."""

        def view(request: HttpRequest, pk: int) -> HttpResponse:
            company = self._company(request, pk)
            self.allow(request, verb.action, company)
            if request.method != "POST":
                return redirect(CHANGE, pk)
            return self._do(request, pk, verb)

        return view

    def _do(self, request: HttpRequest, pk: int, verb: Verb) -> HttpResponse:
        """Do what a form says, and lead back; or show the page again with what is wrong."""
        company = self._company(request, pk)
        actor = self.allow(request, verb.action, company)
        form = verb.form(request.POST, company=company)
        if form.is_valid():
            try:
                done = verb.run(actor, company, dict(form.cleaned_data), clock.now())
            except UnableToChangeCompany as error:
                form.add_error(error.field if error.field in form.fields else None, str(error))
            else:
                messages.success(request, done)
                return redirect(f"{reverse(CHANGE, args=[pk])}#{verb.card}")
        return self._show_company(
            request, company, actor, wrong=form, status=HTTPStatus.UNPROCESSABLE_ENTITY
        )

    def _asking(self, removal: Removal) -> Any:
        """Return the view that asks by GET and does by POST."""

        def view(request: HttpRequest, pk: int, key: int) -> HttpResponse:
            company = self._company(request, pk)
            actor = self.allow(request, removal.action, company)
            it = get_object_or_404(removal.found(company), pk=key)
            back = f"{reverse(CHANGE, args=[pk])}#{removal.card}"
            if request.method == "POST":
                removal.remove(actor, it, clock.now())
                messages.success(request, removal.done.format(it=it))
                return redirect(back)
            return self.show(
                request,
                "remove.html",
                removal.question.format(it=it),
                company=company,
                removal=removal,
                back=back,
            )

        return view

    def _company(self, request: HttpRequest, pk: int) -> Organisation:
        companies = self.get_queryset(request).select_related("parent")
        return get_object_or_404(companies, pk=pk)

    def _show_company(
        self,
        request: HttpRequest,
        company: Organisation,
        actor: Actor,
        *,
        wrong: forms.Form | None = None,
        status: int = HTTPStatus.OK,
    ) -> HttpResponse:
        today = clock.today()
        prefetch_related_objects([company], "mpids__dip_ids")
        mpids = list(company.mpids.all())
        dip_ids = [dip_id for mpid in mpids for dip_id in mpid.dip_ids.all()]
        return self.show(
            request,
            "company.html",
            company.name,
            status=status,
            company=company,
            forms={
                name: wrong if isinstance(wrong, verb.form) else verb.form(company=company)
                for name, verb in VERBS.items()
                if decide(actor, verb.action, company)
            },
            wrong=wrong,
            approvals=_approvals(actor, company),
            shows_approval=bool(decide(actor, Action.PAB_APPROVAL_RECORD, company)),
            own_domains=list(company.whitelisted_domains.all()),
            dcp_domains=queries.domains_through_dcps(company),
            mpids=mpids,
            dip_ids=[(dip_id, *STATES[dip_id.state_on(today)]) for dip_id in dip_ids],
            dcp_ids=list(company.dcp_ids.all()),
            nominations=list(
                company.nominations.select_related("dip_id__mpid", "dcp_id__organisation")
            ),
            known_dcp_ids=list(
                DcpId.objects.exclude(organisation=company).select_related("organisation")
            ),
            nominated_by=Nomination.objects.filter(dcp_id__organisation=company)
            .values("organisation")
            .distinct()
            .count(),
            children=queries.children(company),
        )


def _approvals(actor: Actor, company: Organisation) -> list[PabApproval]:
    if not decide(actor, Action.PAB_APPROVAL_RECORD, company):
        return []
    return list(company.pab_approvals.select_related("recorded_by"))
