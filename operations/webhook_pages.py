"""Every webhook, what came of its last test event, and sending another."""

from typing import Any

import django_filters
from django.contrib import messages
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils import timezone

from channels import callback_urls
from channels.errors import UnableToConfigure
from channels.models import WebhookConfiguration, WebhookTest
from channels.operating import LIST
from channels.services.webhook_tests import request_test
from dip_portal.lib.keys import keys_of
from organisations.admin_lists import ListAdmin, SearchInput
from organisations.policies import Action, decide, visible

ON_ITS_WAY = "ON_ITS_WAY"
UNDER_WAY = WebhookTest.objects.filter(webhook=OuterRef("pk"), finished_at=None)


class WebhookFilter(django_filters.FilterSet):
    """Which webhooks to show."""

    q = django_filters.CharFilter(method="search", label="Search", widget=SearchInput)
    state = django_filters.ChoiceFilter(
        method="in_state",
        choices=[
            *WebhookConfiguration.TestState.choices,
            (ON_ITS_WAY, "Test event on its way"),
        ],
        empty_label="Any",
        label="State",
    )

    class Meta:
        model = WebhookConfiguration
        fields: list[str] = []

    def search(
        self, rows: QuerySet[WebhookConfiguration], name: str, text: str
    ) -> QuerySet[WebhookConfiguration]:
        """Find a text in the company or the URL, or exactly a DIP ID, an MPID, a publication."""
        return rows.filter(
            Q(dip_id__mpid__organisation__name__icontains=text)
            | Q(callback_url__icontains=text)
            | Q(dip_id__dip_id=text)
            | Q(dip_id__mpid__code__iexact=text)
            | Q(publication__iexact=text)
        )

    def in_state(
        self, rows: QuerySet[WebhookConfiguration], name: str, state: str
    ) -> QuerySet[WebhookConfiguration]:
        """Keep webhooks by what came of their last test, or those with one on its way."""
        if state == ON_ITS_WAY:
            return rows.filter(Exists(UNDER_WAY))
        return rows.filter(test_state=state)


class WebhookAdmin(ListAdmin):
    """Webhooks in the admin."""

    view_action = Action.CHANNEL_VIEW
    template_folder = "operations"
    filter_class = WebhookFilter
    list_template = "webhooks.html"
    list_title = "Webhooks"
    sorts = {
        "company": ("dip_id__mpid__organisation__name", "dip_id__dip_id", "publication"),
        "tested": ("tested_at",),
        "configured": ("configured_at",),
    }

    def pages(self) -> list[URLPattern]:
        """Return the button's address."""
        return [
            self.address("send-test/", self.send_test, "operations_webhooks_test", method="POST")
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookConfiguration]:
        """Return the webhooks with whose they are and whether a test event is on its way."""
        rows: QuerySet[WebhookConfiguration] = super().get_queryset(request)
        return rows.select_related("dip_id__mpid__organisation").annotate(
            is_on_its_way=Exists(UNDER_WAY)
        )

    def rows(self, found: list[Any]) -> list[dict[str, Any]]:
        """Return each webhook with its URL without the query, in which secrets may stand."""
        return [
            {"webhook": it, "url": callback_urls.without_query(it.callback_url)} for it in found
        ]

    def show(self, request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
        """Render a page, with what the actor may do."""
        may_test = bool(decide(self.allow(request), Action.CHANNEL_TEST))
        return super().show(request, template, title, may_test=may_test, **context)

    def send_test(self, request: HttpRequest) -> HttpResponse:
        """Send a test event to each of the chosen webhooks."""
        actor = self.allow(request, Action.CHANNEL_TEST)
        chosen = visible(
            actor,
            Action.CHANNEL_TEST,
            WebhookConfiguration.objects.filter(pk__in=keys_of(request.POST.getlist("webhook"))),
        ).select_related("dip_id__mpid")
        sent = 0
        for webhook in chosen:
            try:
                request_test(actor=actor, webhook=webhook, now=timezone.now())
            except UnableToConfigure as refusal:
                messages.warning(request, f"{webhook}: {refusal}")
            else:
                sent += 1
        if sent:
            what = "1 test event is" if sent == 1 else f"{sent} test events are"
            messages.success(request, f"{what} on the way. Load the page again for the outcome.")
        elif not chosen:
            messages.error(request, "Choose one or more webhooks, then send the test event.")
        return redirect(LIST)
