"""What the Members table reads: members and invited people in one table.

The database joins, sorts and cuts keys alone; what a page shows is fetched after that, so
that ten rows of ten thousand cost as many queries as ten of ten, and little more time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.functions import Lower, TruncDate

from audit.models import Event
from organisations.actors import Actor
from organisations.listing import Column
from organisations.models import DipId, Invitation, Membership, Organisation
from organisations.models.grant import ROLE_FIELDS, Grant
from organisations.models.invitation import IS_OPEN
from organisations.models.membership import EXPIRES_SOON
from organisations.policies import Action, visible
from organisations.roles import Role

CHUNK = 1000
KEYS = ("kind", "pk", "first", "last", "address", "expiry")
IDENTITY = ("kind", "pk")
COLUMNS = [
    Column(label="First Name", key="first", fields=("first", "last")),
    Column(label="Last Name", key="last", fields=("last", "first")),
    Column(label="Email ID", key="email", fields=("address",)),
    Column(label="Role"),
    Column(label="Role Codes"),
    Column(label="Expiry Date", key="expiry", fields=("expiry", "last")),
    Column(label="State"),
]
ACTIONS = Column(label="Actions")
PRIMARY_IS_THE_DIP_MANAGERS = "The DIP Manager invites the Primary User Admin."
# What raises the revision of a member or an invitation.
EDITS = (
    "member:edit",
    "member:extend",
    "invitation:edit",
    "dip_id:add_member",
    "dip_id:remove_member",
)
# The states of a row: how the portal puts them, and their tone.
STATES = {
    "invited": ("Invited", "info"),
    "invitation-expired": ("Invitation expired", "warning"),
    "active": ("Active", "success"),
    "expiring": ("Expiring soon", "warning"),
    "expired": ("Expired", "danger"),
    "offboarded": ("Offboarded", "neutral"),
}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which rows are asked for. What is empty asks for all, but for those offboarded."""

    words: Sequence[str] = ()
    role: Role | None = None
    state: str = ""
    dip_id: DipId | None = None


@dataclass(frozen=True, kw_only=True)
class MemberRow:
    """A row of the table: a member, or a person with an open invitation."""

    grant: Grant
    member: Membership | None
    invitation: Invitation | None
    first_name: str
    last_name: str
    email: str
    expires_date: date
    state: str

    @property
    def state_label(self) -> str:
        return STATES[self.state][0]

    @property
    def is_account_closed(self) -> bool:
        return self.member is not None and not self.member.user.is_active

    @property
    def tone(self) -> str:
        return STATES[self.state][1]


@dataclass(frozen=True, kw_only=True)
class Change:
    """One edit of a person: who made it, when, and (what, before, after)."""

    who: str
    at: datetime
    facts: list[tuple[str, str, str]]


def table(
    actor: Actor, organisation: Organisation, wanted: Wanted, *, now: datetime
) -> QuerySet[Any, Any]:
    """Return the keys (KEYS, as dictionaries) of the rows that the actor may see.

    Members and open invitations that were asked for; still to be sorted and cut.
    """
    members = visible(
        actor, Action.MEMBER_VIEW, Membership.objects.filter(organisation=organisation)
    ).filter(_member_in(wanted.state, now.date()), _granted(Membership, wanted))
    invited = visible(
        actor, Action.MEMBER_VIEW, Invitation.objects.filter(organisation=organisation)
    ).filter(_invitation_in(wanted.state, now), _granted(Invitation, wanted))
    for word in wanted.words:
        members = members.filter(_named(word, "user__"))
        invited = invited.filter(_named(word, ""))
    return _keys(members, "member", "user__", "expires_date").union(
        _keys(invited, "invitation", "", TruncDate("expires_at", tzinfo=UTC)), all=True
    )


def rows(keys: Sequence[dict[str, Any]], *, now: datetime) -> list[MemberRow]:
    """Return the rows of these keys, in their order: at most four queries."""
    members = (
        Membership.objects.select_related("user")
        .prefetch_related("dip_ids")
        .in_bulk([key["pk"] for key in keys if key["kind"] == "member"])
    )
    invited = Invitation.objects.prefetch_related("dip_ids").in_bulk(
        [key["pk"] for key in keys if key["kind"] == "invitation"]
    )
    return [
        _member_row(members[key["pk"]], now.date())
        if key["kind"] == "member"
        else _invitation_row(invited[key["pk"]], now)
        for key in keys
    ]


def all_rows(keys: QuerySet[Any, Any], *, now: datetime) -> Iterator[MemberRow]:
    """Return every row of a table, a thousand at a time."""
    found = list(keys)
    for start in range(0, len(found), CHUNK):
        yield from rows(found[start : start + CHUNK], now=now)


def changes(person: Grant, number: int) -> list[Change]:
    """Return the newest edits of a member or an invitation, at most so many: one query."""
    events = Event.objects.filter(
        subject_type=person._meta.label_lower, subject_id=str(person.pk), action__in=EDITS
    ).order_by("-pk")
    return [
        Change(
            who=event.actor_label,
            at=event.at,
            facts=[
                (name.replace("_", " "), _told(event.before[name]), _told(event.after.get(name)))
                for name in event.before
            ],
        )
        for event in events[: max(number, 0)]
    ]


def _told(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def _member_row(member: Membership, day: date) -> MemberRow:
    return MemberRow(
        grant=member,
        member=member,
        invitation=None,
        first_name=member.user.first_name,
        last_name=member.user.last_name,
        email=member.user.email,
        expires_date=member.expires_date,
        state=member.state_on(day),
    )


def _invitation_row(invitation: Invitation, now: datetime) -> MemberRow:
    return MemberRow(
        grant=invitation,
        member=None,
        invitation=invitation,
        first_name=invitation.first_name,
        last_name=invitation.last_name,
        email=invitation.email,
        expires_date=invitation.expires_at.astimezone(UTC).date(),
        state="invited" if invitation.is_redeemable_at(now) else "invitation-expired",
    )


def _keys(
    people: QuerySet[Any, Any], kind: str, person: str, expiry: str | TruncDate
) -> QuerySet[Any, Any]:
    return (
        people.order_by()
        .annotate(
            kind=Value(kind, output_field=CharField()),
            first=Lower(f"{person}first_name"),
            last=Lower(f"{person}last_name"),
            address=Lower(f"{person}email"),
            expiry=F(expiry) if isinstance(expiry, str) else expiry,
        )
        .values(*KEYS)
    )


def _named(word: str, person: str) -> Q:
    return (
        Q(**{f"{person}first_name__icontains": word})
        | Q(**{f"{person}last_name__icontains": word})
        | Q(**{f"{person}email__icontains": word})
    )


def _granted(model: type[Membership | Invitation], wanted: Wanted) -> Q:
    found = Q()
    if wanted.role is not None:
        found &= Q(**{ROLE_FIELDS[wanted.role]: True})
    if wanted.dip_id is not None:
        limited_to_it = model._default_manager.filter(dip_ids=wanted.dip_id).values("pk")
        found &= Q(all_dip_ids=True) | Q(pk__in=limited_to_it)
    return found


def _member_in(state: str, day: date) -> Q:
    present = Q(offboarded_at__isnull=True)
    soon = day + EXPIRES_SOON
    return {
        "": present,
        "active": present & Q(expires_date__gt=soon),
        "expiring": present & Q(expires_date__gt=day, expires_date__lte=soon),
        "expired": present & Q(expires_date__lte=day),
        "offboarded": Q(offboarded_at__isnull=False),
    }.get(state, NOTHING)


def _invitation_in(state: str, now: datetime) -> Q:
    return {
        "": IS_OPEN,
        "invited": IS_OPEN & Q(expires_at__gt=now),
        "invitation-expired": IS_OPEN & Q(expires_at__lte=now),
    }.get(state, NOTHING)


NOTHING = Q(pk__in=())
