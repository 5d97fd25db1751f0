"""What the pages of a company read; each with the same number of queries however many rows."""

from collections.abc import Collection
from datetime import date
from functools import reduce
from operator import or_

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Value
from django.db.models.functions import Concat

from accounts.models import User
from organisations.actors import Actor
from organisations.models import (
    DipId,
    DomainRequest,
    Membership,
    Nomination,
    Organisation,
    RoleRequest,
    WhitelistedDomain,
)
from organisations.models.invitation import IS_OPEN
from organisations.models.membership import active_on
from organisations.policies import Action, visible


def companies(actor: Actor) -> QuerySet[Organisation]:
    """Return the companies that the actor may see, with their DIP IDs: three queries."""
    return visible(
        actor,
        Action.ORGANISATION_VIEW,
        Organisation.objects.prefetch_related("mpids__dip_ids").select_related("parent"),
    )


def matching_company(word: str) -> Q:
    """Return what finds a company by a word: its name or number, an MPID or a DIP ID."""
    return (
        Q(name__icontains=word)
        | Q(company_number__istartswith=word)
        | Q(pk__in=DipId.objects.filter(dip_id=word).values("mpid__organisation"))
        | Q(pk__in=Organisation.objects.filter(mpids__code__iexact=word).values("pk"))
    )


def dip_ids(actor: Actor, organisation: Organisation) -> QuerySet[DipId]:
    """Return the company's DIP IDs that the actor may see, each with its own nomination."""
    return (
        visible(
            actor,
            Action.DIP_ID_VIEW,
            DipId.objects.filter(mpid__organisation=organisation),
        )
        .select_related("mpid")
        .prefetch_related(
            Prefetch(
                "nominations", queryset=Nomination.objects.select_related("dcp_id__organisation")
            )
        )
    )


def dip_ids_of(organisation: Organisation) -> list[DipId]:
    """Return all DIP IDs of a company, to choose from: one query."""
    return list(
        DipId.objects.filter(mpid__organisation=organisation)
        .select_related("mpid")
        .order_by("dip_id")
    )


def matching_dip_id(word: str) -> Q:
    """Return what finds a DIP ID by a word."""
    return (
        Q(dip_id__icontains=word)
        | Q(mpid__code__icontains=word)
        | Q(dip_role_code__iexact=word)
        | Q(mpr_role_code__iexact=word)
    )


def members_without(dip_id: DipId) -> QuerySet[Membership]:
    """Return the members of the DIP ID's company who are limited to others of its DIP IDs."""
    return (
        Membership.objects.filter(
            organisation=dip_id.mpid.organisation_id, offboarded_at__isnull=True, all_dip_ids=False
        )
        .exclude(dip_ids=dip_id)
        .select_related("user")
    )


def matching_member(word: str) -> Q:
    """Return what finds a member by a word."""
    return (
        Q(user__first_name__icontains=word)
        | Q(user__last_name__icontains=word)
        | Q(user__email__icontains=word)
    )


def members_outside(organisation: Organisation, domains: Collection[str]) -> QuerySet[Membership]:
    """Return the members from none of these domains, but those whom a User Admin keeps."""
    inside = reduce(or_, (Q(user__email__endswith=f"@{domain}") for domain in domains), Q(pk=None))
    kept = Q(user__email__endswith=Concat(Value("@"), F("kept_domain"))) & ~Q(kept_domain="")
    return (
        Membership.objects.filter(organisation=organisation, offboarded_at__isnull=True)
        .exclude(inside)
        .exclude(kept)
        .select_related("user")
    )


def nomination_of(organisation: Organisation) -> Nomination | None:
    """Return the nomination of a DIP Connection Provider for the whole company: one query."""
    return nomination_for(organisation, None)


def nomination_for(organisation: Organisation, dip_id: DipId | None) -> Nomination | None:
    """Return the nomination of one DIP ID, or with None of the whole company: one query."""
    return (
        organisation.nominations.filter(dip_id=dip_id)
        .select_related("dcp_id__organisation")
        .first()
    )


def nominations_seen(
    actor: Actor, organisation: Organisation
) -> tuple[Nomination | None, list[tuple[Nomination, int]]]:
    """Return the whole company's nomination, and those of DIP IDs that the actor may see.

    The latter by DCP, with the number of DIP IDs. One query.
    """
    seen = visible(actor, Action.DIP_ID_VIEW, DipId.objects.filter(mpid__organisation=organisation))
    rows = (
        organisation.nominations.filter(Q(dip_id=None) | Q(dip_id__in=seen.values("pk")))
        .select_related("dcp_id__organisation")
        .order_by("dcp_id_code")
    )
    whole = None
    by_dcp: dict[str, list[Nomination]] = {}
    for row in rows:
        if row.dip_id_id is None:
            whole = row
        else:
            by_dcp.setdefault(row.dcp_id_code, []).append(row)
    return whole, [(same[0], len(same)) for same in by_dcp.values()]


def nominations_of_dcp(organisation: Organisation) -> QuerySet[Nomination]:
    """Return who nominated a DIP Connection Provider, with company and DIP ID."""
    return Nomination.objects.filter(dcp_id__organisation=organisation).select_related(
        "organisation", "dip_id"
    )


def matching_nomination(word: str) -> Q:
    """Return what finds a nomination by a word: its company, its DIP ID or its DCP ID."""
    return (
        Q(organisation__name__icontains=word)
        | Q(dip_id__dip_id__icontains=word)
        | Q(dcp_id_code__icontains=word)
    )


def people_from(organisation: Organisation, domains: Collection[str]) -> int:
    """Return how many members and invited people have an address of these domains: two queries."""
    members = organisation.memberships.filter(offboarded_at__isnull=True)
    invited = organisation.invitations.filter(IS_OPEN)
    return sum(
        people.filter(
            reduce(or_, (Q(**{f"{email}__endswith": f"@{domain}"}) for domain in domains))
        ).count()
        for people, email in ((members, "user__email"), (invited, "email"))
    )


def children(organisation: Organisation) -> list[Organisation]:
    """Return the child organisations: one query."""
    return list(organisation.children.order_by("name", "pk"))


def active_user_admins(day: date) -> QuerySet[Membership]:
    """Return the memberships of all active User Admins whose accounts are open."""
    return Membership.objects.filter(active_on(day), is_user_admin=True)


def companies_left_without(person: User, day: date) -> list[Organisation]:
    """Return the companies whose only active User Admin is this person: one query."""
    user_admins = active_user_admins(day)
    others = user_admins.filter(organisation=OuterRef("pk")).exclude(user=person)
    return list(
        Organisation.objects.filter(
            ~Exists(others), pk__in=user_admins.filter(user=person).values("organisation")
        )
    )


def dip_id_counts(actor: Actor, organisation: Organisation) -> dict[str, int]:
    """Return how many DIP IDs the actor may see, have dates set, have an API key taken.

    One query.
    """
    return (
        dip_ids(actor, organisation)
        .order_by()
        .aggregate(
            all=Count("pk", distinct=True),
            dated=Count(
                "pk",
                distinct=True,
                filter=Q(effective_dates_set_at__isnull=False, effective_from_date__isnull=False),
            ),
            with_key=Count("pk", distinct=True, filter=Q(api_keys__first_shown_at__isnull=False)),
        )
    )


def own_domains(organisation: Organisation) -> list[str]:
    """Return the whitelisted domains of the company's own: one query."""
    return list(organisation.whitelisted_domains.values_list("domain", flat=True))


def companies_with_domain(domain: str) -> list[Organisation]:
    """Return the companies that have this domain of their own, by name: one query."""
    return list(
        Organisation.objects.filter(whitelisted_domains__domain=domain).order_by("name", "pk")
    )


def open_role_requests(organisation: Organisation) -> list[RoleRequest]:
    """Return the DIP roles that wait for the DIP Manager, or for their DIP ID: one query."""
    state = RoleRequest.State
    return list(
        organisation.role_requests.filter(
            Q(state=state.PENDING) | Q(state=state.APPROVED, dip_id=None)
        ).select_related("mpid")
    )


def pending_domain_requests(organisation: Organisation) -> list[DomainRequest]:
    """Return the domains that the company waits for, the newest first: one query."""
    return list(organisation.domain_requests.filter(state=DomainRequest.State.PENDING))


def domains_through_dcps(organisation: Organisation) -> list[tuple[str, str]]:
    """Return (domain, name of the DCP) of those that come with its nominations: one query."""
    return list(
        WhitelistedDomain.objects.filter(
            organisation__dcp_ids__nominations__organisation=organisation,
            organisation__dcp_ids__nominations__whitelists_domains=True,
        )
        .order_by("domain", "organisation__name")
        .values_list("domain", "organisation__name")
        .distinct()
    )
