"""Failed API calls: what testers of a company see of the calls that were refused."""

from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from channels import comparison
from channels.models import FailedCall
from channels.refusals import CODES
from organisations.http import OrganisationView
from organisations.listing import Column, listing
from organisations.models import DipId
from organisations.policies import Action, Stranger, visible

COLUMNS = [
    Column(label="When (UTC)", key="when", fields=("at",)),
    Column(label="DIP ID", key="dip_id", fields=("dip_id__dip_id", "at")),
    Column(label="Call"),
    Column(label="Why it was refused", key="code", fields=("code", "at")),
    Column(label="From", key="from", fields=("address", "at")),
]


class FailedCallsPage(OrganisationView, is_base=True):
    """A page of the failed calls of a company's DIP IDs, as far as one may see these."""

    action: ClassVar[Action] = Action.CHANNEL_VIEW

    def calls(self) -> QuerySet[FailedCall]:
        """Return the calls of this company that one may see."""
        rows = FailedCall.objects.select_related("dip_id__mpid").filter(
            dip_id__mpid__organisation=self.organisation
        )
        return visible(self.actor, self.action, rows)

    def show(self, template: str, **context: Any) -> HttpResponse:
        """Render a page of templates/channels/."""
        return render(
            self.request, f"channels/{template}", {"company": self.organisation, **context}
        )


class FailedCallsView(FailedCallsPage):
    """The calls, newest first."""

    action: ClassVar[Action] = Action.CHANNEL_VIEW

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        own = DipId.objects.select_related("mpid").filter(mpid__organisation=self.organisation)
        dip_ids = list(visible(self.actor, self.action, own).order_by("dip_id"))
        dip_id = next((it for it in dip_ids if it.dip_id == request.GET.get("dip_id")), None)
        code = request.GET.get("code", "")
        rows = self.calls()
        if dip_id is not None:
            rows = rows.filter(dip_id=dip_id)
        if code in CODES:
            rows = rows.filter(code=code)
        return self.show(
            "failed_calls.html",
            table=listing(request, rows, columns=COLUMNS, search=_matching, default="-when"),
            dip_ids=dip_ids,
            dip_id=dip_id,
            codes=CODES,
            code=code if code in CODES else "",
        )


class FailedCallView(FailedCallsPage):
    """One call, with the strings to sign; one's own can be compared with them."""

    action: ClassVar[Action] = Action.CHANNEL_VIEW
    call: FailedCall

    def load(self, **kwargs: Any) -> None:
        """Load the company and the call; who may not see its DIP ID gets 404."""
        super().load(**kwargs)
        found = self.calls().filter(pk=kwargs["key"]).first()
        if found is None:
            raise Stranger
        self.call = found

    def get(self, request: HttpRequest, pk: int, key: int) -> HttpResponse:
        call = self.call
        signed = request.GET.get("signed", "")[: comparison.MAX_LENGTH]
        forms = {"full URL": call.canonical_full, "path": call.canonical_path}
        return self.show(
            "failed_call.html",
            call=call,
            code=CODES.get(call.code),
            signed=signed,
            compared=comparison.compare(signed, forms) if signed else None,
        )


def _matching(word: str) -> Q:
    return (
        Q(url__icontains=word)
        | Q(code__icontains=word)
        | Q(sentence__icontains=word)
        | Q(method__iexact=word)
        | Q(address__icontains=word)
        | Q(correlation_id=word)
        | Q(client_thumbprint__istartswith=word)
    )
