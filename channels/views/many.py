"""Many webhooks at once: by a pattern, as another DIP ID has them, and all removed."""

from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from channels.errors import PlanChanged, UnableToConfigure
from channels.forms.webhooks import CopyForm, PatternForm, RemoveAllForm
from channels.plans import Wanted
from channels.services import webhooks
from channels.services.webhooks import Plan
from dip_portal.lib import clock
from organisations.http import OrganisationView
from organisations.models import DipId
from organisations.policies import Action, visible

SHOWN = 200  # rows of a preview; the rest is told in number


class ManyWebhooksView(OrganisationView, is_base=True):
    """A form, then a preview of what each webhook would become, then the deed."""

    action: ClassVar[Action] = Action.CHANNEL_CONFIGURE
    form_class: ClassVar[type[PatternForm] | type[CopyForm]]
    title: ClassVar[str]
    lead: ClassVar[str]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._page(self.form_class(known=self._known()))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        data = request.POST.copy()
        form = self.form_class(data, known=self._known())
        if not form.is_valid():
            return self._page(form)
        wanted = form.wanted()
        try:
            if request.POST.get("step") == "confirm":
                return self._done(form.cleaned_data["fingerprint"], wanted)
            plan = self._plan(wanted)
        except PlanChanged as refusal:
            messages.warning(request, str(refusal))
            plan = self._plan(wanted)
        except UnableToConfigure as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
            return self._page(form)
        data["fingerprint"] = plan.fingerprint
        return self._page(form, plan=plan)

    def _plan(self, wanted: Wanted) -> Plan:
        return webhooks.plan_many(actor=self.actor, organisation=self.organisation, wanted=wanted)

    def _done(self, fingerprint: str, wanted: Wanted) -> HttpResponse:
        plan = webhooks.set_many(
            actor=self.actor,
            organisation=self.organisation,
            wanted=wanted,
            fingerprint=fingerprint,
            now=clock.now(),
        )
        count = len(plan.made)
        messages.success(self.request, f"{count} webhook{'s are' if count != 1 else ' is'} set.")
        return redirect("channels:channels", pk=self.organisation.pk)

    def _known(self) -> list[DipId]:
        rows = DipId.objects.filter(mpid__organisation=self.organisation).select_related("mpid")
        return list(visible(self.actor, self.action, rows).order_by("dip_id"))

    def _page(self, form: PatternForm | CopyForm, *, plan: Plan | None = None) -> HttpResponse:
        context: dict[str, Any] = {
            "company": self.organisation,
            "form": form,
            "title": self.title,
            "lead": self.lead,
            "channels_url": reverse("channels:channels", args=[self.organisation.pk]),
        }
        if plan is not None:
            context |= {
                "plan": plan,
                "changes": plan.changes[:SHOWN],
                "more": max(0, len(plan.changes) - SHOWN),
            }
        return render(self.request, "channels/many.html", context)


class PatternView(ManyWebhooksView):
    """Set many webhooks by a pattern."""

    form_class = PatternForm
    title = "Set webhooks by a pattern"
    lead = "One URL with placeholders for all publications of the DIP IDs that you choose."


class CopyView(ManyWebhooksView):
    """Set many webhooks as another DIP ID has them."""

    form_class = CopyForm
    title = "Copy webhooks"
    lead = "The webhooks of one DIP ID for others, as far as their roles receive the same."


class RemoveAllView(OrganisationView):
    """Remove all webhooks of a company, whose name has to be typed."""

    action: ClassVar[Action] = Action.CHANNEL_CONFIGURE

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._ask(RemoveAllForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = RemoveAllForm(request.POST)
        if form.is_valid():
            try:
                count = webhooks.remove_all(
                    actor=self.actor,
                    organisation=self.organisation,
                    name=form.cleaned_data["name"],
                    now=clock.now(),
                )
            except UnableToConfigure as refusal:
                form.add_error(refusal.field or None, str(refusal))
            else:
                messages.success(
                    request, f"{count} webhook{'s are' if count != 1 else ' is'} removed."
                )
                return redirect("channels:channels", pk=pk)
        return self._ask(form)

    def _ask(self, form: RemoveAllForm) -> HttpResponse:
        return render(
            self.request,
            "channels/confirm_for_company.html",
            {
                "company": self.organisation,
                "title": "Remove All Webhook URL Configurations",
                "question": f"Remove all webhook URL configurations of {self.organisation}?",
                "consequence": "Nothing is delivered any more to any webhook of the DIP IDs that "
                f"you may configure. To be sure, type the name: {self.organisation.name}",
                "submit": "Remove all",
                "cancel_url": reverse("organisations:dip_ids", args=[self.organisation.pk]),
                "danger": True,
                "form": form,
            },
        )
