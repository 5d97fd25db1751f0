"""Outgoing e-mails: their state, sending again, and the texts where these may be read."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import Event
from audit.sentences import sentence
from mail.models import OutgoingMail

LIST = "/admin/mail/outgoingmail/"
AGAIN = f"{LIST}send-again/"
SENT = f"{LIST}sent/"
Make = Callable[..., OutgoingMail]


def read(client: Client, url: str = LIST) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return str(answer.content.decode())


def addresses(client: Client, query: str) -> list[str]:
    return [row.to for row in client.get(f"{LIST}{query}").context["rows"]]


def test_the_list_shows_how_each_delivery_stands(dana_client: Client, mail: Make) -> None:
    mail(attempts=3, last_error="The mail server does not answer (connection refused).")
    mail(state="FAILED", to="bob@superenergy.example", next_attempt_at=None)

    page = read(dana_client)

    for text in ("Set a new password", "connection refused", "Given up", "bob@superenergy"):
        assert text in page


def test_the_list_never_shows_a_body(dana_client: Client, mail: Make, settings: Any) -> None:
    settings.SHOW_SENT_MAIL = False
    mail()

    page = read(dana_client)

    assert "/reset/" not in page
    assert "Read sent mails" not in page


def test_the_list_is_searched_and_filtered(dana_client: Client, mail: Make) -> None:
    mail(to="a@x.example")
    mail(to="b@x.example", last_error="away", attempts=1)
    mail(to="c@x.example", state="FAILED")
    mail(to="d@x.example", state="SENT")

    assert addresses(dana_client, "?q=b@x") == ["b@x.example"]
    assert addresses(dana_client, "?state=TROUBLE") == ["b@x.example"]
    assert addresses(dana_client, "?state=FAILED") == ["c@x.example"]
    assert addresses(dana_client, "?state=SENT") == ["d@x.example"]
    assert "Nothing matches this filter" in read(dana_client, f"{LIST}?q=zzz")


def test_an_empty_list_says_what_will_be_there(dana_client: Client) -> None:
    assert "No e-mail yet" in read(dana_client)


def test_chosen_emails_are_sent_again_and_that_is_audited(dana_client: Client, mail: Make) -> None:
    failed, sent = mail(state="FAILED", attempts=9, next_attempt_at=None), mail(state="SENT")

    answer = dana_client.post(AGAIN, {"mail": [failed.pk, sent.pk, "nonsense"]}, follow=True)

    assert "1 e-mail is being sent again." in answer.content.decode()
    failed.refresh_from_db()
    assert (failed.state, failed.attempts) == ("QUEUED", 0)
    event = Event.objects.get(action="mail:retry")
    assert sentence(event).startswith("Dana Doe sent again the e-mail “Set a new password” to")
    assert event.before == {"state": "FAILED", "attempts": 9}


def test_nothing_chosen_is_said(dana_client: Client, mail: Make) -> None:
    sent = mail(state="SENT")

    answer = dana_client.post(AGAIN, {"mail": [sent.pk]}, follow=True)

    assert "Choose an e-mail that waits or was given up." in answer.content.decode()
    assert dana_client.get(AGAIN).status_code == 405


def test_sent_mails_are_read_with_their_links(
    dana_client: Client, mail: Make, settings: Any
) -> None:
    settings.SHOW_SENT_MAIL = True
    sent = mail(state="SENT")
    mail(to="queued@x.example")

    page = read(dana_client, SENT)

    policy = dana_client.get(SENT)["Content-Security-Policy"]
    assert "style-src 'self' 'unsafe-inline'" in policy  # the e-mail in its frame is under it too
    link = next(word for word in sent.text.split() if "/reset/" in word)
    assert f'<a href="{link}"' in page
    assert 'sandbox=""' in page
    assert 'srcdoc="' in page
    assert "&lt;!doctype html&gt;" in page
    assert "queued@x.example" not in page
    assert "Nothing found" in read(dana_client, f"{SENT}?q=zzz")


def test_where_real_mail_is_sent_nobody_reads_it(
    dana_client: Client, mail: Make, settings: Any
) -> None:
    settings.SHOW_SENT_MAIL = False
    mail(state="SENT")

    assert dana_client.get(SENT).status_code == 404


@pytest.mark.parametrize("url", [LIST, SENT])
def test_the_number_of_queries_does_not_grow(
    dana_client: Client, mail: Make, settings: Any, url: str
) -> None:
    settings.SHOW_SENT_MAIL = True
    counts = []
    for number in (10, 60):
        while OutgoingMail.objects.count() < number:
            mail(state="SENT")
        with CaptureQueriesContext(connection) as captured:
            read(dana_client, url)
        counts.append(len(captured))

    assert counts[0] == counts[1]
