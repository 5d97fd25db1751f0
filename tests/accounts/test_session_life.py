"""When a session ends by itself, what its owner is told, and what its row tells others."""

from typing import Any

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.contrib.sessions.models import Session
from django.core import signing
from django.test import Client

from accounts.models import User

NOON = "2026-11-23T12:00:00+00:00"
SESSIONS = "/accounts/sessions/"
LED_BACK = "/accounts/login/?next=%2Faccounts%2Fsessions%2F"


def at(time: str) -> Any:
    return time_machine.travel(f"2026-11-23T{time}+00:00", tick=False)


class AsItIs:
    """Reads a session's row as whoever has the database and the SECRET_KEY can."""

    def dumps(self, obj: str) -> bytes:
        return obj.encode("latin-1")

    def loads(self, data: bytes) -> str:
        return data.decode("latin-1")


@pytest.fixture
def signed_in(client: Client, pass_gates: Any, alice: User) -> Client:
    """Alice's browser, signed in at noon."""
    with at("12:00:00"):
        pass_gates(alice)
    return client


def test_half_an_hour_of_silence_ends_it_with_a_way_back(signed_in: Client) -> None:
    with at("12:29:00"):
        assert signed_in.get(SESSIONS).status_code == 200
    with at("12:59:30"):
        answer = signed_in.get(SESSIONS)
        page = signed_in.get(answer["Location"]).content.decode()

        assert answer["Location"] == LED_BACK
        assert "You were signed out after 30 minutes without a click." in page
        assert f'value="{SESSIONS}"' in page
        assert signed_in.get(SESSIONS).status_code == 302


def test_a_form_sent_too_late_does_nothing_and_leads_back_to_its_page(
    signed_in: Client, alice: User
) -> None:
    with at("12:40:00"):
        answer = signed_in.post(SESSIONS, HTTP_REFERER="http://testserver/accounts/sessions/")
        elsewhere = signed_in.get("/", HTTP_REFERER="http://elsewhere.example/")

    assert answer["Location"] == LED_BACK
    assert elsewhere["Location"] == "/accounts/login/?next=/"


def test_a_form_of_another_site_is_no_way_back(signed_in: Client) -> None:
    with at("12:40:00"):
        answer = signed_in.post(SESSIONS, HTTP_REFERER="http://elsewhere.example/evil/")

    assert answer["Location"] == "/accounts/login/"


def test_the_progress_of_a_job_that_asks_by_itself_is_no_click(signed_in: Client) -> None:
    polls = {"HX-Request": "true", "HX-Current-URL": "http://testserver/terms/"}
    for minute in (10, 20, 29):
        with at(f"12:{minute}:00"):
            assert signed_in.get("/terms/", headers=polls).status_code == 200
    with at("12:31:00"):
        answer = signed_in.get("/terms/", headers=polls)

    assert answer["HX-Redirect"] == "/accounts/login/?next=%2Fterms%2F"


def test_twelve_hours_after_the_sign_in_it_ends_however_busy(signed_in: Client) -> None:
    for hour in range(12, 24):
        for minute in ("05", "30", "55"):
            with at(f"{hour}:{minute}:00"):
                assert signed_in.get(SESSIONS).status_code == 200
    with time_machine.travel("2026-11-24T00:00:01+00:00", tick=False):
        answer = signed_in.get(SESSIONS)

    assert answer["Location"] == LED_BACK
    told = [str(message) for message in get_messages(answer.wsgi_request)]
    assert told == [
        "You were signed out 12 hours after your sign-in. Sign in, and you go on where you were."
    ]


def test_how_long_is_a_setting(signed_in: Client, settings: Any) -> None:
    settings.SESSION_IDLE_MINUTES = 120
    with at("13:59:00"):
        assert signed_in.get(SESSIONS).status_code == 200


def test_its_row_does_not_tell_the_secret_of_an_app_that_is_being_enrolled(
    client: Client, sign_in: Any, alice: User
) -> None:
    sign_in(alice.email)
    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret

    assert client.session["mfa.totp.secret"] == secret
    for row in Session.objects.all():
        kept = signing.loads(row.session_data, salt=client.session.key_salt, serializer=AsItIs)
        assert secret not in kept
        assert alice.email not in kept
