"""The test DNS: zones and records on pages, and by a small JSON API."""

import base64
import binascii
from collections.abc import Callable
from typing import Any

from allauth.core.internal.httpkit import get_client_ip
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from certificates.atlas.actors import AtlasActor
from certificates.atlas.errors import UnableToChangeZone
from certificates.atlas.forms.accounts import DnsMoodForm
from certificates.atlas.forms.domains import RecordForm, ZoneForm
from certificates.atlas.http import AccountView, json_object, problem
from certificates.atlas.limits import is_within
from certificates.atlas.models import Account, DnsRecord, DnsZone
from certificates.atlas.services import dns
from certificates.atlas.services.controls import set_dns
from certificates.atlas.services.credentials import find_credential

MAX_BODY_BYTES = 16 * 1024
MOST_CALLS = 300  # a minute, for one address


class ZonesView(AccountView):
    """The zones of the account, and a form for another one."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(request, ZoneForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ZoneForm(request.POST)
        if form.is_valid():
            try:
                zone = dns.create_zone(
                    actor=self.actor,
                    account=self.account,
                    name=form.cleaned_data["name"],
                    now=timezone.now(),
                )
            except UnableToChangeZone as refusal:
                form.add_error(refusal.field or None, str(refusal))
            else:
                messages.success(request, f"The zone {zone} is yours. Add its records.")
                return redirect("dns_zone", pk=zone.pk)
        return self._page(request, form)

    def _page(
        self, request: HttpRequest, form: ZoneForm, serving: DnsMoodForm | None = None
    ) -> HttpResponse:
        zones = self.account.zones.prefetch_related("records")
        serving = serving or DnsMoodForm(initial={"dns": self.account.dns})
        context = {"form": form, "zones": zones, "serving": serving, "mood": self.account.dns}
        return render(request, "atlas/dns_zones.html", context)


class ServingView(ZonesView):
    """Set what is served of the zones: a switch for testers."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return redirect("dns_zones")

    def post(self, request: HttpRequest) -> HttpResponse:
        form = DnsMoodForm(request.POST)
        if not form.is_valid():
            return self._page(request, ZoneForm(), form)
        set_dns(actor=self.actor, account=self.account, mood=form.chosen, now=timezone.now())
        messages.success(request, f"The test DNS is set. {form.chosen.label}.")
        return redirect("dns_zones")


class ZoneView(AccountView):
    """One zone: its records, a form for another one."""

    zone: DnsZone

    def load(self, **kwargs: Any) -> None:
        """Find the zone among those of the account."""
        self.zone = get_object_or_404(self.account.zones, pk=kwargs["pk"])

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._page(request, RecordForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = RecordForm(request.POST)
        if form.is_valid():
            name = form.cleaned_data["name"].strip()
            try:
                made = dns.add_record(
                    actor=self.actor,
                    account=self.account,
                    name=self.zone.name if name == "@" else f"{name}.{self.zone.name}",
                    record_type=form.cleaned_data["type"],
                    value=form.cleaned_data["value"],
                    now=timezone.now(),
                )
            except UnableToChangeZone as refusal:
                form.add_error(refusal.field or None, str(refusal))
            else:
                messages.success(request, f"The record {made} is in DNS.")
                return redirect("dns_zone", pk=pk)
        return self._page(request, form)

    def _page(self, request: HttpRequest, form: RecordForm) -> HttpResponse:
        records = self.zone.records.all()
        context = {"zone": self.zone, "records": records, "form": form}
        return render(request, "atlas/dns_zone.html", context)


class DeleteZoneView(ZoneView):
    """Ask, then delete the zone."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.ask(
            request,
            question=f"Delete the zone {self.zone}?",
            consequence="All of its records go with it, and another company may take the name.",
            submit="Delete the zone",
            danger=True,
            cancel_url=reverse("dns_zone", args=[pk]),
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        dns.delete_zone(actor=self.actor, zone=self.zone, now=timezone.now())
        messages.success(request, f"The zone {self.zone} is deleted.")
        return redirect("dns_zones")


class DeleteRecordView(AccountView):
    """Delete a record at the press of its button."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        own = DnsRecord.objects.filter(zone__account=self.account)
        found = get_object_or_404(own, pk=pk)
        dns.delete_record(actor=self.actor, dns_record=found, now=timezone.now())
        messages.success(request, f"The record {found} is deleted.")
        return redirect("dns_zone", pk=found.zone_id)


@method_decorator(csrf_exempt, name="dispatch")  # no session is asked for
class RecordsApi(View):
    """GET, POST and DELETE of records, by Basic authentication with an API credential.

    A record is `{"name", "type", "value"}`, with the whole name. POST takes the zone that
    is needed, DELETE takes every record of the name if type or value are left out.
    """

    account: Account
    actor: AtlasActor

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Find the account by its credential."""
        address = get_client_ip(request)
        if not is_within("dns-api", address or "", most=MOST_CALLS, seconds=60):
            return problem(429, "That were many calls. Wait a minute.")
        credential = find_credential(**_basic(request.headers.get("Authorization", "")))
        if credential is None:
            response = problem(401, "Give an API key and its secret by Basic authentication.")
            response["WWW-Authenticate"] = 'Basic realm="Atlas test DNS"'
            return response
        self.account = credential.account
        self.actor = AtlasActor(label=f"API credential {credential}", address=address)
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        records = DnsRecord.objects.filter(zone__account=self.account)
        return JsonResponse({"records": [_as_json(it) for it in records]})

    def post(self, request: HttpRequest) -> HttpResponse:
        def add(name: str, record_type: str, value: str) -> HttpResponse:
            now = timezone.now()
            if dns.zone_for(self.account, name.strip().lower().removesuffix(".")) is None:
                zone = _zone_of_its_own(name)
                dns.create_zone(actor=self.actor, account=self.account, name=zone, now=now)
            made = dns.add_record(
                actor=self.actor,
                account=self.account,
                name=name,
                record_type=record_type,
                value=value,
                now=now,
            )
            return JsonResponse(_as_json(made), status=201)

        return self._with_record(request, add)

    def delete(self, request: HttpRequest) -> HttpResponse:
        def remove(name: str, record_type: str, value: str) -> HttpResponse:
            wanted = {"name": name.strip().lower().removesuffix(".")}
            wanted |= {"type": record_type} if record_type else {}
            wanted |= {"value": value} if value else {}
            for found in DnsRecord.objects.filter(zone__account=self.account, **wanted):
                dns.delete_record(actor=self.actor, dns_record=found, now=timezone.now())
            return HttpResponse(status=204)

        return self._with_record(request, remove)

    def _with_record(
        self, request: HttpRequest, use: Callable[[str, str, str], HttpResponse]
    ) -> HttpResponse:
        sent = json_object(request, most_bytes=MAX_BODY_BYTES)
        if sent is None:
            return problem(400, "Send a JSON object of 16 KiB at most.")
        texts = [sent.get(key, "") for key in ("name", "type", "value")]
        if not all(isinstance(text, str) for text in texts) or not texts[0]:
            return problem(422, "name, type and value are texts; name is required.")
        try:
            return use(*texts)
        except UnableToChangeZone as refusal:
            return problem(422, str(refusal))


def _zone_of_its_own(name: str) -> str:
    """Return the zone to take for a name: its last two labels, or three under co.uk and such."""
    labels = name.strip().lower().removesuffix(".").split(".")
    count = 3 if ".".join(labels[-2:]) in dns.SUFFIXES else 2
    return ".".join(labels[-count:])


def _basic(header: str) -> dict[str, str]:
    scheme, _, encoded = header.partition(" ")
    try:
        text = base64.b64decode(encoded, validate=True).decode() if scheme == "Basic" else ""
    except (binascii.Error, UnicodeDecodeError, ValueError):
        text = ""
    api_key, _, api_secret = text.partition(":")
    return {"api_key": api_key, "api_secret": api_secret}


def _as_json(found: DnsRecord) -> dict[str, Any]:
    return {"name": found.name, "type": found.type, "value": found.value}
