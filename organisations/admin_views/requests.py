"""The DIP Manager's lists of what companies ask for, and the page that decides one request."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, ClassVar

import django_filters
from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, reverse

from dip_portal.lib import clock, validation
from organisations import queries
from organisations.admin_lists import ListAdmin, SearchInput
from organisations.errors import UnableToChangeCompany
from organisations.forms.company_actions import NOTE_MAX_LENGTH
from organisations.models import DomainRequest
from organisations.models.request import CompanyRequest
from organisations.policies import Action
from organisations.services import domain_requests, role_requests


class RequestFilter(django_filters.FilterSet):
    """Which requests to show; `fields` are where a word of the search is found."""

    q = django_filters.CharFilter(method="search", label="Search", widget=SearchInput)
    state = django_filters.ChoiceFilter(
        choices=CompanyRequest.State.choices, empty_label="Any", label="State"
    )
    fields: ClassVar[tuple[str, ...]]

    def search(self, rows: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        """Find each word in what is asked for, or in the name or number of the company."""
        for word in text.split():
            found = Q(organisation__name__icontains=word) | Q(
                organisation__company_number__istartswith=word
            )
            for field in self.fields:
                found |= Q(**{f"{field}__icontains": word})
            rows = rows.filter(found)
        return rows


class DomainRequestFilter(RequestFilter):
    """Requested domains."""

    fields = ("domain",)


class RoleRequestFilter(RequestFilter):
    """Requested DIP roles."""

    fields = ("mpid__code", "dip_role_code")


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


class RequestAdmin(ListAdmin):
    """Requests of one kind in the admin: the list, and the page that decides one.

    `approve` and `decline` are the services, `approved` what is true afterwards in words.
    """

    template_folder = "organisations/admin"
    decision_template: ClassVar[str]
    approve: ClassVar[Callable[..., None]]
    decline: ClassVar[Callable[..., None]]
    related: ClassVar[tuple[str, ...]] = ("organisation", "requested_by")

    def approved(self, asked: Any) -> str:
        """Return what is true once the request is approved."""
        raise NotImplementedError

    def context(self, asked: Any) -> dict[str, Any]:
        """Return what the page of a request shows besides the request."""
        return {}

    @property
    def _list(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}"

    def pages(self) -> list[URLPattern]:
        """Return the page of one request."""
        return [
            self.address("<int:pk>/change/", self.decide, f"{self._list}_change", method="GET POST")
        ]

    def filtered(self, request: HttpRequest) -> django_filters.FilterSet:
        """Return the filter of requests with company and person."""
        rows = self.get_queryset(request).select_related(*self.related)
        return self.filter_class(request.GET, queryset=rows, request=request)

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show one request, and approve or decline it."""
        actor = self.allow(request)
        rows = self.get_queryset(request).select_related(*self.related)
        asked = get_object_or_404(rows, pk=pk)
        form = DecisionForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            about = {"actor": actor, "request": asked, "now": clock.now()}
            try:
                match request.POST.get("decision"):
                    case "approve":
                        type(self).approve(**about)
                        done = self.approved(asked)
                    case "decline":
                        type(self).decline(**about, reason=form.cleaned_data["reason"])
                        done = f"The request for {asked} is declined."
                    case _:
                        raise UnableToChangeCompany("", "Choose: approve or decline.")
            except UnableToChangeCompany as refusal:
                form.add_error("reason" if refusal.field == "reason" else None, str(refusal))
                asked.refresh_from_db(fields=["state", "decided_at", "reason"])
            else:
                messages.success(request, done)
                return redirect(reverse(f"admin:{self._list}_changelist"))
        return self.show(
            request,
            self.decision_template,
            str(asked),
            status=HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK,
            asked=asked,
            form=form,
            **self.context(asked),
        )


class DomainRequestAdmin(RequestAdmin):
    """Requested domains in the admin."""

    view_action = Action.DOMAIN_DECIDE
    filter_class = DomainRequestFilter
    list_template = "domain_requests.html"
    decision_template = "domain_request.html"
    list_title = "Requested domains"
    approve = staticmethod(domain_requests.approve)
    decline = staticmethod(domain_requests.decline)
    sorts = {
        "requested": ("-requested_at",),
        "domain": ("domain",),
        "company": ("organisation__name",),
    }

    def approved(self, asked: DomainRequest) -> str:
        """Return what is true once the request is approved."""
        return f"{asked.domain} is whitelisted for {asked.organisation}."

    def context(self, asked: DomainRequest) -> dict[str, Any]:
        """Return the companies that have the domain already."""
        return {"elsewhere": queries.companies_with_domain(asked.domain)}


class RoleRequestAdmin(RequestAdmin):
    """Requested DIP roles in the admin."""

    view_action = Action.ROLE_DECIDE
    filter_class = RoleRequestFilter
    list_template = "role_requests.html"
    decision_template = "role_request.html"
    list_title = "Requested DIP roles"
    related = ("organisation", "requested_by", "mpid", "dip_id")
    approve = staticmethod(role_requests.approve)
    decline = staticmethod(role_requests.decline)
    sorts = {
        "requested": ("-requested_at",),
        "mpid": ("mpid__code",),
        "role": ("dip_role_code",),
        "company": ("organisation__name",),
    }

    def approved(self, asked: Any) -> str:
        """Return what is true once the request is approved."""
        return f"MPID {asked.mpid} is qualified for {asked.dip_role_code}."
