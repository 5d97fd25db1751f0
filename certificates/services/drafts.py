"""API credentials that were validated and wait, sealed, for 'Save'."""

from datetime import datetime, timedelta

from certificates.models import CredentialDraft
from organisations.actors import Actor
from organisations.models import Organisation

DRAFT_LASTS = timedelta(minutes=30)


def waiting_draft(
    *, actor: Actor, organisation: Organisation, now: datetime
) -> CredentialDraft | None:
    """Return what this person has validated and can save: one query."""
    return CredentialDraft.objects.filter(
        organisation=organisation, user=actor.user_id, validated_at__gt=now - DRAFT_LASTS
    ).first()


def forget_drafts(*, now: datetime) -> int:
    """Delete what was validated and never saved; return how many."""
    count, _ = CredentialDraft.objects.filter(validated_at__lte=now - DRAFT_LASTS).delete()
    return count
