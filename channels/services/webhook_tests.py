"""Test events: asked for in the portal, sent by a worker, their outcome kept for the tester.

A test event is sent once at the most: a worker that is killed on the way leaves a test that
failed, which somebody may ask for again.
"""

from dataclasses import asdict
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from audit.models import LABEL_LENGTH
from audit.services import record
from certificates.platform import NoOwnCertificate, own_signer
from channels import callback_urls, caller, tasks, test_event
from channels.caller import Call, Rules, Sender
from channels.errors import UnableToConfigure
from channels.models import WebhookConfiguration, WebhookTest
from channels.services.webhooks import allowed_networks
from channels.wire import Signer
from controls.state import stored
from dip_portal.lib import wake
from dip_portal.lib.text import storable
from organisations.actors import Actor
from organisations.policies import Action, require

KEPT = 20  # tests of one webhook; older ones go
GONE_AFTER = timedelta(seconds=60)  # far above what a call may take
State = WebhookTest.State
TestState = WebhookConfiguration.TestState


@transaction.atomic
def request_test(*, actor: Actor, webhook: WebhookConfiguration, now: datetime) -> WebhookTest:
    """Have a test event sent to a webhook. Raises UnableToConfigure while one is on its way."""
    dip_id = webhook.dip_id
    require(actor, Action.CHANNEL_CONFIGURE, dip_id)
    current = WebhookConfiguration.objects.select_for_update().get(pk=webhook.pk)
    if current.tests.filter(finished_at=None).exists():
        raise UnableToConfigure("", "A test event is on its way already: wait for its outcome.")
    old = current.tests.values_list("pk", flat=True)[KEPT - 1 :]
    current.tests.filter(pk__in=list(old)).delete()
    asked = WebhookTest.objects.create(
        webhook=current,
        url=current.callback_url,
        revision=current.revision,
        body=test_event.body_of(dip_id, current.publication, now=now).decode(),
        requested_at=now,
        requested_by=storable(actor.label, LABEL_LENGTH),
    )
    record(
        actor=actor,
        action="webhook:test",
        subject=dip_id,
        after={current.publication: callback_urls.without_query(current.callback_url)},
        at=now,
        organisation_id=dip_id.mpid.organisation_id,
    )
    wake.on_commit(tasks.send_test_event, str(asked.pk))
    return asked


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
    for key in WebhookTest.objects.filter(state=State.QUEUED).values_list("pk", flat=True):
        send(key, now=now)


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
