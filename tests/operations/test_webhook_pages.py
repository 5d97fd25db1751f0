"""Webhooks as the DIP Manager sees them: the last test of each, and sending another."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import Event
from channels.models import WebhookConfiguration, WebhookTest
from organisations.models import DipId
from tests import factories

LIST = "/admin/channels/webhookconfiguration/"
TEST = f"{LIST}send-test/"


@pytest.fixture
def dip_id(db: None) -> DipId:
    return DipId.objects.get(mpid__organisation=factories.company())


def read(client: Client, query: str = "") -> str:
    answer = client.get(f"{LIST}{query}")
    assert answer.status_code == 200
    return str(answer.content.decode())


def shown(client: Client, query: str = "") -> list[str]:
    rows = client.get(f"{LIST}{query}").context["rows"]
    return [row["webhook"].publication for row in rows]


def test_the_list_tells_what_came_of_the_last_test(dana_client: Client, dip_id: DipId) -> None:
    factories.webhook(dip_id=dip_id, url="https://hooks.example/dip?token=hush")
    factories.webhook_test(webhook=factories.webhook(dip_id=dip_id, publication="STATUS"))

    page = read(dana_client)

    for text in (str(dip_id.mpid.organisation), "PUB-036", "Not tested", "On its way"):
        assert text in page
    assert "hush" not in page


def test_the_list_is_searched_filtered_and_sorted(dana_client: Client, dip_id: DipId) -> None:
    now = timezone.now()
    factories.webhook(dip_id=dip_id, url="https://one.example/")
    passed = factories.webhook(dip_id=dip_id, publication="PUB-037", url="https://two.example/")
    WebhookConfiguration.objects.filter(pk=passed.pk).update(test_state="PASSED", tested_at=now)
    factories.webhook_test(webhook=factories.webhook(dip_id=dip_id, publication="STATUS"))

    assert shown(dana_client) == ["PUB-036", "PUB-037", "STATUS"]
    assert shown(dana_client, "?state=PASSED") == ["PUB-037"]
    assert shown(dana_client, "?state=ON_ITS_WAY") == ["STATUS"]
    assert shown(dana_client, "?q=one.example") == ["PUB-036"]
    assert shown(dana_client, f"?q={dip_id}&state=UNTESTED") == ["PUB-036", "STATUS"]
    assert shown(dana_client, "?sort=-company") == ["STATUS", "PUB-037", "PUB-036"]
    assert "Nothing matches this filter" in read(dana_client, "?q=zzz")


def test_an_empty_list_says_what_will_be_there(dana_client: Client) -> None:
    assert "No webhook yet" in read(dana_client)


def test_test_events_are_sent_to_the_chosen_and_that_is_audited(
    dana_client: Client, dip_id: DipId
) -> None:
    idle = factories.webhook(dip_id=dip_id)
    busy = factories.webhook(dip_id=dip_id, publication="STATUS")
    factories.webhook_test(webhook=busy)

    answer = dana_client.post(TEST, {"webhook": [idle.pk, busy.pk, "nonsense"]}, follow=True)

    page = answer.content.decode()
    assert "1 test event is on the way." in page
    assert f"STATUS of {dip_id}: A test event is on its way already" in page
    assert WebhookTest.objects.filter(webhook=idle).count() == 1
    [event] = Event.objects.filter(action="webhook:test")
    assert event.actor_label.startswith("Dana")


def test_nothing_chosen_is_said(dana_client: Client) -> None:
    page = dana_client.post(TEST, follow=True).content.decode()

    assert "Choose one or more webhooks" in page


def test_the_number_of_queries_does_not_grow(dana_client: Client, dip_id: DipId) -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            read(dana_client)
        return len(queries)

    factories.webhook(dip_id=dip_id)
    read(dana_client)
    before = cost()
    for number in range(10):
        other = DipId.objects.get(mpid__organisation=factories.company())
        webhook = factories.webhook(dip_id=other, publication=f"PUB-0{40 + number}")
        factories.webhook_test(webhook=webhook)

    assert cost() == before
