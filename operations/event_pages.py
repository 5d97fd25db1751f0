"""The audit trail as the DIP Manager reads it in the admin: a sentence per event, read only."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern

from audit.models import Event
from audit.queries import about_person
from dip_portal.lib import correlation
from operations.trail import EventFilter, csv_of, tell
from organisations.admin_lists import IntegerFilter, ListAdmin
from organisations.policies import Action

LARGEST_KEY = 2**63 - 1


class AdminEventFilter(EventFilter):
    """Which events to show: by the keys, too, by which other pages of the admin lead here."""

    person = IntegerFilter(method="of_person", label="User id", min_value=1, max_value=LARGEST_KEY)
    company = IntegerFilter(
        field_name="organisation_id", label="Company id", min_value=1, max_value=LARGEST_KEY
    )

    def of_person(self, rows: QuerySet[Event], name: str, user_id: int) -> QuerySet[Event]:
        """Keep what one person did, and what was done to their account."""
        return rows.filter(about_person(user_id))


class EventAdmin(ListAdmin):
    """The audit trail in the admin."""

    view_action = Action.AUDIT_VIEW
    template_folder = "operations"
    filter_class = AdminEventFilter
    list_template = "events.html"
    list_title = "Audit trail"

    def pages(self) -> list[URLPattern]:
        """Return the export and the page of one event."""
        return [
            self.address("export/", self.export, "operations_audit_export"),
            self.address("<int:event_id>/change/", self.event, "audit_event_change"),
        ]

    def rows(self, found: list[Event]) -> list[Any]:
        """Return each event as it is told."""
        return list(tell(found))

    def event(self, request: HttpRequest, event_id: int) -> HttpResponse:
        """Show all that is known of one event, and what else its request or job did."""
        self.allow(request)
        event = get_object_or_404(self.get_queryset(request), pk=event_id)
        together = (
            self.get_queryset(request).filter(correlation_id=event.correlation_id).count() - 1
            if event.correlation_id != correlation.NONE
            else 0
        )
        [told] = tell([event])
        return self.show(
            request, "event.html", "Audit event", together=together, event=event, told=told
        )

    def export(self, request: HttpRequest) -> StreamingHttpResponse:
        """Send the events that the filter leaves as CSV."""
        return csv_of(self.allow(request), self.filtered(request).qs)
