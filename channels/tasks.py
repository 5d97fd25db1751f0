"""Celery's side of `channels`: test events, and what beat has done for the API."""

from celery import shared_task
from django.utils import timezone

from channels.services import failed_calls, sending, signatures


@shared_task(name="channels.forget_calls")
def forget_calls() -> None:
    """Forget signatures that are outside the window, and failed calls that are old."""
    now = timezone.now()
    signatures.forget_expired(now=now)
    failed_calls.forget_old(now=now)


@shared_task(name="channels.send_test_event")
def send_test_event(test_id: str) -> None:
    """Send one test event that waits, if no other worker does."""
    sending.send(int(test_id), now=timezone.now())


@shared_task(name="channels.send_waiting_test_events")
def send_waiting_test_events() -> None:
    """Send the test events that still wait, and end those whose worker is gone."""
    sending.send_waiting(now=timezone.now())
