"""Who acts: the left-hand side of every question to the policies.

Every actor says who it is in the audit trail (`user_id`, `label`, `address`) and carries
the facts that the policies decide by. Actors are made here only, from a request, from a
job, or for the system itself.
"""

from dataclasses import dataclass, field
from datetime import date

from allauth.core.internal.httpkit import get_client_ip
from django.http import HttpRequest

from accounts.models import User
from dip_portal.lib import clock
from jobs.models import Job
from organisations.models import Membership
from organisations.roles import Role


@dataclass(frozen=True, kw_only=True)
class ActingMembership:
    """One membership that is active today. `dip_ids` is None for a member of all DIP IDs."""

    membership_id: int
    organisation_id: int
    roles: frozenset[Role]
    dip_ids: frozenset[int] | None


@dataclass(frozen=True, kw_only=True)
class Actor:
    """What all actors have: how the audit trail names them."""

    user_id: int | None = None
    label: str = ""
    address: str | None = None


@dataclass(frozen=True, kw_only=True)
class AnonymousActor(Actor):
    """Somebody who is not signed in, or whose account is closed."""

    label: str = "Somebody not signed in"


@dataclass(frozen=True, kw_only=True)
class MemberActor(Actor):
    """A signed-in person, with the memberships that are active today (perhaps none)."""

    memberships: tuple[ActingMembership, ...] = ()

    def membership_in(self, organisation_id: int | None) -> ActingMembership | None:
        """Return the person's active membership of this company."""
        return next(
            (own for own in self.memberships if own.organisation_id == organisation_id), None
        )


@dataclass(frozen=True, kw_only=True)
class DipManagerActor(Actor):
    """Elexon's operator of this environment."""


@dataclass(frozen=True, kw_only=True)
class OtherEnvironmentActor(Actor):
    """The other deployment, proven by its signature (Production asking UIT for extracts)."""

    environment: str = ""


@dataclass(frozen=True, kw_only=True)
class DipIdActor(Actor):
    """A DIP ID that calls the API, proven by certificate, key and signature of the call.

    `dip_id_key` and `organisation_id` are the primary keys of the DIP ID and of its company.
    """

    dip_id_key: int
    organisation_id: int


@dataclass(frozen=True, kw_only=True)
class SystemActor(Actor):
    """The DIP itself, where a rule brings a change about and no person does."""

    label: str = field(default="DIP")


SYSTEM = SystemActor()


def actor_for(user: User, *, day: date, address: str | None = None) -> Actor:
    """Return the actor a person is on this day (UTC): one query for a member, none else."""
    label = str(user)
    if not user.is_active:
        return AnonymousActor()
    if user.is_dip_manager:
        return DipManagerActor(user_id=user.pk, label=label, address=address)
    memberships = (
        Membership.objects.filter(user=user, offboarded_at__isnull=True, expires_date__gt=day)
        .prefetch_related("dip_ids")
        .order_by("pk")
    )
    return MemberActor(
        user_id=user.pk,
        label=label,
        address=address,
        memberships=tuple(
            ActingMembership(
                membership_id=membership.pk,
                organisation_id=membership.organisation_id,
                roles=membership.roles,
                dip_ids=None
                if membership.all_dip_ids
                else frozenset(dip_id.pk for dip_id in membership.dip_ids.all()),
            )
            for membership in memberships
        ),
    )


def actor_of(request: HttpRequest) -> Actor:
    """Return the actor of a request; worked out once per request and person."""
    user = request.user
    if not isinstance(user, User):
        return AnonymousActor(address=get_client_ip(request))
    known: tuple[int, Actor] | None = getattr(request, "dip_actor", None)
    if known is None or known[0] != user.pk:
        actor = actor_for(user, day=clock.today(), address=get_client_ip(request))
        known = (user.pk, actor)
        request.dip_actor = known  # type: ignore[attr-defined]
    return known[1]


def forget_actor(request: HttpRequest) -> None:
    """Let the next `actor_of` look again, after a change of the person's own memberships."""
    request.dip_actor = None  # type: ignore[attr-defined]


def actor_of_job(job: Job) -> Actor:
    """Return the person who started a job as they are now: a right lost since then is lost."""
    user = User.objects.filter(pk=job.actor_user_id).first() if job.actor_user_id else None
    if user is None:
        return AnonymousActor()
    return actor_for(user, day=clock.today(), address=job.actor_address)
