"""Task 3 of HOME, 'Certificate Management', by what the portal knows (seminar, slide 3)."""

from datetime import date, datetime

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from certificates import queries
from certificates.models import AtlasCredential, Certificate, DomainRegistration
from dip_portal.lib import clock
from dip_portal.lib import environment as environments
from organisations.actors import Actor
from organisations.models import Organisation
from organisations.onboarding import Step, Task


def certificate_management(actor: Actor, organisation: Organisation, day: date) -> Task:
    """Return the task: API credentials, a verified domain, then mTLS and signing certificates."""
    now = clock.now()
    held = queries.holdings(organisation, now=now)
    text = (
        "No requirement to on-board to GlobalSign again. New GlobalSign signing certificates "
        "and DIP mTLS and signing certificates are required."
        if environments.current().can_import
        else "GlobalSign signing certificates and DIP mTLS and signing certificates are required."
    )
    credential = held.credential
    warnings = []
    if credential is not None and credential.problem:
        warnings.append(f"GlobalSign refuses the API credentials: {credential.problem}")
    elif credential is not None and credential.not_after <= now + queries.SOON:
        warnings.append(
            "The mTLS certificate of the API credentials expires on "
            f"{credential.not_after:%Y-%m-%d}."
        )
    return Task(
        title="Certificate Management",
        text=text,
        standing="" if credential else "Not started",
        steps=(
            Step(
                text="Upload the API credentials of GlobalSign with their PFX",
                is_done=credential is not None and credential.is_good_at(now),
            ),
            Step(text="Verify a domain", is_done=bool(held.verified(now))),
            Step(text="Obtain an mTLS certificate of the DIP", is_done=held.has_mtls),
            Step(text="Obtain a signing certificate of the DIP", is_done=held.has_signing),
        ),
        warnings=tuple(warnings),
        url=reverse("certificates:tab", args=[organisation.pk]),
        label="Certificates",
    )


def finished(now: datetime) -> Q:
    """Return what finds the companies that have done the task."""
    credentials = AtlasCredential.objects.filter(
        organisation=OuterRef("pk"), problem="", not_after__gt=now
    )
    domains = DomainRegistration.objects.filter(organisation=OuterRef("pk"), verified_until__gt=now)
    good = Certificate.objects.filter(
        organisation=OuterRef("pk"), revoked_at=None, not_before__lte=now, not_after__gt=now
    )
    purpose = Certificate.Purpose
    return (
        Q(Exists(credentials))
        & Q(Exists(domains))
        & Q(Exists(good.exclude(purpose=purpose.SIGNING)))
        & Q(Exists(good.exclude(purpose=purpose.MTLS)))
    )
