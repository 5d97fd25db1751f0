"""Reminders that a membership is about to expire: 30 days before, 7 and 1, each once.

The row of the member says which reminder went last. It is locked, marked and its e-mails
queued in one transaction, so that two sweeps at once remind nobody twice, and a sweep
that comes days late sends the one reminder that is due now.
"""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse

from accounts.models import User
from mail.services import queue
from organisations.models import Membership

DAYS_BEFORE = (30, 7, 1)


def remind_of_expiry(*, now: datetime, at_most: int = 1000) -> int:
    """Queue every reminder that is due, at most so many; return for how many members."""
    count = 0
    while count < at_most and _remind_next(now.date()):
        count += 1
    return count


@transaction.atomic
def _remind_next(day: date) -> bool:
    member = (
        Membership.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("user", "organisation")
        .filter(_is_due(day), offboarded_at=None, expires_date__gt=day, user__is_active=True)
        .order_by("expires_date", "pk")
        .first()
    )
    if member is None:
        return False
    left = (member.expires_date - day).days
    member.reminded_days = min(days for days in DAYS_BEFORE if left <= days)
    member.save(update_fields=["reminded_days"])
    admins = list(_user_admins(member, day))
    is_last = member.is_user_admin and not any(
        admin.expires_date > member.expires_date for admin in admins
    )
    _tell(member.user, member, left, admins, is_last=is_last)
    if is_last:
        for admin in admins:
            if admin.user_id != member.user_id:
                _tell(admin.user, member, left, admins, is_last=True)
    return True


def _is_due(day: date) -> Q:
    due = Q()
    for days in DAYS_BEFORE:
        due |= Q(expires_date__lte=day + timedelta(days=days)) & (
            Q(reminded_days__isnull=True) | Q(reminded_days__gt=days)
        )
    return due


def _user_admins(member: Membership, day: date) -> QuerySet[Membership]:
    return (
        member.organisation.memberships.filter(
            is_user_admin=True, offboarded_at=None, expires_date__gt=day, user__is_active=True
        )
        .select_related("user")
        .order_by("pk")
    )


def _tell(
    to: User, member: Membership, left: int, admins: list[Membership], *, is_last: bool
) -> None:
    queue(
        to=to.email,
        template="membership_expires",
        context={
            "first_name": to.first_name,
            "member": member,
            "is_own": to.pk == member.user_id,
            "is_last": is_last,
            "is_user_admin": any(admin.user_id == to.pk for admin in admins),
            "admins": [admin.user for admin in admins],
            "days": left,
            "members_url": settings.PUBLIC_URL
            + reverse("organisations:members", args=[member.organisation_id]),
        },
        about=f"membership:{member.pk}",
        organisation_id=member.organisation_id,
    )
