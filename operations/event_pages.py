"""The audit trail: a sentence per event, with what was before and after; to be read only."""

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern

from audit import sentences
from audit.models import Event
from dip_portal.lib import correlation
from organisations.admin_lists import DateInput, IntegerFilter, ListAdmin, SearchInput
from organisations.models import Organisation
from organisations.policies import Action

CSV_COLUMNS = [
    "at",
    "who",
    "user id",
    "from address",
    "action",
    "sentence",
    "subject type",
    "subject id",
    "subject",
    "company id",
    "before",
    "after",
    "correlation id",
]
# A spreadsheet takes a cell that begins like this for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class EventFilter(django_filters.FilterSet):
    """Which events to show."""

    q = django_filters.CharFilter(method="search", label="Search", widget=SearchInput)
    action = django_filters.ChoiceFilter(
        choices=lambda: sorted(sentences.actions().items(), key=lambda choice: choice[1]),
        empty_label="Anything",
        label="What was done",
    )
    who = django_filters.CharFilter(field_name="actor_label", lookup_expr="icontains", label="Who")
    since = django_filters.DateFilter(method="from_day", label="From (UTC)", widget=DateInput)
    until = django_filters.DateFilter(method="to_day", label="To (UTC)", widget=DateInput)
    company = IntegerFilter(
        field_name="organisation_id", label="Company id", min_value=1, max_value=2**63 - 1
    )

    class Meta:
        model = Event
        fields: list[str] = []

    def search(self, rows: QuerySet[Event], name: str, text: str) -> QuerySet[Event]:
        """Find a text in what it was done to, or exactly an id of the subject or the request."""
        return rows.filter(
            Q(subject_label__icontains=text)
            | Q(actor_label__icontains=text)
            | Q(subject_id=text)
            | Q(correlation_id=text)
        )

    def from_day(self, rows: QuerySet[Event], name: str, day: date) -> QuerySet[Event]:
        """Keep what happened on this day or later."""
        return rows.filter(at__gte=datetime.combine(day, time.min, UTC))

    def to_day(self, rows: QuerySet[Event], name: str, day: date) -> QuerySet[Event]:
        """Keep what happened on this day or earlier."""
        return rows.filter(at__lte=datetime.combine(day, time.max, UTC))


class EventAdmin(ListAdmin):
    """The audit trail in the admin."""

    view_action = Action.AUDIT_VIEW
    template_folder = "operations"
    filter_class = EventFilter
    list_template = "events.html"
    list_title = "Audit trail"

    def pages(self) -> list[URLPattern]:
        """Return the export and the page of one event."""
        return [
            self.address("export/", self.export, "operations_audit_export"),
            self.address("<int:event_id>/change/", self.event, "audit_event_change"),
        ]

    def rows(self, found: list[Event]) -> list[dict[str, Any]]:
        """Return each event with its sentence, its differences and the name of its company."""
        companies = Organisation.objects.only("name").in_bulk(
            {event.organisation_id for event in found if event.organisation_id is not None}
        )
        return [_told(event, companies) for event in found]

    def event(self, request: HttpRequest, event_id: int) -> HttpResponse:
        """Show all that is known of one event, and what else its request or job did."""
        self.allow(request)
        event = get_object_or_404(self.get_queryset(request), pk=event_id)
        together = (
            self.get_queryset(request).filter(correlation_id=event.correlation_id).count() - 1
            if event.correlation_id != correlation.NONE
            else 0
        )
        [told] = self.rows([event])
        return self.show(request, "event.html", "Audit event", together=together, **told)

    def export(self, request: HttpRequest) -> StreamingHttpResponse:
        """Send the events that the filter leaves as CSV, row by row."""
        self.allow(request)
        events = self.filtered(request).qs.iterator(chunk_size=1000)
        response = StreamingHttpResponse(_csv_lines(events), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="audit-trail.csv"'
        return response


def _told(event: Event, companies: dict[int, Organisation]) -> dict[str, Any]:
    names = sorted(event.before.keys() | event.after.keys())
    return {
        "event": event,
        "predicate": sentences.predicate(event.action),
        "company": companies.get(event.organisation_id or 0),
        "differences": [
            (name.replace("_", " "), _shown(event.before, name), _shown(event.after, name))
            for name in names
        ],
    }


def _shown(values: dict[str, Any], name: str) -> str | None:
    """Return a value as people read it; None if it is not there at all."""
    if name not in values:
        return None
    value = values[name]
    match value:
        case None | "" | []:
            return "none"
        case bool():
            return "yes" if value else "no"
        case str() | int() | float():
            return str(value)
        case list() if all(isinstance(part, str | int) for part in value):
            return ", ".join(str(part) for part in value)
        case _:
            return json.dumps(value, ensure_ascii=False, indent=1)


class _Echo:
    """A file for csv.writer that gives back what is written."""

    def write(self, line: str) -> str:
        return line


def _csv_lines(events: Iterable[Event]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(CSV_COLUMNS)
    for event in events:
        yield writer.writerow([_cell(value) for value in _csv_row(event)])


def _csv_row(event: Event) -> list[Any]:
    return [
        event.at.isoformat(),
        event.actor_label,
        event.actor_user_id,
        event.address,
        event.action,
        sentences.sentence(event),
        event.subject_type,
        event.subject_id,
        event.subject_label,
        event.organisation_id,
        json.dumps(event.before, ensure_ascii=False),
        json.dumps(event.after, ensure_ascii=False),
        event.correlation_id,
    ]


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
