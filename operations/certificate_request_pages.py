"""Every request for a certificate, why it waits or was refused, and trying again now."""

from typing import Any

import django_filters
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils import timezone

from certificates.models import CertificateRequest
from certificates.operating import IS_IN_TROUBLE, IS_OPEN, LIST
from certificates.services.requests import retry_request
from dip_portal.lib.keys import keys_of
from organisations.admin_lists import ListAdmin, SearchInput
from organisations.policies import Action, decide, visible


class CertificateRequestFilter(django_filters.FilterSet):
    """Which requests to show."""

    q = django_filters.CharFilter(method="search", label="Search", widget=SearchInput)
    state = django_filters.ChoiceFilter(
        method="in_state",
        choices=[
            ("OPEN", "On their way"),
            ("TROUBLE", "Tried again"),
            *CertificateRequest.State.choices,
        ],
        empty_label="Any",
        label="State",
    )

    class Meta:
        model = CertificateRequest
        fields: list[str] = []

    def search(
        self, rows: QuerySet[CertificateRequest], name: str, text: str
    ) -> QuerySet[CertificateRequest]:
        """Find a text in the company, who asked or a name; or exactly a serial number, an id."""
        return rows.filter(
            Q(organisation__name__icontains=text)
            | Q(requested_by__icontains=text)
            | Q(dns_names__icontains=text)
            | Q(serial__iexact=text)
            | Q(correlation_id=text)
        )

    def in_state(
        self, rows: QuerySet[CertificateRequest], name: str, state: str
    ) -> QuerySet[CertificateRequest]:
        """Keep requests in a state; those that are on their way; or those that are tried again."""
        conditions = {"OPEN": IS_OPEN, "TROUBLE": IS_IN_TROUBLE}
        return rows.filter(conditions.get(state, Q(state=state)))


class CertificateRequestAdmin(ListAdmin):
    """Requests for certificates in the admin."""

    view_action = Action.CERTIFICATE_VIEW
    template_folder = "operations"
    filter_class = CertificateRequestFilter
    list_template = "certificate_requests.html"
    list_title = "Certificate requests"
    sorts = {
        "newest": ("-requested_at",),
        "company": ("organisation__name", "-requested_at"),
    }

    def pages(self) -> list[URLPattern]:
        """Return the button's address."""
        return [
            self.address("try-again/", self.try_again, "operations_requests_retry", method="POST")
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[CertificateRequest]:
        """Return the requests with whose they are."""
        rows: QuerySet[CertificateRequest] = super().get_queryset(request)
        return rows.select_related("organisation").defer("csr_pem")

    def show(self, request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
        """Render a page, with whether the actor may choose any of its requests."""
        actor = self.allow(request)
        can_choose = any(row.is_open for row in context.get("rows", ())) and bool(
            decide(actor, Action.CERTIFICATE_RETRY)
        )
        return super().show(request, template, title, can_choose=can_choose, **context)

    def try_again(self, request: HttpRequest) -> HttpResponse:
        """Let the chosen requests that wait have their next attempt now."""
        actor = self.allow(request, Action.CERTIFICATE_RETRY)
        chosen = visible(
            actor,
            Action.CERTIFICATE_RETRY,
            CertificateRequest.objects.filter(
                IS_OPEN, pk__in=keys_of(request.POST.getlist("request"))
            ),
        )
        count = 0
        for row in chosen:
            retry_request(actor=actor, request=row, now=timezone.now())
            count += 1
        if count:
            what = "1 request" if count == 1 else f"{count} requests"
            messages.success(request, f"GlobalSign is asked again now for {what}.")
        else:
            messages.error(request, "Choose a request that is still on its way.")
        return redirect(LIST)
