"""What Atlas does by itself, every few seconds (setting CERTIFICATE_AUTHORITY)."""

from celery import shared_task
from django.utils import timezone

from certificates.atlas.services import authorities, domains, identities, platform, publishing


@shared_task(name="atlas.vet_due")
def vet_due() -> None:
    """Vet the identities whose delay is over."""
    identities.vet_due(now=timezone.now())


@shared_task(name="atlas.recheck_claims")
def recheck_claims() -> None:
    """Look again for the verification codes that were not there a moment ago."""
    domains.recheck_due(now=timezone.now())


@shared_task(name="atlas.publish")
def publish() -> None:
    """Let the DIP find every CA certificate, and its own; also one whose file was lost."""
    publishing.publish_authorities()
    platform.answer_requests(now=timezone.now())


@shared_task(name="atlas.rebuild_crls")
def rebuild_crls() -> None:
    """Make the CRLs anew that are stale or half as old as they may get."""
    authorities.rebuild_crls(now=timezone.now())
