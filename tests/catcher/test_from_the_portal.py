"""A test event that the DIP sends arrives at the catcher as one that is right in all."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from channels.services import sending, webhook_tests
from channels.services.webhooks import set_webhook
from deploy.make_certificate import AUTHORITY_FILE
from organisations.actors import actor_for
from organisations.models import DipId, Organisation
from organisations.roles import Role
from tests import factories, pki
from tests.catcher.conftest import Catcher

pytestmark = [pytest.mark.deploy, pytest.mark.django_db]


def test_a_test_event_passes_every_check(
    catcher: Catcher, uit: None, company: Organisation, settings: Any
) -> None:
    pki.own()
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8", "::1/128"]
    settings.WEBHOOK_CA_FILE = str(catcher.folder / AUTHORITY_FILE)
    person: User = factories.user(email="mo@superenergy.example")
    factories.membership(user=person, organisation=company, roles=[Role.MESSAGE_ADMIN])
    now = timezone.now()
    actor = actor_for(person, day=now.date())
    dip_id = DipId.objects.get()
    webhook = set_webhook(
        actor=actor,
        dip_id=dip_id,
        publication="PUB-003",
        callback_url=f"{catcher.url}/hook/{dip_id}/PUB-003",
        now=now,
    )
    test = webhook_tests.request_test(actor=actor, webhook=webhook, now=now)

    sending.send(test.pk, now=timezone.now())

    test.refresh_from_db()
    assert test.state == "DELIVERED", test.result
    call = catcher.last()
    assert call["is_good"], call["checks"]
    assert (call["dip_id"], call["publication"]) == (str(dip_id), "PUB-003")
    assert "CN=uit.dip.example" in call["checks"][-1]["text"]
