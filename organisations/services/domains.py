"""The e-mail domains from which a company's members may come."""

from collections.abc import Collection
from datetime import datetime

import idna
from django.db import transaction
from django.db.models import Q

from audit.services import record
from dip_portal.lib.identities import InvalidDomain, canonical_domain, email_domain
from organisations.actors import Actor
from organisations.errors import UnableToChangeCompany, UnableToInvite
from organisations.models import DcpId, Nomination, Organisation, WhitelistedDomain
from organisations.policies import Action, require
from organisations.services.changes import touch

ASK_THE_DIP_MANAGER = (
    "Note: If you require a domain which isn't listed, please contact the DIP Manager for it "
    "to be whitelisted."
)
WHITELIST_IT_FIRST = "Whitelist the domain first, on the company's page under Companies."


@transaction.atomic
def whitelist_domain(
    *, actor: Actor, organisation: Organisation, domain: str, now: datetime
) -> WhitelistedDomain:
    """Whitelist a domain for a company; it is stored in its canonical form.

    Raises UnableToChangeCompany for what is no domain, or is whitelisted already.
    """
    require(actor, Action.DOMAIN_WHITELIST, organisation)
    try:
        canonical = canonical_domain(domain)
    except InvalidDomain as error:
        raise UnableToChangeCompany("domain", str(error)) from error
    made, is_new = WhitelistedDomain.objects.get_or_create(
        organisation=organisation, domain=canonical
    )
    if not is_new:
        raise UnableToChangeCompany("domain", f"{canonical} is whitelisted already.")
    touch(organisation, now)
    record(
        actor=actor,
        action="domain:whitelist",
        subject=organisation,
        after={"domain": canonical},
        at=now,
        organisation_id=organisation.pk,
    )
    return made


@transaction.atomic
def remove_domain(*, actor: Actor, domain: WhitelistedDomain, now: datetime) -> None:
    """Take a domain off a company's list. Members who came from it stay members."""
    require(actor, Action.DOMAIN_WHITELIST, domain)
    organisation = domain.organisation
    name = domain.domain
    deleted, _ = WhitelistedDomain.objects.filter(pk=domain.pk).delete()
    if deleted:
        touch(organisation, now)
        record(
            actor=actor,
            action="domain:remove",
            subject=organisation,
            before={"domain": name},
            at=now,
            organisation_id=organisation.pk,
        )


def own_and_dcp_domains(organisation: Organisation) -> tuple[list[str], list[str]]:
    """Return the company's own domains, and those that come with its nominated DCPs.

    The latter follow from 'Whitelist DCP's domains' of a nomination, and end with it. Two
    queries; both lists are in order and name nothing twice.
    """
    own = sorted(organisation.whitelisted_domains.values_list("domain", flat=True))
    through_dcp = WhitelistedDomain.objects.filter(
        Q(organisation__dcp_ids__nominations__organisation=organisation)
        & Q(organisation__dcp_ids__nominations__whitelists_domains=True)
    )
    return own, sorted(set(through_dcp.values_list("domain", flat=True)) - set(own))


def domains_of(dcp_id: DcpId) -> list[str]:
    """Return the domains that nominating this DCP with them would whitelist: one query."""
    return sorted(dcp_id.organisation.whitelisted_domains.values_list("domain", flat=True))


def domains_ending_with(nomination: Nomination) -> list[str]:
    """Return the domains that are whitelisted through this nomination and nothing else.

    They go when it goes: three queries at most.
    """
    if nomination.dcp_id is None or not nomination.whitelists_domains:
        return []
    organisation = nomination.organisation
    kept = set(organisation.whitelisted_domains.values_list("domain", flat=True)) | set(
        WhitelistedDomain.objects.filter(
            organisation__dcp_ids__nominations__in=organisation.nominations.filter(
                whitelists_domains=True
            ).exclude(pk=nomination.pk)
        ).values_list("domain", flat=True)
    )
    return sorted(set(domains_of(nomination.dcp_id)) - kept)


def allowed_domains(organisation: Organisation) -> list[str]:
    """Return every domain from which a member may come, in order."""
    own, through_dcp = own_and_dcp_domains(organisation)
    return sorted([*own, *through_dcp])


def written_domains(organisation: Organisation) -> list[str]:
    """Return every domain from which a member may come, each in both of its writings.

    An address keeps the writing in which it was entered, with A-labels or in Unicode.
    """
    allowed = allowed_domains(organisation)
    return sorted({*allowed, *(idna.decode(domain) for domain in allowed if "xn--" in domain)})


def require_whitelisted(
    organisation: Organisation, email: str, *, remedy: str = ASK_THE_DIP_MANAGER
) -> None:
    """Pass if the address is of a whitelisted domain: that very one, no sub-domain of it.

    Both sides are compared in canonical form, so that case, a trailing dot and the two
    writings of an internationalised name make no difference, and a look-alike does.
    Raises UnableToInvite with `remedy`: the note of the seminar's Members slide, unless whoever
    reads it can do better.
    """
    require_domain_among(allowed_domains(organisation), organisation, email, remedy=remedy)


def require_domain_among(
    allowed: Collection[str],
    organisation: Organisation,
    email: str,
    *,
    remedy: str = ASK_THE_DIP_MANAGER,
) -> None:
    """Pass as `require_whitelisted` does, where the company's domains are at hand; no query."""
    try:
        domain = email_domain(email)
    except InvalidDomain as error:
        raise UnableToInvite("email", str(error)) from error
    if domain not in allowed:
        raise UnableToInvite(
            "email",
            f"{domain} is not a whitelisted domain of {organisation}. {remedy}",
        )
