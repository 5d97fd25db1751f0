"""What the pages of a company read; each with the same number of queries however many rows."""

from datetime import date

from django.db.models import Count, Prefetch, Q, QuerySet

from organisations.actors import Actor
from organisations.models import (
    DipId,
    Membership,
    Nomination,
    Organisation,
    WhitelistedDomain,
)
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


def matching_dip_id(word: str) -> Q:
    """Return what finds a DIP ID by a word."""
    return (
        Q(dip_id__icontains=word)
        | Q(mpid__code__icontains=word)
        | Q(dip_role_code__iexact=word)
        | Q(mpr_role_code__iexact=word)
    )


def members(actor: Actor, organisation: Organisation) -> QuerySet[Membership]:
    """Return the company's members but those offboarded, each with their DIP IDs."""
    return (
        visible(
            actor,
            Action.MEMBER_VIEW,
            Membership.objects.filter(organisation=organisation, offboarded_at__isnull=True),
        )
        .select_related("user")
        .prefetch_related("dip_ids")
    )


def matching_member(word: str) -> Q:
    """Return what finds a member by a word."""
    return (
        Q(user__first_name__icontains=word)
        | Q(user__last_name__icontains=word)
        | Q(user__email__icontains=word)
    )


def nomination_of(organisation: Organisation) -> Nomination | None:
    """Return the nomination of a DIP Connection Provider for the whole company: one query."""
    return (
        organisation.nominations.filter(dip_id__isnull=True)
        .select_related("dcp_id__organisation")
        .first()
    )


def children(organisation: Organisation) -> list[Organisation]:
    """Return the child organisations: one query."""
    return list(organisation.children.order_by("name", "pk"))


def cover(organisation: Organisation, day: date) -> dict[str, int]:
    """Return how many active members have each role of those that need cover: one query."""
    return organisation.memberships.filter(
        offboarded_at__isnull=True, expires_date__gt=day
    ).aggregate(
        user_admins=Count("pk", filter=Q(is_user_admin=True)),
        certificate_admins=Count("pk", filter=Q(is_certificate_admin=True)),
        message_admins=Count("pk", filter=Q(is_message_admin=True)),
    )


def dip_id_counts(actor: Actor, organisation: Organisation) -> dict[str, int]:
    """Return how many DIP IDs the actor may see, and how many have dates set: one query."""
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
        )
    )


def own_domains(organisation: Organisation) -> list[str]:
    """Return the whitelisted domains of the company's own: one query."""
    return list(organisation.whitelisted_domains.values_list("domain", flat=True))


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
