"""AUDIT in the portal: a company's admins read the trail of their own, the DIP Manager all."""

from typing import Any, ClassVar

import django_filters
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from audit import sentences
from audit.models import Event
from operations.trail import CompanyEventFilter, EventFilter, action_filter, csv_of, tell_to
from organisations import acting
from organisations.actors import Actor, DipManagerActor
from organisations.http import ActionView
from organisations.listing import ALL_AT_ONCE, PAGE_SIZE
from organisations.models import Organisation
from organisations.policies import Action, enforce, visible


class WideEventFilter(EventFilter):
    """Which events of several companies to show: by company too."""

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(actor, DipManagerActor):
            self._add(
                "company", django_filters.CharFilter(method="of_company_named", label="Company")
            )
        else:
            self._add("action", action_filter(sentences.actions_of_companies))
            self._add(
                "company",
                django_filters.ChoiceFilter(
                    field_name="organisation_id",
                    choices=_companies_of(actor),
                    empty_label="All",
                    label="Company",
                ),
            )

    def of_company_named(self, rows: QuerySet[Event], name: str, text: str) -> QuerySet[Event]:
        """Keep what belongs to companies with this text in their names."""
        named = Organisation.objects.filter(name__icontains=text)
        return rows.filter(organisation_id__in=named.values("pk"))

    def _add(self, name: str, added: django_filters.Filter) -> None:
        added.parent, added.model = self, Event
        self.filters[name] = added


class TrailView(ActionView):
    """The events that one may read, newest first: ten at a time, or a thousand.

    Of the company that one acts for; before one is chosen, of all in which one may.
    """

    action: ClassVar[Action] = Action.AUDIT_VIEW

    def load(self, **kwargs: Any) -> None:
        """Require the right in the company acted for; before one is chosen, in any of them."""
        enforce(acting.decide_here(self.request, self.action))

    def get(self, request: HttpRequest) -> HttpResponse:
        listed = self.filtered(request)
        size = ALL_AT_ONCE if request.GET.get("show") == "all" else PAGE_SIZE
        page = Paginator(listed.qs, size).get_page(request.GET.get("page"))
        return render(
            request,
            "operations/portal/trail.html",
            {
                "filter": listed,
                "is_filtered": any(request.GET.get(name) for name in listed.form.fields),
                "shows_company": "company" in listed.form.fields,
                "page": page,
                "rows": tell_to(self.actor, list(page)),
            },
        )

    def filtered(self, request: HttpRequest) -> EventFilter:
        """Return the filter, filled in by the query string."""
        events = visible(self.actor, self.action, Event.objects.all())
        if (company := acting.acting_id(request)) is not None:
            events = events.filter(organisation_id=company)
            return CompanyEventFilter(request.GET, queryset=events)
        return WideEventFilter(request.GET, queryset=events, actor=self.actor)


class ExportTrailView(TrailView):
    """The events that the filter leaves, as CSV."""

    action: ClassVar[Action] = Action.AUDIT_VIEW

    def get(self, request: HttpRequest) -> StreamingHttpResponse:  # type: ignore[override]
        return csv_of(self.actor, self.filtered(request).qs)


def _companies_of(actor: Actor) -> list[tuple[int, str]]:
    companies = visible(actor, Action.AUDIT_VIEW, Organisation.objects.order_by("name", "pk"))
    return list(companies.values_list("pk", "name"))
