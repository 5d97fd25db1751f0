"""Domain claims: submitted, verified by a code (DVC), reset, deleted."""

import ipaddress
import secrets as stdlib_secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from audit.services import record
from certificates.atlas.actors import ATLAS, AtlasActor
from certificates.atlas.errors import UnableToClaim
from certificates.atlas.models import ClaimLog, DomainClaim, IdentityProfile, Method
from certificates.atlas.models.domains import DESCRIPTION_MAX_LENGTH, VERIFIED_FOR, VERIFY_WITHIN
from certificates.atlas.verification import (
    Nameserver,
    NotVerified,
    WebCheck,
    check_dns,
    check_http,
)
from dip_portal.lib import secrets
from dip_portal.lib.environment import DIP_DOMAIN
from dip_portal.lib.identities import InvalidDomain, canonical_domain
from dip_portal.lib.prepared import Prepared
from dip_portal.lib.text import storable
from mail.services import overtake, queue

MOST_CLAIMS = 200
RECHECK_FOR = timedelta(minutes=10)
APPROVE_WITHIN = timedelta(days=7)
APPROVAL_PURPOSE = "Atlas domain approval"
MAILBOXES = ("admin", "administrator", "webmaster", "hostmaster", "postmaster")
RESET_FIRST = "The verification code was to be used before that day. Reset the DVC first."

# Asked for every certificate: written once.
_OF_PROFILE = Prepared(lambda pk: DomainClaim.objects.filter(profile=pk).order_by(), -1)


@transaction.atomic
def submit_claim(
    *, actor: AtlasActor, profile: IdentityProfile, domain: str, now: datetime
) -> DomainClaim:
    """Claim a domain for an active identity. Raises UnableToClaim."""
    profile = IdentityProfile.objects.select_for_update().get(pk=profile.pk)
    if not profile.is_active:
        raise UnableToClaim("profile", "Choose one of your active identity profiles.")
    try:
        canonical = canonical_domain(domain)
    except InvalidDomain as error:
        raise UnableToClaim("domain", str(error)) from error
    if canonical == DIP_DOMAIN or canonical.endswith(f".{DIP_DOMAIN}"):
        raise UnableToClaim("domain", f"{DIP_DOMAIN} is the DIP's own domain: claim yours.")
    if profile.claims.filter(domain=canonical).exists():
        raise UnableToClaim("domain", f"{canonical} is claimed for {profile} already.")
    if profile.claims.count() >= MOST_CLAIMS:
        raise UnableToClaim("", f"{profile} has {MOST_CLAIMS} domains: delete one first.")
    claim = DomainClaim.objects.create(
        reference=stdlib_secrets.token_hex(16).upper(),
        profile=profile,
        domain=canonical,
        dvc=_new_code(),
        created_at=now,
        assert_by=now + VERIFY_WITHIN,
    )
    record(
        actor=actor,
        action="domain_claim:submit",
        subject=claim,
        after={"profile": str(profile)},
        at=now,
    )
    return claim


def verify(
    *,
    actor: AtlasActor,
    claim: DomainClaim,
    method: Method,
    authorization_domain: str,
    now: datetime,
) -> bool:
    """Look for the code, by DNS or HTTP, and tell whether the domain is verified by it.

    If it is not there, the claim's log says why, and Atlas looks again by itself for ten
    minutes. Raises UnableToClaim for a code whose time is over, and for a name that is
    not above the domain. Asks the network outside any transaction.
    """
    if not claim.is_code_good_at(now):
        raise UnableToClaim("", RESET_FIRST)
    name = _authorization_domain(claim, authorization_domain)
    code = claim.dvc
    try:
        _look(method, name, code)
    except NotVerified as error:
        with transaction.atomic():
            current = _locked(claim)
            if current is None:
                return False
            current.recheck_method, current.recheck_domain = method, name
            current.recheck_until = now + RECHECK_FOR
            current.save(update_fields=["recheck_method", "recheck_domain", "recheck_until"])
            _note(current, ClaimLog.Status.ERROR, f"{method.label}: {error}", now)
        return False
    return _verified(actor, claim, method, code, f"{method.label}: found at {name}.", now)


def recheck_due(*, now: datetime) -> int:
    """Look again for the codes that were not there; return how many domains are verified now."""
    due = DomainClaim.objects.filter(recheck_until__gt=now, assert_by__gt=now)
    count = 0
    for claim in due.order_by("pk")[:50]:
        method = Method(claim.recheck_method)
        try:
            _look(method, claim.recheck_domain, claim.dvc)
        except NotVerified:
            continue
        text = f"{method.label}: found at {claim.recheck_domain}."
        count += _verified(ATLAS, claim, method, claim.dvc, text, now)
    return count


def authorized_emails(claim: DomainClaim, authorization_domain: str = "") -> list[str]:
    """Return the addresses that may approve a claim. Raises UnableToClaim."""
    name = _authorization_domain(claim, authorization_domain)
    return [f"{mailbox}@{name}" for mailbox in MAILBOXES]


@transaction.atomic
def send_approval(
    *, actor: AtlasActor, claim: DomainClaim, address: str, now: datetime
) -> DomainClaim:
    """Send an e-mail with a link by which the domain's owner approves the claim.

    A link sent before opens nothing any more. Raises UnableToClaim for an address that
    is none of those of `authorized_emails`.
    """
    current = _locked(claim)
    if current is None:
        raise UnableToClaim("", "This claim was deleted.")
    if not current.is_code_good_at(now):
        raise UnableToClaim("", RESET_FIRST)
    allowed = {
        address
        for name in current.authorization_domains
        for address in authorized_emails(current, name)
    }
    if address.strip().lower() not in allowed:
        raise UnableToClaim("address", "Choose one of the addresses of the list.")
    token = stdlib_secrets.token_urlsafe(32)
    current.approval_index = secrets.blind_index(token, purpose=APPROVAL_PURPOSE)
    current.approval_until = min(now + APPROVE_WITHIN, current.assert_by)
    current.save(update_fields=["approval_index", "approval_until"])
    about = f"claim:{current.pk}"
    overtake(about=about, because="Overtaken by a newer e-mail")
    queue(
        to=address.strip().lower(),
        template="domain_approval",
        context={
            "domain": current.domain,
            "company": current.profile.account.name,
            "approval_url": settings.PUBLIC_URL + reverse("approve_domain", args=[token]),
            "until": current.approval_until,
        },
        about=about,
        good_until=current.approval_until,
    )
    _note(current, ClaimLog.Status.INFO, f"E-mail: sent to {address.strip().lower()}.", now)
    return current


def find_approvable(token: str, *, now: datetime) -> DomainClaim | None:
    """Return the claim that the link of an e-mail approves, if it is still good."""
    indexes = secrets.blind_indexes(token, purpose=APPROVAL_PURPOSE)
    return (
        DomainClaim.objects.select_related("profile__account")
        .filter(approval_index__in=indexes, approval_until__gt=now)
        .first()
    )


def approve(token: str, *, address: str | None, now: datetime) -> DomainClaim | None:
    """Verify the domain of this link, which opens nothing after that; None if it is not good."""
    claim = find_approvable(token, now=now)
    if claim is None:
        return None
    actor = AtlasActor(label="Owner of the domain, by e-mail", address=address)
    done = _verified(actor, claim, Method.EMAIL, claim.dvc, "E-mail: approved by its link.", now)
    return claim if done else None


@transaction.atomic
def reset_code(*, actor: AtlasActor, claim: DomainClaim, now: datetime) -> DomainClaim:
    """Give a claim a new code with thirty days to use it; a verified domain stays verified."""
    current = _locked(claim)
    if current is None:
        raise UnableToClaim("", "This claim was deleted.")
    current.dvc = _new_code()
    current.assert_by = now + VERIFY_WITHIN
    current.recheck_until = current.approval_index = current.approval_until = None
    current.save()
    _note(current, ClaimLog.Status.INFO, "The verification code was reset.", now)
    record(actor=actor, action="domain_claim:reset", subject=current, at=now)
    return current


@transaction.atomic
def delete_claim(*, actor: AtlasActor, claim: DomainClaim, now: datetime) -> None:
    """Delete a claim; certificates that were issued for its domain stay."""
    current = _locked(claim)
    if current is None:
        return
    record(
        actor=actor,
        action="domain_claim:delete",
        subject=current,
        before={"profile": str(current.profile), "verified": current.is_verified_at(now)},
        at=now,
    )
    current.delete()


def verified_domains(profile: IdentityProfile, *, now: datetime) -> list[str]:
    """Return the domains for which certificates may be issued to an identity: one query."""
    return [claim.domain for claim in _OF_PROFILE.all(profile.pk) if claim.is_verified_at(now)]


def _new_code() -> str:
    return stdlib_secrets.token_hex(16).upper()


def _authorization_domain(claim: DomainClaim, name: str) -> str:
    """Return the name at which to look: the domain itself, unless one above it is given."""
    name = name.strip().lower().removesuffix(".") or claim.domain
    if name not in claim.authorization_domains:
        raise UnableToClaim(
            "authorization_domain", f"Control is shown at {claim.domain} or at what is above it."
        )
    return name


def _look(method: Method, name: str, code: str) -> None:
    nameserver = Nameserver(address=settings.ATLAS_DNS_RESOLVER)
    if method == Method.DNS:
        check_dns(domain=name, code=code, nameserver=nameserver)
        return
    web = WebCheck(
        nameserver=nameserver,
        port=settings.ATLAS_HTTP_CHECK_PORT,
        also=[ipaddress.ip_network(text) for text in settings.ATLAS_HTTP_CHECK_NETWORKS],
    )
    check_http(domain=name, code=code, web=web)


@transaction.atomic
def _verified(
    actor: AtlasActor, claim: DomainClaim, method: Method, code: str, text: str, now: datetime
) -> bool:
    """Write down that the code was found, unless it was reset meanwhile."""
    current = _locked(claim)
    if current is None or current.dvc != code:
        return False
    current.last_verified_at = now
    current.last_method = method
    current.expires_at = now + VERIFIED_FOR
    current.recheck_until = current.approval_index = current.approval_until = None
    current.save()
    _note(current, ClaimLog.Status.SUCCESS, text, now)
    record(
        actor=actor,
        action="domain_claim:verify",
        subject=current,
        after={"method": method.label, "expires": current.expires_at},
        at=now,
    )
    return True


def _locked(claim: DomainClaim) -> DomainClaim | None:
    return (
        DomainClaim.objects.select_for_update(of=("self",))
        .select_related("profile__account")
        .filter(pk=claim.pk)
        .first()
    )


def _note(claim: DomainClaim, status: ClaimLog.Status, text: str, now: datetime) -> None:
    ClaimLog.objects.create(
        claim=claim, status=status, description=storable(text, DESCRIPTION_MAX_LENGTH), at=now
    )
