"""Reminders that a membership is about to expire (`reminding` says when)."""

from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.models import User
from mail.services import queue
from organisations.models import Membership
from organisations.roles import Role
from organisations.services.reminding import is_due, people_with, remind_each, step_for


def remind_of_expiry(*, now: datetime, at_most: int = 1000) -> int:
    """Queue every reminder that is due, at most so many; return for how many members."""
    return remind_each(lambda: _remind_next(now.date()), at_most=at_most)


@transaction.atomic
def _remind_next(day: date) -> bool:
    member = (
        Membership.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("user", "organisation")
        .filter(is_due("expires_date", day), offboarded_at=None, user__is_active=True)
        .order_by("expires_date", "pk")
        .first()
    )
    if member is None:
        return False
    left = (member.expires_date - day).days
    member.reminded_days = step_for(left)
    member.save(update_fields=["reminded_days"])
    admins = people_with(member.organisation, Role.USER_ADMIN, day)
    is_last = member.is_user_admin and not any(
        admin.expires_date > member.expires_date for admin in admins
    )
    _tell(member.user, member, left, admins, is_last=is_last)
    if is_last:
        for admin in admins:
            if admin.user_id != member.user_id:
                _tell(admin.user, member, left, admins, is_last=True)
    return True


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
