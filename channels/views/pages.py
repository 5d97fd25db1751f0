"""Message Channels: the publications of a company's DIP IDs, and the DIP's whole catalogue."""

from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from channels import catalogue
from channels.catalogue import UnknownChannel
from channels.plans import receivable
from channels.rows import STATES, rows_of
from channels.services import webhooks
from organisations import acting
from organisations.http import ActionView, OrganisationView
from organisations.listing import Column, listing_of_list, searched
from organisations.models import DipId
from organisations.policies import Action, decide, decide_anywhere, enforce, visible
from organisations.views.dip_id import DipIdPage

COLUMNS = [
    Column(label="DIP ID", key="dip_id", fields=("number", "publication")),
    Column(label="Publication", key="publication", fields=("publication", "number")),
    Column(label="Title", key="title", fields=("title", "number")),
    Column(label="Webhook URL", key="url", fields=("url", "number", "publication")),
    Column(label="State", key="state", fields=("state", "number", "publication")),
]
CATALOGUE_COLUMNS = [
    Column(label="Interface", key="interface", fields=("interface_id",)),
    Column(label="Publication", key="publication", fields=("publication_id",)),
    Column(label="Title", key="title", fields=("title",)),
    Column(label="From"),
    Column(label="To"),
    Column(label="Schema"),
]


class CataloguePage(ActionView, is_base=True):
    """A page of the catalogue, for whoever may look at the channels of some company."""

    action: ClassVar[Action] = Action.CHANNEL_VIEW

    def load(self, **kwargs: Any) -> None:
        """Require the action in at least one company."""
        enforce(decide_anywhere(self.actor, self.action))


class CatalogueView(CataloguePage):
    """Every interface, publication and report of the DIP."""

    def get(self, request: HttpRequest) -> HttpResponse:
        words = searched(request).lower().split()
        role = request.GET.get("role", "").upper()
        found = [
            one
            for one in catalogue.interfaces()
            if _matches(one, words) and (not role or role in one.recipients)
        ]
        return render(
            request,
            "channels/catalogue.html",
            {
                "table": listing_of_list(request, found, columns=CATALOGUE_COLUMNS),
                "role": role,
                "roles": sorted({to for one in catalogue.interfaces() for to in one.recipients}),
                "version": catalogue.VERSION,
                "own": _own_channels(request),
            },
        )


class InterfaceView(CataloguePage):
    """One interface with its routes and events."""

    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        try:
            found = catalogue.channel(name)
        except UnknownChannel as error:
            raise Http404(str(error)) from None
        return render(request, "channels/interface.html", {"interface": found})


class ChannelsView(OrganisationView):
    """What each DIP ID of a company may receive, and where it is delivered."""

    action: ClassVar[Action] = Action.CHANNEL_VIEW

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        own = list(
            visible(self.actor, self.action, DipId.objects.filter(mpid__organisation=pk))
            .select_related("mpid")
            .order_by("dip_id")
        )
        everything = rows_of(own, webhooks.webhooks_of(own))
        state, chosen = request.GET.get("state", ""), request.GET.get("dip_id", "")
        words = searched(request).lower().split()
        rows = [
            row
            for row in everything
            if row.is_in(state) and (not chosen or row.number == chosen) and row.matches(words)
        ]
        return render(
            request,
            "channels/channels.html",
            {
                "company": self.organisation,
                "table": listing_of_list(request, rows, columns=COLUMNS),
                "dip_ids": own,
                "dip_id": chosen,
                "states": STATES.items(),
                "state": state,
                "is_filtered": bool(words or state or chosen),
                "all": len(everything),
                "missing": sum(row.webhook is None for row in everything),
                "may_configure": decide(self.actor, Action.CHANNEL_CONFIGURE, self.organisation),
            },
        )


class ChooseView(DipIdPage):
    """Leads from 'select an interface' on a DIP ID's page to the webhook of what was selected."""

    action: ClassVar[Action] = Action.CHANNEL_VIEW

    def get(self, request: HttpRequest, pk: int, dip_id: str) -> HttpResponse:
        wanted = request.GET.get("publication", "").upper()
        if wanted not in dict(receivable(self.dip_id.dip_role_code)):
            return self.back()
        return redirect("channels:webhook", pk=pk, dip_id=dip_id, publication=wanted)


def _matches(interface: catalogue.Interface, words: list[str]) -> bool:
    said = " ".join(
        (
            interface.interface_id,
            interface.publication_id,
            interface.title,
            *interface.event_codes,
            *interface.senders,
            *interface.recipients,
        )
    ).lower()
    return all(word in said for word in words)


def _own_channels(request: HttpRequest) -> str:
    chosen = acting.acting_id(request)
    return "" if chosen is None else reverse("channels:channels", args=[chosen])
