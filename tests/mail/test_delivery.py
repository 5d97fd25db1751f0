"""An e-mail is sent, tried again or given up, and never lost."""

import logging
import smtplib
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.mail import EmailMultiAlternatives

from mail import services
from mail.delivery import deliver, deliver_due
from mail.errors import UnableToRetry
from mail.models import OutgoingMail
from tests.mail.conftest import LINK, MailServer

Queue = Callable[..., OutgoingMail]
START = datetime(2026, 5, 1, 9, 0, tzinfo=UTC)


def again(mail: OutgoingMail) -> OutgoingMail:
    mail.refresh_from_db()
    return mail


def test_an_email_arrives_with_text_and_html(queue: Queue, mail_server: MailServer) -> None:
    mail_server.start()
    mail = queue(about="invitation:12", organisation_id=3)

    assert deliver(mail.pk)

    assert (again(mail).state, mail.attempts, mail.last_error) == ("SENT", 1, "")
    assert mail.sent_at is not None
    [message] = mail_server.messages
    assert message["To"] == "alice@superenergy.example"
    assert message["Subject"] == "Set a new password"
    assert message["Message-ID"] == mail.message_id == f"<{mail.pk}@uit.dip.example>"
    assert message["X-DIP-Environment"] == "uit"
    assert message["Auto-Submitted"] == "auto-generated"
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert LINK in text.get_content()
    assert LINK in html.get_content()


@pytest.mark.parametrize(
    ("name", "label", "colour"),
    [("uit", "UIT", "#ffb81c"), ("production", "Production", "#0b4f3a")],
)
def test_an_email_shows_its_environment(
    queue: Queue, settings: Any, name: str, label: str, colour: str
) -> None:
    settings.DIP_ENVIRONMENT = name

    mail = queue()

    assert mail.text.startswith(f"[ DIP Portal simulator: {label} ]")
    assert f">{label}</strong>" in mail.html
    assert colour in mail.html


def test_the_text_part_has_no_html_in_it(queue: Queue) -> None:
    mail = services.queue(
        to="alice@superenergy.example",
        template="security_notice",
        context={"notice": "Tea & cake <b>", "at": "now", "address": "::1", "browser": "x"},
    )

    assert mail.subject == "Tea & cake <b>"
    assert "Tea & cake <b>" in mail.text
    assert "Tea &amp; cake &lt;b&gt;" in mail.html


def test_a_server_that_is_down_means_another_attempt(queue: Queue, mail_server: MailServer) -> None:
    with time_machine.travel(START, tick=False) as clock:
        mail = queue()

        assert not deliver(mail.pk)
        assert (again(mail).state, mail.attempts) == ("QUEUED", 1)
        assert "connection refused" in mail.last_error
        assert mail.is_in_trouble
        assert mail.next_attempt_at == START + timedelta(seconds=10)

        mail_server.start()
        assert deliver_due() == 0  # not yet
        clock.shift(10)
        assert deliver_due() == 1

    assert (again(mail).state, mail.attempts, mail.last_error) == ("SENT", 2, "")
    assert mail_server.messages[0]["Message-ID"] == mail.message_id


def test_it_waits_longer_each_time_and_gives_up_after_three_days(
    queue: Queue, mail_server: MailServer
) -> None:
    waits = []
    with time_machine.travel(START, tick=False) as clock:
        mail = queue()
        while again(mail).state == "QUEUED":
            assert mail.next_attempt_at is not None
            waits.append(mail.next_attempt_at - datetime.now(UTC))
            clock.move_to(mail.next_attempt_at, tick=False)
            deliver_due()
        gave_up_after = datetime.now(UTC) - START

    assert [wait.total_seconds() for wait in waits[:7]] == [0, 10, 30, 120, 600, 3600, 3600]
    assert timedelta(days=2, hours=22) < gave_up_after <= timedelta(days=3)
    assert (mail.state, mail.next_attempt_at) == ("FAILED", None)
    assert LINK in mail.text  # it can still be sent again


@pytest.mark.parametrize(
    ("answer", "state"),
    [("450 Mailbox busy", "QUEUED"), ("550 No such person", "FAILED")],
)
def test_the_servers_reply_decides(
    queue: Queue, mail_server: MailServer, answer: str, state: str
) -> None:
    mail_server.start()
    mail_server.answers = [answer]
    mail = queue()

    assert not deliver(mail.pk)

    assert (again(mail).state, mail.last_error) == (state, f"The mail server said: {answer}")


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (smtplib.SMTPAuthenticationError(535, b"Bad password"), "QUEUED"),
        (smtplib.SMTPServerDisconnected("Connection unexpectedly closed"), "QUEUED"),
        (smtplib.SMTPDataError(554, b"Looks like spam"), "FAILED"),
        (TimeoutError(), "QUEUED"),
        (ValueError("a fault of ours"), "QUEUED"),
    ],
)
def test_trouble_that_is_not_the_emails_own_is_passing(
    queue: Queue, monkeypatch: pytest.MonkeyPatch, error: Exception, state: str
) -> None:
    def fail(self: EmailMultiAlternatives) -> int:
        raise error

    monkeypatch.setattr(EmailMultiAlternatives, "send", fail)
    mail = queue()

    assert not deliver(mail.pk)
    assert again(mail).state == state
    assert mail.last_error


def test_a_sweep_stops_at_a_server_that_is_down(queue: Queue, mail_server: MailServer) -> None:
    for _ in range(3):
        queue()

    assert deliver_due() == 1
    assert OutgoingMail.objects.filter(attempts=0).count() == 2


def test_a_refused_email_does_not_stop_a_sweep(queue: Queue, mail_server: MailServer) -> None:
    mail_server.start()
    mail_server.answers = ["550 No such person"]
    for _ in range(3):
        queue()

    assert deliver_due() == 3
    assert len(mail_server.messages) == 2


def test_an_email_that_a_worker_is_sending_is_left_to_it_for_two_minutes(
    queue: Queue, mail_server: MailServer
) -> None:
    mail_server.start()
    with time_machine.travel(START, tick=False) as clock:
        mail = queue()
        OutgoingMail.objects.filter(pk=mail.pk).update(
            claim_token=uuid.uuid4(), claimed_until=START + timedelta(minutes=2)
        )

        assert not deliver(mail.pk)
        assert deliver_due() == 0
        clock.shift(timedelta(minutes=2))
        assert deliver_due() == 1  # that worker died

    assert again(mail).is_sent


def test_a_worker_that_comes_too_late_does_not_undo_what_another_did(
    queue: Queue, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = queue()

    def take_long_and_fail(self: EmailMultiAlternatives) -> int:
        OutgoingMail.objects.filter(pk=mail.pk).update(
            state="SENT", sent_at=START, next_attempt_at=None, claim_token=None
        )
        raise TimeoutError

    monkeypatch.setattr(EmailMultiAlternatives, "send", take_long_and_fail)

    deliver(mail.pk)

    assert again(mail).is_sent


def test_a_sent_email_is_not_sent_twice(queue: Queue, mail_server: MailServer) -> None:
    mail_server.start()
    mail = queue()
    deliver(mail.pk)

    assert not deliver(mail.pk)
    assert deliver_due() == 0
    assert len(mail_server.messages) == 1


class TestSecrets:
    """A link in an e-mail can be a key: it is in no log, and in the table only sealed."""

    def test_bodies_are_sealed_and_erased_once_sent(
        self, queue: Queue, mail_server: MailServer
    ) -> None:
        mail_server.start()
        mail = queue()
        assert "secret-token" not in str(OutgoingMail.objects.values().get())
        assert LINK in mail.text

        deliver(mail.pk)

        assert (again(mail).sealed_text, mail.sealed_html, mail.text) == ("", "", "")

    def test_bodies_stay_where_sent_mails_are_shown(
        self, queue: Queue, mail_server: MailServer, settings: Any
    ) -> None:
        settings.SHOW_SENT_MAIL = True
        mail_server.start()
        mail = queue()

        deliver(mail.pk)

        assert LINK in again(mail).text

    def test_nothing_of_the_body_is_logged(
        self, queue: Queue, mail_server: MailServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.CRITICAL, logger="mail.log")  # the tests' mail server's own
        caplog.set_level(logging.DEBUG)
        mail = queue()
        deliver(mail.pk)
        mail_server.start()
        services.retry(mail=mail, now=datetime.now(UTC))
        deliver(mail.pk)

        assert "was sent" in caplog.text
        assert "secret-token" not in caplog.text


class TestRetry:
    """Sending again by hand."""

    def test_a_failed_email_gets_another_three_days(
        self, queue: Queue, mail_server: MailServer
    ) -> None:
        mail_server.start()
        mail_server.answers = ["550 No such person"]
        mail = queue()
        deliver(mail.pk)
        assert again(mail).is_failed
        now = datetime.now(UTC)

        services.retry(mail=mail, now=now)

        assert (again(mail).state, mail.attempts, mail.next_attempt_at) == ("QUEUED", 0, now)
        assert mail.give_up_at == now + timedelta(days=3)
        assert deliver(mail.pk)

    def test_an_email_that_waits_is_tried_at_once(
        self, queue: Queue, mail_server: MailServer
    ) -> None:
        mail = queue()
        deliver(mail.pk)
        mail_server.start()

        services.retry(mail=mail, now=datetime.now(UTC))

        assert deliver_due() == 1

    def test_a_sent_email_is_not_sent_again(self, queue: Queue, mail_server: MailServer) -> None:
        mail_server.start()
        mail = queue()
        deliver(mail.pk)

        with pytest.raises(UnableToRetry, match="sent already"):
            services.retry(mail=mail, now=datetime.now(UTC))
