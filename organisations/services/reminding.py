"""What reminders of something that ends have in common: 30 days before, 7 and 1, each once.

The row says which reminder went last (`reminded_days`). Whoever reminds locks it, marks it and
queues the e-mails in one transaction, so that two sweeps at once remind nobody twice, and a
sweep that comes days late sends the one reminder that is due now.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.db.models import Q

from organisations.models import Membership, Organisation
from organisations.models.grant import ROLE_FIELDS
from organisations.models.membership import active_on
from organisations.roles import Role

DAYS_BEFORE = (30, 7, 1)


def is_due(field: str, start: date | datetime) -> Q:
    """Return what finds the rows whose end, in this field, asks for a reminder from `start` on."""
    due = Q()
    for days in DAYS_BEFORE:
        due |= Q(**{f"{field}__lte": start + timedelta(days=days)}) & (
            Q(reminded_days__isnull=True) | Q(reminded_days__gt=days)
        )
    return due & Q(**{f"{field}__gt": start})


def step_for(left: int) -> int:
    """Return which reminder goes when so many days are left."""
    return min(days for days in DAYS_BEFORE if left <= days)


def remind_each(remind_next: Callable[[], bool], *, at_most: int) -> int:
    """Remind until nothing is due or `at_most` is reached; return of how many."""
    count = 0
    while count < at_most and remind_next():
        count += 1
    return count


def people_with(organisation: Organisation, role: Role, day: date) -> list[Membership]:
    """Return the active members who have a role, with their accounts: one query."""
    return list(
        organisation.memberships.filter(active_on(day), **{ROLE_FIELDS[role]: True})
        .select_related("user")
        .order_by("pk")
    )
