"""What the pages about certificates read; the number of queries is the same for many rows."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from certificates.models import (
    AtlasCredential,
    Certificate,
    CertificateRequest,
    DomainRegistration,
)
from organisations.actors import Actor
from organisations.models import Organisation
from organisations.policies import Action, visible

SOON = timedelta(days=30)
# States of a certificate: key, label, tone.
STATES = {
    "valid": ("Valid", "success"),
    "soon": ("Expires soon", "warning"),
    "expired": ("Expired", "neutral"),
    "revoked": ("Revoked", "danger"),
}
RECENT = timedelta(days=14)
SHOWN_REQUESTS = 20


@dataclass(frozen=True, kw_only=True)
class Holdings:
    """What a company has of each stage, for the Certificates tab and for HOME."""

    credential: AtlasCredential | None
    domains: list[DomainRegistration]
    has_mtls: bool
    has_signing: bool

    def verified(self, now: datetime) -> list[DomainRegistration]:
        """Return the domains under which certificates may be asked for."""
        return [row for row in self.domains if row.is_verified_at(now)]


def holdings(organisation: Organisation, *, now: datetime) -> Holdings:
    """Return what there is of each stage: three queries."""
    purposes = set(
        Certificate.objects.filter(
            organisation=organisation, revoked_at=None, not_before__lte=now, not_after__gt=now
        )
        .values_list("purpose", flat=True)
        .order_by("purpose")
        .distinct()
    )
    both = Certificate.Purpose.BOTH in purposes
    return Holdings(
        credential=AtlasCredential.objects.filter(organisation=organisation).first(),
        domains=list(organisation.domain_registrations.all()),
        has_mtls=both or Certificate.Purpose.MTLS in purposes,
        has_signing=both or Certificate.Purpose.SIGNING in purposes,
    )


def inventory(actor: Actor, organisation: Organisation) -> QuerySet[Certificate]:
    """Return the certificates of a company, without their PEM."""
    rows = Certificate.objects.filter(organisation=organisation).defer("pem", "chain_pem")
    return visible(actor, Action.CERTIFICATE_VIEW, rows)


def in_state(state: str, *, now: datetime) -> Q:
    """Return what finds the certificates of a state; all for none and for an unknown one."""
    match state:
        case "revoked":
            return Q(revoked_at__isnull=False)
        case "expired":
            return Q(revoked_at=None, not_after__lte=now)
        case "soon":
            return Q(revoked_at=None, not_after__gt=now, not_after__lte=now + SOON)
        case "valid":
            return Q(revoked_at=None, not_after__gt=now + SOON)
    return Q()


def state_of(certificate: Certificate, *, now: datetime) -> tuple[str, str]:
    """Return how a certificate stands: label and tone."""
    if certificate.is_revoked:
        return STATES["revoked"]
    if certificate.not_after <= now:
        return STATES["expired"]
    return STATES["soon" if certificate.not_after <= now + SOON else "valid"]


def matching(word: str) -> Q:
    """Return what finds a certificate by a word: subject, a name, serial number, thumbprint."""
    digits = word.replace(":", "")
    return (
        Q(subject__icontains=word)
        | Q(dns_names__icontains=word)
        | Q(serial__icontains=digits)
        | Q(thumbprint__istartswith=digits)
    )


def recent_requests(organisation: Organisation, *, now: datetime) -> list[CertificateRequest]:
    """Return the requests that are on their way, and what became of the latest: one query."""
    return list(
        organisation.certificate_requests.filter(
            Q(state__in=CertificateRequest.OPEN) | Q(requested_at__gt=now - RECENT)
        )
        .exclude(state=CertificateRequest.State.WITHDRAWN)
        .select_related("certificate", "renews")[:SHOWN_REQUESTS]
    )
