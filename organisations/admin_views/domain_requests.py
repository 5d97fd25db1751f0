"""The DIP Manager's list of requested domains, and the page that decides one."""

from http import HTTPStatus

import django_filters
from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern
from django.utils import timezone

from dip_portal.lib import validation
from organisations import queries
from organisations.admin_lists import ListAdmin, SearchInput
from organisations.errors import UnableToChangeCompany
from organisations.forms.company_actions import NOTE_MAX_LENGTH
from organisations.models import DomainRequest
from organisations.policies import Action
from organisations.services import domain_requests

LIST = "admin:organisations_domainrequest_changelist"


class DomainRequestFilter(django_filters.FilterSet):
    """Which requests to show; those that wait, unless another state is asked for."""

    q = django_filters.CharFilter(method="search", label="Search", widget=SearchInput)
    state = django_filters.ChoiceFilter(
        choices=DomainRequest.State.choices, empty_label="Any", label="State"
    )

    class Meta:
        model = DomainRequest
        fields: list[str] = []

    def search(
        self, rows: QuerySet[DomainRequest], name: str, text: str
    ) -> QuerySet[DomainRequest]:
        """Find each word in the domain, or in the name or number of the company."""
        for word in text.split():
            rows = rows.filter(
                Q(domain__icontains=word)
                | Q(organisation__name__icontains=word)
                | Q(organisation__company_number__istartswith=word)
            )
        return rows


class DecisionForm(forms.Form):
    """Why a request is declined; whoever asked reads it."""

    reason = forms.CharField(
        label="Reason, if you decline",
        max_length=NOTE_MAX_LENGTH,
        required=False,
        validators=[validation.validate_plain_text],
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Whoever asked is told this by e-mail.",
    )


class DomainRequestAdmin(ListAdmin):
    """Requested domains in the admin."""

    view_action = Action.DOMAIN_DECIDE
    filter_class = DomainRequestFilter
    template_folder = "organisations/admin"
    list_template = "domain_requests.html"
    list_title = "Requested domains"
    sorts = {
        "requested": ("-requested_at",),
        "domain": ("domain",),
        "company": ("organisation__name",),
    }

    def pages(self) -> list[URLPattern]:
        """Return the page of one request."""
        return [
            self.address(
                "<int:pk>/change/",
                self.decide,
                "organisations_domainrequest_change",
                method="GET POST",
            )
        ]

    def filtered(self, request: HttpRequest) -> django_filters.FilterSet:
        """Return the filter of requests with company and person."""
        rows = self.get_queryset(request).select_related("organisation", "requested_by")
        return self.filter_class(request.GET, queryset=rows, request=request)

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show one request, and approve or decline it."""
        actor = self.allow(request)
        rows = self.get_queryset(request).select_related("organisation", "requested_by")
        asked = get_object_or_404(rows, pk=pk)
        form = DecisionForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            now = timezone.now()
            try:
                match request.POST.get("decision"):
                    case "approve":
                        domain_requests.approve(actor=actor, request=asked, now=now)
                        done = f"{asked.domain} is whitelisted for {asked.organisation}."
                    case "decline":
                        reason = form.cleaned_data["reason"]
                        domain_requests.decline(actor=actor, request=asked, reason=reason, now=now)
                        done = f"The request for {asked.domain} is declined."
                    case _:
                        raise UnableToChangeCompany("", "Choose: approve or decline.")
            except UnableToChangeCompany as refusal:
                form.add_error("reason" if refusal.field == "reason" else None, str(refusal))
                asked.refresh_from_db(fields=["state", "decided_at", "reason"])
            else:
                messages.success(request, done)
                return redirect(LIST)
        return self.show(
            request,
            "domain_request.html",
            f"{asked.domain} for {asked.organisation}",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK,
            asked=asked,
            form=form,
            elsewhere=queries.companies_with_domain(asked.domain),
        )
