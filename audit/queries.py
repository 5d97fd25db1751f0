"""Reads of the audit trail."""

from django.db.models import Q, QuerySet

from audit.models import Event


def history_of(organisation_id: int) -> QuerySet[Event]:
    """Return what happened to one company and what belongs to it, newest first."""
    return Event.objects.filter(organisation_id=organisation_id).order_by("-at", "-pk")


def about_person(user_id: int) -> Q:
    """Return what finds what one person did, and what was done to their account."""
    return Q(actor_user_id=user_id) | Q(subject_type="accounts.user", subject_id=str(user_id))
