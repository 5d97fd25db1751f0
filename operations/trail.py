"""What the two pages of the audit trail share: which events, how they are told, the export."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from itertools import islice
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.http import StreamingHttpResponse
from django.urls import reverse

from audit import sentences
from audit.models import Event
from dip_portal.lib.operating import Step, ids_of
from dip_portal.lib.spreadsheet import csv_response
from organisations.actors import Actor, DipManagerActor
from organisations.admin_lists import DateInput, SearchInput
from organisations.models import Membership, Organisation

# What an event was done to, by the type that it holds.
THINGS = {
    "accounts.user": "Account",
    "certificates.certificate": "Certificate",
    "certificates.certificaterequest": "Certificate request",
    "organisations.organisation": "Company",
    "organisations.dcpid": "DCP ID",
    "organisations.dipid": "DIP ID",
    "certificates.domainregistration": "Domain for certificates",
    "mail.outgoingmail": "E-mail",
    "promotion.import": "Import",
    "organisations.invitation": "Invitation",
    "organisations.membership": "Member",
    "organisations.mpid": "MPID",
}
CSV_COLUMNS = ["at", "who", "from address", "action", "sentence", "thing", "subject", "company"]
CSV_COLUMNS += ["before", "after"]
KEY_COLUMNS = {
    "user id": "actor_user_id",
    "subject type": "subject_type",
    "subject id": "subject_id",
    "company id": "organisation_id",
    "correlation id": "correlation_id",
}
CHUNK = 1000
MOST = 500  # a job of thousands of items has an event for each


def action_filter(actions: Callable[[], dict[str, str]]) -> django_filters.ChoiceFilter:
    """Return the filter by what was done, which offers these, in the order of their words."""
    return django_filters.ChoiceFilter(
        field_name="action",
        choices=lambda: sorted(actions().items(), key=lambda choice: choice[1]),
        empty_label="Anything",
        label="What was done",
    )


class EventFilter(django_filters.FilterSet):
    """Which events to show."""

    q = django_filters.CharFilter(method="search", label="Search", widget=SearchInput)
    action = action_filter(sentences.actions)
    thing = django_filters.ChoiceFilter(
        field_name="subject_type",
        choices=sorted(THINGS.items(), key=lambda choice: choice[1]),
        empty_label="Anything",
        label="Done to",
    )
    who = django_filters.CharFilter(field_name="actor_label", lookup_expr="icontains", label="Who")
    since = django_filters.DateFilter(method="from_day", label="From (UTC)", widget=DateInput)
    until = django_filters.DateFilter(method="to_day", label="To (UTC)", widget=DateInput)

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


class CompanyEventFilter(EventFilter):
    """Which events of companies to show: by what can be done in one."""

    action = action_filter(sentences.actions_of_companies)


@dataclass(frozen=True, kw_only=True)
class Told:
    """An event as people read it. `differences` are (name, before, after); None was not there."""

    event: Event
    predicate: str
    company: Organisation | None
    differences: list[tuple[str, str | None, str | None]]
    address: str | None

    @property
    def thing(self) -> str:
        """What kind of thing it was done to."""
        return THINGS.get(self.event.subject_type, self.event.subject_type)


def steps(correlation_id: str) -> list[Step]:
    """Return what the audit trail has under this id, for the page Follow an id."""
    return [
        Step(
            at=event.at,
            what="Audit event",
            text=sentences.sentence(event),
            url=reverse("admin:audit_event_change", args=[event.pk]),
        )
        for event in Event.objects.filter(correlation_id=correlation_id).order_by("at", "pk")[:MOST]
    ]


def ids(prefix: str) -> list[str]:
    """Return the ids in the audit trail that begin so."""
    return ids_of(Event.objects.all(), prefix)


def tell(events: Sequence[Event]) -> list[Told]:
    """Return each event as the DIP Manager reads it: one query, however many events."""
    companies = Organisation.objects.only("name").in_bulk(
        {event.organisation_id for event in events if event.organisation_id is not None}
    )
    return [
        Told(
            event=event,
            predicate=sentences.predicate(event.action),
            company=companies.get(event.organisation_id or 0),
            differences=[
                (name.replace("_", " "), _shown(event.before, name), _shown(event.after, name))
                for name in sorted(event.before.keys() | event.after.keys())
            ],
            address=event.address,
        )
        for event in events
    ]


def tell_to(actor: Actor, events: Sequence[Event]) -> list[Told]:
    """Return each event as the actor may read it: two queries at most.

    A participant sees the network address of people who are or were members of the company
    that the event is of, and of nobody else: no DIP Manager's, no other company's.
    """
    told = tell(events)
    if isinstance(actor, DipManagerActor):
        return told
    own = _members_of(events)
    return [
        one
        if (one.event.organisation_id, one.event.actor_user_id) in own
        else replace(one, address=None)
        for one in told
    ]


def csv_of(actor: Actor, events: QuerySet[Event]) -> StreamingHttpResponse:
    """Send events as the actor may read them as CSV, row by row; the DIP Manager gets the keys."""
    keys = KEY_COLUMNS if isinstance(actor, DipManagerActor) else {}
    rows = (
        [*_csv_row(told), *(getattr(told.event, field) for field in keys.values())]
        for chunk in _chunks(events.iterator(chunk_size=CHUNK))
        for told in tell_to(actor, chunk)
    )
    return csv_response("audit-trail", [*CSV_COLUMNS, *keys], rows)


def _chunks(events: Iterator[Event]) -> Iterator[list[Event]]:
    while chunk := list(islice(events, CHUNK)):
        yield chunk


def _csv_row(told: Told) -> list[Any]:
    event = told.event
    return [
        event.at.isoformat(),
        event.actor_label,
        told.address,
        event.action,
        sentences.sentence(event),
        told.thing,
        event.subject_label,
        told.company,
        json.dumps(event.before, ensure_ascii=False),
        json.dumps(event.after, ensure_ascii=False),
    ]


def _members_of(events: Sequence[Event]) -> set[tuple[Any, Any]]:
    """Return (company, person) of those who acted and are or were members: one query."""
    members = Membership.objects.filter(
        organisation__in={event.organisation_id for event in events if event.organisation_id},
        user__in={event.actor_user_id for event in events if event.actor_user_id},
        user__is_staff=False,
    )
    return set(members.values_list("organisation", "user"))


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
