"""How a membership ends, whoever ends it; the caller asks the policies, locks and records."""

from datetime import datetime

from accounts.services import end_sessions
from organisations.models import Membership


def leave(membership: Membership, *, now: datetime) -> int:
    """End a membership, and return how many sessions of the person ended with it.

    Who is an active member of another company stays signed in; in this one their next
    request has no right either way.
    """
    membership.offboarded_at = now
    membership.revision += 1
    membership.save(update_fields=["offboarded_at", "revision"])
    elsewhere = membership.user.memberships.filter(offboarded_at=None, expires_date__gt=now.date())
    return 0 if elsewhere.exists() else end_sessions(membership.user)
