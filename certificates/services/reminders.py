"""Reminders that a certificate is about to expire: 30 days before, 7 and 1, each once.

Both kinds: those for the DIP, and that of the API credentials. A certificate that was revoked, or
that a later one for the same names and purpose has replaced, needs no reminder.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from certificates.models import AtlasCredential, Certificate
from mail.services import queue
from organisations.models import Organisation

DAYS_BEFORE = (30, 7, 1)


def remind_of_expiry(*, now: datetime, at_most: int = 1000) -> int:
    """Queue every reminder that is due, at most so many; return for how many certificates."""
    count = 0
    while count < at_most and (_remind_of_certificate(now) or _remind_of_credential(now)):
        count += 1
    return count


@transaction.atomic
def _remind_of_certificate(now: datetime) -> bool:
    row = (
        Certificate.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("organisation")
        .filter(_is_due(now), not_after__gt=now, revoked_at=None)
        .order_by("not_after", "pk")
        .first()
    )
    if row is None:
        return False
    days = _days_left(row.not_after, now)
    row.reminded_days = _step(days)
    row.save(update_fields=["reminded_days"])
    if not _is_replaced(row, now):
        _tell(
            row.organisation,
            what=str(row),
            names=row.dns_names,
            not_after=row.not_after,
            days=days,
            path=reverse("certificates:renew", args=[row.organisation_id, row.pk]),
            about=f"certificate:{row.pk}",
            now=now,
        )
    return True


@transaction.atomic
def _remind_of_credential(now: datetime) -> bool:
    row = (
        AtlasCredential.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("organisation")
        .filter(_is_due(now), not_after__gt=now)
        .order_by("not_after", "pk")
        .first()
    )
    if row is None:
        return False
    days = _days_left(row.not_after, now)
    row.reminded_days = _step(days)
    row.save(update_fields=["reminded_days"])
    _tell(
        row.organisation,
        what="mTLS certificate of your API credentials at GlobalSign",
        names=[],
        not_after=row.not_after,
        days=days,
        path=reverse("certificates:credentials", args=[row.organisation_id]),
        about=f"atlas_credential:{row.pk}",
        now=now,
    )
    return True


def _is_due(now: datetime) -> Q:
    due = Q()
    for days in DAYS_BEFORE:
        due |= Q(not_after__lte=now + timedelta(days=days)) & (
            Q(reminded_days__isnull=True) | Q(reminded_days__gt=days)
        )
    return due


def _days_left(not_after: datetime, now: datetime) -> int:
    return -((now - not_after) // timedelta(days=1))


def _step(days: int) -> int:
    return min(it for it in DAYS_BEFORE if days <= it)


def _is_replaced(row: Certificate, now: datetime) -> bool:
    later = Certificate.objects.filter(
        organisation=row.organisation_id,
        purpose=row.purpose,
        revoked_at=None,
        not_after__gt=row.not_after,
        not_before__lte=now,
    )
    return any(set(other.dns_names) == set(row.dns_names) for other in later)


def _tell(
    organisation: Organisation,
    *,
    what: str,
    names: list[str],
    not_after: datetime,
    days: int,
    path: str,
    about: str,
    now: datetime,
) -> None:
    admins = organisation.memberships.filter(
        is_certificate_admin=True,
        offboarded_at=None,
        expires_date__gt=now.date(),
        user__is_active=True,
    ).select_related("user")
    for admin in admins:
        queue(
            to=admin.user.email,
            template="certificate_expires",
            context={
                "first_name": admin.user.first_name,
                "company": organisation,
                "what": what,
                "names": names,
                "not_after": not_after,
                "days": days,
                "url": settings.PUBLIC_URL + path,
            },
            about=about,
            organisation_id=organisation.pk,
        )
