"""Reminders that a certificate is about to expire (`reminding` says when).

Both kinds: those for the DIP, and that of the API credentials. They go to the Certificate Admins,
and where there is none to the User Admins, who can make one. A certificate that was revoked, or
that a later one for the same names and purpose has replaced, needs no reminder.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from certificates.models import AtlasCredential, Certificate
from mail.services import queue
from organisations.models import Organisation
from organisations.roles import Role
from organisations.services.reminding import is_due, people_with, remind_each, step_for


def remind_of_expiry(*, now: datetime, at_most: int = 1000) -> int:
    """Queue every reminder that is due, at most so many; return for how many certificates."""
    return remind_each(
        lambda: _remind_of_certificate(now) or _remind_of_credential(now), at_most=at_most
    )


@transaction.atomic
def _remind_of_certificate(now: datetime) -> bool:
    row = (
        Certificate.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("organisation")
        .filter(is_due("not_after", now), revoked_at=None)
        .order_by("not_after", "pk")
        .first()
    )
    if row is None:
        return False
    days = _days_left(row.not_after, now)
    row.reminded_days = step_for(days)
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
        .filter(is_due("not_after", now))
        .order_by("not_after", "pk")
        .first()
    )
    if row is None:
        return False
    days = _days_left(row.not_after, now)
    row.reminded_days = step_for(days)
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


def _days_left(not_after: datetime, now: datetime) -> int:
    return -((now - not_after) // timedelta(days=1))


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
    day = now.date()
    admins = people_with(organisation, Role.CERTIFICATE_ADMIN, day) or people_with(
        organisation, Role.USER_ADMIN, day
    )
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
