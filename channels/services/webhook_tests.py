"""Test events: asked for in the portal; a worker sends them (sending.py)."""

from datetime import datetime

from django.db import transaction

from audit.models import LABEL_LENGTH
from audit.services import record
from channels import callback_urls, tasks, test_event
from channels.errors import UnableToConfigure
from channels.models import WebhookConfiguration, WebhookTest
from dip_portal.lib import wake
from dip_portal.lib.text import storable
from organisations.actors import Actor
from organisations.policies import Action, require

KEPT = 20  # tests of one webhook; older ones go


@transaction.atomic
def request_test(*, actor: Actor, webhook: WebhookConfiguration, now: datetime) -> WebhookTest:
    """Have a test event sent to a webhook. Raises UnableToConfigure while one is on its way."""
    dip_id = webhook.dip_id
    require(actor, Action.CHANNEL_TEST, dip_id)
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
