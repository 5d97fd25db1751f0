"""Test controls: set by the DIP Manager, told on every page, and what they do."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as outbox
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from audit.models import Event
from channels.models import WebhookTest
from channels.services import sending, webhook_tests
from controls import offsets, state
from controls.models import TestControls
from mail.delivery import deliver
from mail.models import OutgoingMail
from mail.services import queue, retry
from organisations.actors import actor_for
from organisations.models import DipId, Organisation
from organisations.roles import Role
from tests import factories
from tests.conftest import signed_in

pytestmark = pytest.mark.django_db
PAGE = "/admin/test-controls/"
USUAL = {"clock": "off", "mail": "DELIVERED", "webhook_delay_seconds": "0"}


@pytest.fixture
def control(dana_client: Client) -> Callable[..., Any]:
    """Set some of the test controls on the page, the others as usual."""

    def go(**changes: str) -> Any:
        return dana_client.post(PAGE, {**USUAL, **changes})

    return go


@pytest.mark.parametrize("environment", ["uit", "production"])
def test_every_page_says_what_is_not_as_usual(
    control: Callable[..., Any], alice_client: Client, settings: Any, environment: str
) -> None:
    settings.DIP_ENVIRONMENT = environment
    pages = [(alice_client, "/"), (Client(), "/accounts/login/"), (alice_client, "/nothing/")]
    assert not any("Test controls:" in read(client, path) for client, path in pages)

    assert control(mail="REFUSED", webhook_delay_seconds="20", clock="+30d").status_code == 302

    for client, path in pages:
        page = read(client, path)
        assert "The test clock is 30 days ahead: here it is" in page
        assert "E-mails of this environment are refused for good, on purpose." in page
        assert "wait for 20 seconds on purpose" in page

    control()
    assert "Test controls:" not in read(alice_client, "/")


def read(client: Client, path: str) -> str:
    return client.get(path).content.decode()


def test_the_banner_writes_days_as_the_pages_do(
    control: Callable[..., Any], alice_client: Client
) -> None:
    fifth = (timezone.now() + timedelta(days=32)).replace(day=5)
    control(clock=f"+{(fifth - timezone.now()).days}d")

    assert re.search(r"here it is [45] [A-Z][a-z]{2} \d{4} \d\d:\d\d UTC", read(alice_client, "/"))


def test_the_trail_tells_who_set_what(control: Callable[..., Any]) -> None:
    control(clock="+1d12h")
    control(clock="+36h")  # the same: nothing to tell

    [event] = Event.objects.filter(action="test_controls:set")
    assert event.actor_label == "Dana Doe"
    assert (event.before, event.after) == ({"test_clock": "off"}, {"test_clock": "+1d12h"})


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"clock": "tomorrow"}, "This is no time ahead. Write +30d"),
        ({"clock": "-1d"}, "This is no time ahead"),
        ({"clock": "+99999d"}, "at most 3650 days"),
        ({"mail": "LOST"}, "Select a valid choice"),
        ({"webhook_delay_seconds": "3601"}, "less than or equal to 3600"),
        ({"webhook_delay_seconds": ""}, "This field is required"),
    ],
)
def test_what_cannot_be_set_is_said_beside_the_field(
    control: Callable[..., Any], wrong: dict[str, str], said: str
) -> None:
    refused = control(**wrong)

    assert refused.status_code == 422
    assert said in refused.content.decode()
    assert not TestControls.objects.exists()


def test_an_environment_in_earnest_has_none(
    control: Callable[..., Any], dana_client: Client, alice: User, settings: Any
) -> None:
    control(mail="REFUSED", clock="+30d")
    settings.DEMONSTRATION = False

    assert dana_client.get(PAGE).status_code == 404
    page = read(dana_client, "/admin/audit/event/")
    assert "Test controls:" not in page
    assert PAGE not in page
    assert deliver(mail_to(alice).pk)
    with pytest.raises(CommandError, match="DIP_DEMONSTRATION is false"):
        call_command("test_clock", "+1d")


def test_atlas_has_none(atlas: None) -> None:
    TestControls.objects.create(pk=1, clock_ahead_seconds=60)

    assert state.stored().clock_ahead == timedelta()
    assert "Test controls:" not in read(Client(), "/accounts/login/")


def mail_to(person: User) -> OutgoingMail:
    return queue(to=person.email, template="security_notice", context={})


def test_mail_that_is_deferred_is_tried_again(control: Callable[..., Any], alice: User) -> None:
    control(mail="DEFERRED")
    mail = mail_to(alice)

    assert not deliver(mail.pk)

    mail.refresh_from_db()
    assert mail.state == "QUEUED"
    assert mail.last_error.startswith("The mail server said: 451 Refused on purpose")
    assert outbox.outbox == []
    control()
    retry(mail=mail, now=timezone.now())
    assert deliver(mail.pk)
    assert [message.to for message in outbox.outbox] == [[alice.email]]


def test_mail_that_is_refused_has_failed(control: Callable[..., Any], alice: User) -> None:
    control(mail="REFUSED")
    mail = mail_to(alice)

    assert not deliver(mail.pk)

    mail.refresh_from_db()
    assert mail.state == "FAILED"
    assert "550 Refused on purpose" in mail.last_error


def test_a_test_event_waits_as_long_as_was_set(
    control: Callable[..., Any], company: Organisation
) -> None:
    control(webhook_delay_seconds="30")
    person = factories.user(email="mo@superenergy.example")
    factories.membership(user=person, organisation=company, roles=[Role.MESSAGE_ADMIN])
    now = timezone.now()
    test = webhook_tests.request_test(
        actor=actor_for(person, day=now.date()),
        webhook=factories.webhook(dip_id=DipId.objects.get()),
        now=now,
    )

    sending.send_waiting(now=now + timedelta(seconds=29))
    assert not sending.send(test.pk, now=now + timedelta(seconds=29))
    assert WebhookTest.objects.get().state == "QUEUED"

    sending.send_waiting(now=now + timedelta(seconds=30))
    assert WebhookTest.objects.get().state == "FAILED"  # nobody is at that address


def test_the_pages_say_until_when_a_test_event_is_held_back(
    control: Callable[..., Any], company: Organisation
) -> None:
    control(webhook_delay_seconds="3600", mail="DEFERRED")
    person = factories.user(email="mo@superenergy.example")
    factories.membership(user=person, organisation=company, roles=[Role.MESSAGE_ADMIN])
    client = signed_in(person)
    dip_id = DipId.objects.get()
    factories.webhook(dip_id=dip_id, publication="PUB-036")
    webhook = f"/organisations/{company.pk}/dip-ids/{dip_id}/channels/PUB-036/"
    where = client.post(f"{webhook}test/")["Location"]
    until = WebhookTest.objects.get().requested_at + timedelta(hours=1)
    held = f"Held back by a test control until {until:%H:%M:%S} UTC"

    page = read(client, where)
    assert held in page
    assert "Waiting for a worker" not in page
    # The page asks for itself, where scripts run.
    assert "Reload" not in re.sub(r"(?s)<noscript>.*?</noscript>", "", page)
    assert held in read(client, webhook)
    assert "refused for now, on purpose" in page

    control()
    assert "Waiting for a worker" in read(client, where)
    assert "Waiting for a worker" in read(client, webhook)


def test_a_request_asks_for_the_controls_once(
    control: Callable[..., Any], alice_client: Client, django_assert_num_queries: Any
) -> None:
    control(mail="REFUSED")
    with django_assert_num_queries(1):
        Client().get("/accounts/login/")
    with django_assert_num_queries(0):
        Client().get("/health/")


@given(st.integers(min_value=0, max_value=3650 * 24 * 60))
def test_what_is_written_is_read_again(minutes: int) -> None:
    ahead = timedelta(minutes=minutes)

    assert offsets.parse(offsets.write(ahead)) == ahead


@given(st.text(max_size=20) | st.from_regex(r"\+?(\d+[wdhm])+", fullmatch=True))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        ahead = offsets.parse(text)
    except offsets.UnreadableOffset:
        return
    assert timedelta() <= ahead <= offsets.LONGEST


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("+30d", "30 days"),
        ("+1d12h", "1 day and 12 hours"),
        ("+1w1h1m", "7 days, 1 hour and 1 minute"),
        ("OFF", "nothing"),
    ],
)
def test_how_far_ahead_is_told_in_words(text: str, told: str) -> None:
    assert offsets.tell(offsets.parse(text)) == told
