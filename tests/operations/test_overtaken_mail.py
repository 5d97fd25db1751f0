"""E-mails with a link that a newer one, or what became of the invitation, has made dead."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from mail.delivery import deliver_due
from mail.models import OutgoingMail
from organisations.models import Invitation, Organisation
from tests import factories

pytestmark = pytest.mark.usefixtures("production")
LIST = "/admin/mail/outgoingmail/"
AGAIN = f"{LIST}send-again/"
PRIYA = {"first_name": "Priya", "last_name": "Nair", "email": "priya@superenergy.example"}
OMAR = {"first_name": "Omar", "last_name": "Nasser", "email": "omar@superenergy.example"}


def read(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return str(answer.content.decode())


def where(company: Organisation) -> str:
    return f"/admin/promotion/companies/{company.pk}/"


def give_up(mail: OutgoingMail) -> OutgoingMail:
    OutgoingMail.objects.filter(pk=mail.pk).update(
        state="FAILED", next_attempt_at=None, attempts=1, last_error="550 no such person"
    )
    mail.refresh_from_db()
    return mail


@pytest.fixture
def invited(company: Organisation, dana_client: Client) -> OutgoingMail:
    """The e-mail to Priya, who is invited to be the Primary User Admin; it waits."""
    answer = dana_client.post(f"{where(company)}invite/", PRIYA)
    assert answer.status_code == 302, answer.content.decode()
    return OutgoingMail.objects.get()


def test_an_invitation_that_was_sent_again_has_one_email_to_send(
    company: Organisation, dana_client: Client, invited: OutgoingMail
) -> None:
    give_up(invited)
    assert f'value="{invited.pk}"' in read(dana_client, LIST)

    dana_client.post(f"{where(company)}invitation/resend/")

    page = read(dana_client, LIST)
    newer = OutgoingMail.objects.exclude(pk=invited.pk).get()
    assert f'value="{invited.pk}"' not in page
    assert f'value="{newer.pk}"' in page
    assert "Overtaken by a newer e-mail" in page
    assert "Given up" not in page
    overview = dana_client.get("/admin/operations/")
    assert f'value="{invited.pk}"' not in overview.content.decode()
    assert not [it for it in overview.context["troubles"] if "mail" in it]
    answer = dana_client.post(AGAIN, {"mail": [invited.pk]}, follow=True)
    assert "Choose an e-mail that waits or was given up." in answer.content.decode()
    rows = dana_client.get(f"{LIST}?state=OVERTAKEN").context["rows"]
    assert [row.pk for row in rows] == [invited.pk]


def test_an_email_whose_link_has_expired_is_not_sent_again(
    dana_client: Client, invited: OutgoingMail
) -> None:
    give_up(invited)
    invitation = Invitation.objects.get()
    assert invited.good_until == invitation.expires_at
    assert invited.give_up_at <= invited.good_until
    OutgoingMail.objects.update(good_until=timezone.now() - timedelta(seconds=1))

    page = read(dana_client, LIST)
    answer = dana_client.post(AGAIN, {"mail": [invited.pk]}, follow=True)

    assert f'value="{invited.pk}"' not in page
    assert "Its link has expired" in page
    assert "Choose an e-mail that waits or was given up." in answer.content.decode()
    assert OutgoingMail.objects.get().state == OutgoingMail.State.FAILED


def test_the_link_of_a_reset_expires(alice: User) -> None:
    Client().post("/accounts/password/reset/", {"email": alice.email})

    mail = OutgoingMail.objects.get(to=alice.email)
    assert mail.good_until == mail.give_up_at
    assert mail.good_until - mail.queued_at <= timedelta(days=3)


@pytest.mark.parametrize("trouble", ["", "The mail server does not answer in time."])
def test_what_waits_goes_out_no_more_once_it_is_overtaken(
    company: Organisation, dana_client: Client, invited: OutgoingMail, trouble: str, mailoutbox: Any
) -> None:
    OutgoingMail.objects.update(last_error=trouble)

    dana_client.post(f"{where(company)}invitation/resend/")
    deliver_due()

    [sent] = mailoutbox
    invited.refresh_from_db()
    assert invited.message_id != sent.extra_headers["Message-ID"]
    assert (invited.state, invited.text) == ("OVERTAKEN", "")
    link = next(word for word in sent.body.split() if "/invitations/" in word)
    assert Client().get(re.sub("^https?://[^/]+", "", link), follow=True).status_code == 200


def test_the_email_of_a_revoked_invitation_goes_out_no_more(
    company: Organisation, dana_client: Client, invited: OutgoingMail
) -> None:
    dana_client.post(f"{where(company)}invitation/revoke/")

    assert "The invitation was revoked" in read(dana_client, LIST)
    assert f'value="{invited.pk}"' not in read(dana_client, LIST)
    assert deliver_due() == 0


def test_the_email_of_a_replaced_person_goes_out_no_more(
    company: Organisation, dana_client: Client, invited: OutgoingMail
) -> None:
    give_up(invited)

    dana_client.post(f"{where(company)}invitation/replace/", OMAR)

    page = read(dana_client, LIST)
    assert f'value="{invited.pk}"' not in page
    assert "Somebody else was invited instead" in page


def test_an_invitation_that_was_accepted_needs_no_email_any_more(
    dana_client: Client, invited: OutgoingMail
) -> None:
    [link] = re.findall(r"https?://[^/\s]+(/\S+)", invited.text)[:1]
    visitor = Client()
    form = visitor.get(link, follow=True)
    answer = visitor.post(
        form.redirect_chain[-1][0] if form.redirect_chain else link,
        {"password": factories.PASSWORD, "password_again": factories.PASSWORD},
    )
    assert answer.status_code == 302, answer.content.decode()
    assert User.objects.filter(email=invited.to).exists()

    page = read(dana_client, LIST)

    assert "The invitation was accepted" in page
    assert f'value="{invited.pk}"' not in page


def test_an_email_that_was_sent_stays_sent(
    company: Organisation, dana_client: Client, invited: OutgoingMail
) -> None:
    deliver_due()

    dana_client.post(f"{where(company)}invitation/resend/")

    invited.refresh_from_db()
    assert invited.state == "SENT"
