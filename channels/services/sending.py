"""Sends the test events that wait, and keeps what came of each for the tester.

A test event is sent once at the most: a worker that is killed on the way leaves a test that
failed, which somebody may ask for again.
"""

import time
from dataclasses import asdict
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from certificates.platform import NoOwnCertificate, own_signer
from channels import caller
from channels.caller import Call, Rules, Sender
from channels.models import WebhookConfiguration, WebhookTest
from channels.services.webhooks import allowed_networks
from channels.wire import Signer
from controls.state import followed, stored

GONE_AFTER = timedelta(seconds=60)  # far above what a call may take
State = WebhookTest.State
TestState = WebhookConfiguration.TestState


def send(test_id: int, *, now: datetime) -> bool:
    """Send a test event that waits, and tell whether this call did so.

    A test control may let it wait on: then a later sweep sends it.
    """
    waiting = WebhookTest.objects.filter(pk=test_id, state=State.QUEUED)
    if delay := stored().webhook_delay:
        waiting = waiting.filter(requested_at__lte=now - delay)
    claimed = waiting.update(state=State.RUNNING, started_at=now)
    if not claimed:
        return False
    test = WebhookTest.objects.get(pk=test_id)
    _finish(test, _call(test, now), now)
    return True


def held_until(test: WebhookTest, *, now: datetime) -> datetime | None:
    """Return until when a test control holds a test event back; None where it does not."""
    if test.state != State.QUEUED:
        return None
    until = test.requested_at + followed().webhook_delay
    return until if until > now else None


def send_waiting(*, now: datetime) -> None:
    """Send every test event that waits; end those whose worker was stopped on the way."""
    for test in WebhookTest.objects.filter(state=State.RUNNING, started_at__lt=now - GONE_AFTER):
        stopped = Call(
            url=test.url,
            code="stopped",
            detail="The worker was stopped while it called. The event may have arrived; send it "
            "again if you are not sure.",
        )
        _finish(test, stopped, now)
    begun = time.monotonic()
    for key in WebhookTest.objects.filter(state=State.QUEUED).values_list("pk", flat=True):
        # Each is signed with its own time: those before it may have taken minutes.
        send(key, now=now + timedelta(seconds=time.monotonic() - begun))


def _call(test: WebhookTest, now: datetime) -> Call:
    try:
        own = own_signer()
    except NoOwnCertificate as refusal:
        return Call(url=test.url, code="no_own_certificate", detail=str(refusal))
    sender = Sender(
        signer=Signer(key=own.key, certificate=own.certificate),
        key_file=own.key_file,
        certificate_file=own.certificate_file,
    )
    rules = Rules(also=allowed_networks(), ca_file=settings.WEBHOOK_CA_FILE)
    return caller.call(url=test.url, body=test.body.encode(), sender=sender, rules=rules, now=now)


def _finish(test: WebhookTest, done: Call, now: datetime) -> None:
    state = State.DELIVERED if done.is_delivered else State.FAILED
    with transaction.atomic():
        ended = WebhookTest.objects.filter(pk=test.pk, state=State.RUNNING).update(
            state=state, finished_at=now, result=asdict(done) | {"advice": done.advice}
        )
        if not ended:
            return
        # What was found out about another URL says nothing of the one that is set now.
        WebhookConfiguration.objects.filter(pk=test.webhook_id, revision=test.revision).update(
            test_state=TestState.PASSED if done.is_delivered else TestState.FAILED, tested_at=now
        )
