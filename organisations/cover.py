"""Cover: how many people a company has for each role that it cannot do without, and until when.

Seminar, 'Adding New Users': at least two User Admins, Certificate Admins and Message
Admins, so that nobody's absence stops the company.
"""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Max, Q

from dip_portal.lib import clock
from organisations.models import Organisation
from organisations.models.grant import ROLE_FIELDS
from organisations.models.invitation import IS_OPEN
from organisations.models.membership import EXPIRES_SOON, active_on
from organisations.roles import Role

RECOMMENDED = 2
ROLES = (Role.USER_ADMIN, Role.CERTIFICATE_ADMIN, Role.MESSAGE_ADMIN)


@dataclass(frozen=True, kw_only=True)
class Cover:
    """How many active members have a role on `day`; from `until` on, if nothing is done, nobody.

    `invited` is how many people have an invitation with the role that can be accepted.
    """

    role: Role
    count: int
    invited: int
    until: date | None
    day: date

    @property
    def also_invited(self) -> str:
        """' (1 invited)', to stand behind a number or a name; empty if nobody is."""
        return f" ({self.invited} invited)" if self.invited else ""

    @property
    def is_there(self) -> bool:
        return self.count > 0

    @property
    def is_thin(self) -> bool:
        return self.count < RECOMMENDED

    @property
    def ends_soon(self) -> bool:
        return self.until is not None and self.until <= self.day + EXPIRES_SOON


def cover_of(organisation: Organisation, day: date) -> dict[Role, Cover]:
    """Return the cover of each of ROLES on this day: two queries."""
    found = organisation.memberships.filter(active_on(day)).aggregate(
        **{f"{role}_count": Count("pk", filter=_has(role)) for role in ROLES},
        **{f"{role}_until": Max("expires_date", filter=_has(role)) for role in ROLES},
    )
    invited = organisation.invitations.filter(IS_OPEN, expires_at__gt=clock.now()).aggregate(
        **{role: Count("pk", filter=_has(role)) for role in ROLES}
    )
    return {
        role: Cover(
            role=role,
            count=found[f"{role}_count"],
            invited=invited[role],
            until=found[f"{role}_until"],
            day=day,
        )
        for role in ROLES
    }


def _has(role: Role) -> Q:
    return Q(**{ROLE_FIELDS[role]: True})
