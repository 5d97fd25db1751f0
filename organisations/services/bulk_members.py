"""Create many members at once: a plan, row by row, then a job that creates them.

The plan says of each row what creating it would say now. The job asks again, row by row, so
that what changed meanwhile, a second click or a worker that was killed invites nobody twice.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.urls import reverse

from accounts.models import User
from audit.services import record
from jobs import services as jobs
from jobs.models import Job
from organisations import queries
from organisations.actors import Actor
from organisations.errors import UnableToInvite
from organisations.member_table import Line, UnableToReadTable
from organisations.models import DipId, Invitation, Organisation
from organisations.models.invitation import IS_OPEN
from organisations.policies import Action, require
from organisations.roles import Role
from organisations.services import invitations, members
from organisations.services.domains import allowed_domains, require_domain_among

KIND = "members.create"


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A row of the plan: `refusal` says why this person cannot be created; empty if they can."""

    line: Line
    email: str
    refusal: str = ""


def plan(*, organisation: Organisation, lines: Sequence[Line], now: datetime) -> list[Planned]:
    """Return for each line, in order, what creating it would say now: nine queries."""
    known = _Known(organisation, lines)
    rows: list[Planned] = []
    first_on: dict[str, int] = {}
    for line in lines:
        email = User.objects.normalize_email(line.email)
        refusal = line.problem or known.refusal_of(line, email)
        if email in first_on:
            refusal = refusal or f"Line {first_on[email]} has the same e-mail address."
        elif not refusal:
            first_on[email] = line.number
        rows.append(Planned(line=line, email=email, refusal=refusal))
    return _first_admins_first(rows, members.missing_first_admins(organisation, now=now))


@transaction.atomic
def start(*, actor: Actor, organisation: Organisation, lines: Sequence[Line], now: datetime) -> Job:
    """Start the job that creates the members of these lines, and tells of each that it cannot.

    A Certificate Admin and a Message Admin come first, if the company needs them. Raises
    UnableToReadTable if none of the lines can be created.
    """
    require(actor, Action.MEMBER_CREATE, organisation)
    planned = plan(organisation=organisation, lines=lines, now=now)
    can_be = [row for row in planned if not row.refusal]
    if not can_be:
        raise UnableToReadTable("Nobody in this table can be created.")
    missing = members.missing_first_admins(organisation, now=now)
    leaders = _leaders(can_be, missing)
    in_order = [*leaders, *(row for row in planned if row not in leaders)]
    record(
        actor=actor,
        action="member:create_in_bulk",
        subject=organisation,
        after={"rows": len(planned), "can_be_created": len(can_be)},
        at=now,
        organisation_id=organisation.pk,
    )
    return jobs.start(
        kind=KIND,
        actor=actor,
        items=[(_label(row), _payload(organisation, row)) for row in in_order],
        label=f"{len(planned)} members of {organisation}",
        back=members_page(organisation),
    )


def members_page(organisation: Organisation) -> str:
    """Return the path of the company's members: where its jobs lead back to."""
    return reverse("organisations:members", args=[organisation.pk])


def create_all(
    *, actor: Actor, payloads: Sequence[dict[str, Any]], now: datetime
) -> list[Invitation | str]:
    """Create the members of these payloads of one company, in the transaction at hand.

    Returns for each the invitation, or why there is none. Raises Refused or Stranger.
    """
    organisation = Organisation.objects.get(pk=payloads[0]["organisation"])
    own = {dip_id.dip_id: dip_id for dip_id in queries.dip_ids_of(organisation)}
    return [_create(actor, organisation, own, payload, now) for payload in payloads]


def _create(
    actor: Actor,
    organisation: Organisation,
    own: dict[str, DipId],
    payload: dict[str, Any],
    now: datetime,
) -> Invitation | str:
    if payload["refusal"]:
        return str(payload["refusal"])
    codes = payload["dip_ids"]
    if unknown := [code for code in codes or () if code not in own]:
        return _not_own(unknown, organisation)
    try:
        return members.create_member(
            actor=actor,
            organisation=organisation,
            first_name=payload["first_name"],
            last_name=payload["last_name"],
            email=payload["email"],
            roles=[Role(code) for code in payload["roles"]],
            dip_ids=None if codes is None else [own[code] for code in codes],
            now=now,
        )
    except UnableToInvite as refusal:
        return str(refusal)


def _label(row: Planned) -> str:
    return f"Line {row.line.number}: {row.line.full_name} {row.email}"


def _payload(organisation: Organisation, row: Planned) -> dict[str, Any]:
    line = row.line
    return {
        "organisation": organisation.pk,
        "line": line.number,
        "first_name": line.first_name,
        "last_name": line.last_name,
        "email": row.email,
        "roles": sorted(line.roles),
        "dip_ids": None if line.dip_ids is None else list(line.dip_ids),
        "refusal": row.refusal,
    }


class _Known:
    """What the plan asks of the database: once for all lines."""

    def __init__(self, organisation: Organisation, lines: Sequence[Line]) -> None:
        emails = {User.objects.normalize_email(line.email) for line in lines}
        self.organisation = organisation
        self.domains = frozenset(allowed_domains(organisation))
        self.dip_ids = {dip_id.dip_id for dip_id in queries.dip_ids_of(organisation)}
        self.managers = set(
            User.objects.filter(is_staff=True, email__in=emails).values_list("email", flat=True)
        )
        self.members = set(
            organisation.memberships.filter(offboarded_at=None, user__email__in=emails).values_list(
                "user__email", flat=True
            )
        )
        self.invited = set(
            organisation.invitations.filter(IS_OPEN, email__in=emails).values_list(
                "email", flat=True
            )
        )

    def refusal_of(self, line: Line, email: str) -> str:
        try:
            invitations.checked_name("first_name", line.first_name)
            invitations.checked_name("last_name", line.last_name)
            invitations.check_address(email)
            require_domain_among(self.domains, self.organisation, email)
        except UnableToInvite as refusal:
            return str(refusal)
        unknown = [code for code in line.dip_ids or () if code not in self.dip_ids]
        if unknown:
            return _not_own(unknown, self.organisation)
        if email in self.managers:
            return "A DIP Manager cannot be a member of a company."
        if email in self.members:
            return f"{email} is a member of {self.organisation} already."
        if email in self.invited:
            return f"{email} has an open invitation already."
        return ""


def _not_own(codes: Sequence[str], organisation: Organisation) -> str:
    verb = "is no DIP ID" if len(codes) == 1 else "are no DIP IDs"
    return f"{', '.join(codes)} {verb} of {organisation}."


def _first_admins_first(rows: list[Planned], missing: Sequence[Role]) -> list[Planned]:
    """Refuse what has to wait for a Certificate Admin or a Message Admin whom no row brings."""
    leaders = _leaders(rows, missing)
    brought = {role for row in leaders for role in row.line.roles}
    absent = [role for role in missing if role not in brought]
    if not absent:
        return rows
    reason = members.first_admins_needed(absent)
    return [row if row.refusal or row in leaders else replace(row, refusal=reason) for row in rows]


def _leaders(rows: Sequence[Planned], missing: Collection[Role]) -> list[Planned]:
    """Return the first row that brings each missing role: these are created before the rest."""
    leaders: list[Planned] = []
    for role in missing:
        if not any(role in row.line.roles for row in leaders):
            leaders += [row for row in rows if not row.refusal and role in row.line.roles][:1]
    return leaders
