"""Reads of the audit trail."""

from django.db.models import QuerySet

from audit.models import Event


def history_of(organisation_id: int) -> QuerySet[Event]:
    """Return what happened to one company and what belongs to it, newest first."""
    return Event.objects.filter(organisation_id=organisation_id).order_by("-at", "-pk")
