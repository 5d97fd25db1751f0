"""The members of a company, kept by its User Admins: create, edit, extend, offboard.

A member has all DIP IDs of the company, or at least one. A company that has an active User
Admin keeps one. The verbs lock the company's row first, so that of two at the same moment
the second sees what the first did; a form that was shown before the other's change is
refused by its `revision`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Q

from audit.services import record
from organisations.actors import Actor
from organisations.errors import ChangedMeanwhile, UnableToChangeMember, UnableToInvite
from organisations.models import DipId, Invitation, Membership, Organisation
from organisations.models.grant import ROLE_FIELDS, Grant
from organisations.models.invitation import IS_OPEN
from organisations.policies import Action, require
from organisations.queries import active_user_admins
from organisations.roles import Role
from organisations.services import invitations
from organisations.services.changes import locked
from organisations.services.leaving import leave

# Seminar, 'Member Management': a Cert Admin and a Message Admin are added as a first task.
FIRST_ADMINS = (Role.CERTIFICATE_ADMIN, Role.MESSAGE_ADMIN)
EXTENDS_BY = timedelta(days=365)
EXTENDS_AT_MOST = timedelta(days=2 * 365)  # from today


@dataclass(frozen=True, kw_only=True)
class Extension:
    """To which expiry dates a membership can be extended today; `default` is one year on."""

    first: date
    default: date
    last: date

    @property
    def is_possible(self) -> bool:
        return self.first <= self.last


@transaction.atomic
def create_member(
    *,
    actor: Actor,
    organisation: Organisation,
    first_name: str,
    last_name: str,
    email: str,
    roles: Collection[Role],
    dip_ids: Collection[DipId] | None,
    now: datetime,
) -> Invitation:
    """Invite somebody to be a member with these roles; the e-mail goes on commit.

    `dip_ids` is None for a member of all DIP IDs. While the company has no Certificate
    Admin or no Message Admin, only these can be created. Raises UnableToInvite, and
    AlreadyThere for who is a member already or has an open invitation.
    """
    require(actor, Action.MEMBER_CREATE, organisation)
    organisation = locked(organisation)
    if not roles:
        raise UnableToInvite("roles", "Select at least one organisation role.")
    missing = missing_first_admins(organisation, now=now)
    if missing and not set(missing) & set(roles):
        raise UnableToInvite("roles", first_admins_needed(missing))
    if dip_ids is not None:
        _require_own(organisation, dip_ids, UnableToInvite)
    invitation = invitations.issue(
        actor=actor,
        organisation=organisation,
        first_name=first_name,
        last_name=last_name,
        email=email,
        roles=roles,
        dip_ids=dip_ids,
        now=now,
    )
    _record(
        "member:create",
        actor,
        invitation,
        now,
        after={"email": invitation.email, **invitations.describe(invitation)},
    )
    return invitation


def first_admins_needed(missing: Collection[Role]) -> str:
    """Say that somebody with these roles comes before all others."""
    names = " and a ".join(str(role.label) for role in missing)
    return f"A {names} is to be created first: it enables the on-boarding process."


def missing_first_admins(organisation: Organisation, *, now: datetime) -> list[Role]:
    """Return which of Certificate Admin and Message Admin the company has nobody for: two queries.

    An active member counts, and an invitation that can be accepted.
    """
    present: set[Role] = set()
    for people in (
        organisation.memberships.filter(offboarded_at=None, expires_date__gt=now.date()),
        organisation.invitations.filter(IS_OPEN, expires_at__gt=now),
    ):
        counts = people.aggregate(
            **{role.name: Count("pk", filter=Q(**{ROLE_FIELDS[role]: True})) for role in Role}
        )
        present |= {role for role in Role if counts[role.name]}
    return [role for role in FIRST_ADMINS if role not in present]


@transaction.atomic
def edit_member(
    *,
    actor: Actor,
    membership: Membership,
    revision: int,
    roles: Collection[Role],
    dip_ids: Collection[DipId] | None,
    now: datetime,
) -> None:
    """Give a member these roles and DIP IDs in place of those they have.

    `revision` is that of the member the form showed; `dip_ids` is None for all of them.
    What is so already changes nothing. Raises UnableToChangeMember, and ChangedMeanwhile.
    """
    current = _current(actor, Action.MEMBER_EDIT, membership)
    if Role.USER_ADMIN not in roles:
        _refuse_if("roles", why_not_without(current, now=now))
    _edit("member:edit", actor, current, revision, roles, dip_ids, now)


@transaction.atomic
def edit_invitation(
    *,
    actor: Actor,
    invitation: Invitation,
    revision: int,
    roles: Collection[Role],
    dip_ids: Collection[DipId] | None,
    now: datetime,
) -> None:
    """Change what a person with an open invitation will be; its link stays as it is.

    Raises UnableToChangeInvitation, UnableToChangeMember and ChangedMeanwhile.
    """
    require(actor, Action.MEMBER_EDIT, invitation)
    if invitation.is_primary:
        require(actor, Action.INVITATION_SEND, invitation)
    current = invitations.still_open(invitation)
    _edit("invitation:edit", actor, current, revision, roles, dip_ids, now)


@transaction.atomic
def extend_member(
    *, actor: Actor, membership: Membership, revision: int, expires_date: date, now: datetime
) -> None:
    """Let a membership last until this day, the first without access; an expired one too.

    Raises UnableToChangeMember for a date outside of `extension`, and ChangedMeanwhile.
    """
    current = _current(actor, Action.MEMBER_EXTEND, membership)
    if current.revision != revision:
        raise ChangedMeanwhile(current)
    bounds = extension(current, day=now.date())
    if not bounds.is_possible:
        raise UnableToChangeMember("expires_date", why_not_extend(current, day=now.date()))
    if not bounds.first <= expires_date <= bounds.last:
        raise UnableToChangeMember(
            "expires_date", f"Choose a date from {bounds.first} to {bounds.last}."
        )
    before = {"expires_date": current.expires_date.isoformat()}
    current.expires_date = expires_date
    current.reminded_days = None
    current.revision += 1
    current.save(update_fields=["expires_date", "reminded_days", "revision"])
    after = {"expires_date": expires_date.isoformat()}
    _record("member:extend", actor, current, now, before=before, after=after)


@transaction.atomic
def offboard_member(*, actor: Actor, membership: Membership, now: datetime) -> None:
    """End a membership at once. The row stays, as offboarded, for the history.

    A person who is an active member of no other company is signed out everywhere; in this
    company their next request has no right either way. Raises UnableToChangeMember.
    """
    current = _current(actor, Action.MEMBER_OFFBOARD, membership)
    _refuse_if("", why_not_without(current, now=now))
    ended = leave(current, now=now)
    before = {"email": current.user.email, **invitations.describe(current), "sessions": ended}
    _record("member:offboard", actor, current, now, before=before, after={"sessions": 0})


@transaction.atomic
def keep_member(*, actor: Actor, membership: Membership, now: datetime) -> None:
    """Keep a member although the domain of their address is not whitelisted any more.

    Raises UnableToChangeMember for who was offboarded.
    """
    current = _current(actor, Action.MEMBER_EDIT, membership)
    current.kept_domain = current.user.email.rpartition("@")[2]
    current.save(update_fields=["kept_domain"])
    _record("member:keep", actor, current, now, after={"domain": current.kept_domain})


def why_not_without(membership: Membership, *, now: datetime) -> str:
    """Return why the company cannot do without this User Admin; empty if it can. One query.

    An expired User Admin, or one whose account is closed, is nobody's loss.
    """
    if not _is_user_admin(membership, now):
        return ""
    others = (
        active_user_admins(now.date())
        .filter(organisation=membership.organisation_id)
        .exclude(pk=membership.pk)
    )
    if others.exists():
        return ""
    return (
        f"{membership.user} is the last active User Admin: nobody could keep the members "
        "any more. Make somebody else User Admin first."
    )


def extension(membership: Membership, *, day: date) -> Extension:
    """Return the bounds of an extension made on this day: at most two years from it.

    The default is one year after the later of this day and the present expiry date.
    """
    present = max(day, membership.expires_date)
    last = day + EXTENDS_AT_MOST
    return Extension(
        first=present + timedelta(days=1), default=min(present + EXTENDS_BY, last), last=last
    )


def why_not_extend(membership: Membership, *, day: date) -> str:
    """Return why a membership cannot be extended on this day; empty if it can."""
    if extension(membership, day=day).is_possible:
        return ""
    return f"It lasts until {membership.expires_date}: two years from today is the most."


@transaction.atomic
def add_to_dip_id(*, actor: Actor, membership: Membership, dip_id: DipId, now: datetime) -> None:
    """Make a member of some DIP IDs a member of this one too. Raises UnableToChangeMember."""
    current = _current(actor, Action.MEMBER_EDIT, membership)
    _require_own(current.organisation, [dip_id], UnableToChangeMember)
    before = invitations.describe(current)
    if current.all_dip_ids or current.dip_ids.contains(dip_id):
        raise UnableToChangeMember("", f"{current.user} is a member of DIP ID {dip_id} already.")
    current.dip_ids.add(dip_id)
    _save("dip_id:add_member", actor, current, before, now)


@transaction.atomic
def remove_from_dip_id(
    *, actor: Actor, membership: Membership, dip_id: DipId, now: datetime
) -> None:
    """Take a member off this DIP ID; the person stays a member of the company.

    A member of all DIP IDs keeps the others that the company has today, and gets no later
    one by itself. Raises UnableToChangeMember if it is the member's only DIP ID.
    """
    current = _current(actor, Action.MEMBER_EDIT, membership)
    _require_own(current.organisation, [dip_id], UnableToChangeMember)
    before = invitations.describe(current)
    kept = _dip_ids_of(current.organisation) if current.all_dip_ids else current.dip_ids.all()
    if not kept.filter(pk=dip_id.pk).exists():
        raise UnableToChangeMember("", f"{current.user} is not a member of DIP ID {dip_id}.")
    others = list(kept.exclude(pk=dip_id.pk))
    if not others:
        raise UnableToChangeMember(
            "",
            f"{dip_id} is the only DIP ID of {current.user}: give them another one first, or "
            "offboard them from the company.",
        )
    current.all_dip_ids = False
    current.dip_ids.set(others)
    _save("dip_id:remove_member", actor, current, before, now)


def _current(actor: Actor, action: Action, membership: Membership) -> Membership:
    """Return the member as they are now, the company locked. Raises UnableToChangeMember."""
    require(actor, action, membership)
    organisation = locked(membership.organisation)
    current = Membership.objects.select_related("user").get(pk=membership.pk)
    if current.offboarded_at is not None:
        raise UnableToChangeMember("", f"{current.user} was offboarded already.")
    current.organisation = organisation
    return current


def _is_user_admin(membership: Membership, now: datetime) -> bool:
    is_active = membership.is_active_on(now.date()) and membership.user.is_active
    return is_active and membership.is_user_admin


def _refuse_if(field: str, reason: str) -> None:
    if reason:
        raise UnableToChangeMember(field, reason)


def _edit(
    action: str,
    actor: Actor,
    current: Membership | Invitation,
    revision: int,
    roles: Collection[Role],
    dip_ids: Collection[DipId] | None,
    now: datetime,
) -> None:
    if not roles:
        raise UnableToChangeMember("roles", "Select at least one organisation role.")
    if dip_ids is not None:
        _require_own(current.organisation, dip_ids, UnableToChangeMember)
    if _has_this(current, roles, dip_ids):
        return
    if current.revision != revision:
        raise ChangedMeanwhile(current)
    before = invitations.describe(current)
    current.roles = frozenset(roles)
    current.all_dip_ids = dip_ids is None
    current.dip_ids.set(dip_ids or [])
    _save(action, actor, current, before, now)


def _has_this(grant: Grant, roles: Collection[Role], dip_ids: Collection[DipId] | None) -> bool:
    if grant.roles != frozenset(roles) or grant.all_dip_ids != (dip_ids is None):
        return False
    return dip_ids is None or set(grant.dip_ids.all()) == set(dip_ids)


def _dip_ids_of(organisation: Organisation) -> Any:
    return DipId.objects.filter(mpid__organisation=organisation)


def _require_own(
    organisation: Organisation,
    dip_ids: Collection[DipId],
    error: type[UnableToInvite | UnableToChangeMember],
) -> None:
    if not dip_ids:
        raise error("dip_ids", "Choose at least one DIP ID, or Member of All DIP IDs.")
    keys = {dip_id.pk for dip_id in dip_ids}
    if _dip_ids_of(organisation).filter(pk__in=keys).count() != len(keys):
        raise error("dip_ids", f"Choose DIP IDs of {organisation}.")


def _save(
    action: str,
    actor: Actor,
    changed: Membership | Invitation,
    before: dict[str, Any],
    now: datetime,
) -> None:
    """Store roles and DIP IDs under the next revision, and record what changed."""
    changed.revision += 1
    changed.save(update_fields=[*ROLE_FIELDS.values(), "all_dip_ids", "revision"])
    _record(action, actor, changed, now, before=before, after=invitations.describe(changed))


def _record(
    action: str,
    actor: Actor,
    subject: Membership | Invitation,
    now: datetime,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    record(
        actor=actor,
        action=action,
        subject=subject,
        before=before,
        after=after,
        at=now,
        organisation_id=subject.organisation_id,
    )
