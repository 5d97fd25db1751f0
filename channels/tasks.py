"""What beat has done for the API."""

from celery import shared_task
from django.utils import timezone

from channels.services import failed_calls, signatures


@shared_task(name="channels.forget_calls")
def forget_calls() -> None:
    """Forget signatures that are outside the window, and failed calls that are old."""
    now = timezone.now()
    signatures.forget_expired(now=now)
    failed_calls.forget_old(now=now)
