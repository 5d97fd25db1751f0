"""Celery's side of `certificates`: it only wakes; what is to be done stands in the rows."""

from celery import shared_task
from django.utils import timezone

from certificates.services import drafts, issuing, reminders, revocation
from dip_portal.lib import clock


@shared_task(name="certificates.work_on_request")
def work_on_request(request_id: str) -> None:
    """Make one attempt at a company's request for a certificate, if it is due."""
    issuing.work_on(request_id)


@shared_task(name="certificates.work_on_due")
def work_on_due() -> None:
    """Make one attempt at each request that is due."""
    issuing.work_on_due()


@shared_task(name="certificates.read_crls")
def read_crls() -> None:
    """Honour what Atlas has revoked."""
    revocation.read_crls(now=timezone.now())


@shared_task(name="certificates.remind_of_expiry")
def remind_of_expiry() -> None:
    """Remind of certificates that expire soon, and forget what was never saved."""
    reminders.remind_of_expiry(now=clock.now())
    drafts.forget_drafts(now=timezone.now())
