"""Changing and resetting a password, and the sessions page."""

from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts import adapter, services
from accounts.models import User

NEW = "another-long-passphrase"


@pytest.fixture
def outbox(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The e-mails that were queued, in place of the real queue."""
    queued: list[dict[str, Any]] = []
    monkeypatch.setattr(adapter, "queue", lambda **mail: queued.append(mail))
    return queued


def test_a_forgotten_password_is_reset_by_a_link_that_works_once(
    client: Client, sign_in: Any, alice: User, outbox: list[dict[str, Any]]
) -> None:
    answer = client.post("/accounts/password/reset/", {"email": "ALICE@superenergy.example"})
    assert answer["Location"] == "/accounts/password/reset/done/"
    [mail] = outbox
    assert (mail["to"], mail["template"]) == (alice.email, "password_reset")
    link = mail["context"]["password_reset_url"].removeprefix("http://testserver")

    form = client.get(link)
    assert "set-password" in form["Location"]
    done = client.post(form["Location"], {"password1": NEW, "password2": NEW})

    assert done["Location"] == "/accounts/password/reset/key/done/"
    assert sign_in(alice.email, NEW).status_code == 302
    assert "This link does not work" in Client().get(link, follow=True).content.decode()


def test_a_reset_tells_nobody_who_has_an_account(
    client: Client, alice: User, outbox: list[dict[str, Any]]
) -> None:
    answer = client.post("/accounts/password/reset/", {"email": "nobody@superenergy.example"})

    assert answer["Location"] == "/accounts/password/reset/done/"
    assert outbox == []


def test_a_reset_ends_the_sessions_of_the_old_password(
    client: Client, pass_gates: Any, alice: User, outbox: list[dict[str, Any]]
) -> None:
    pass_gates(alice)
    other = Client()
    other.post("/accounts/password/reset/", {"email": alice.email})
    link = outbox[-1]["context"]["password_reset_url"].removeprefix("http://testserver")
    other.post(other.get(link)["Location"], {"password1": NEW, "password2": NEW})

    assert client.get("/")["Location"] == "/accounts/login/?next=/"


@pytest.mark.parametrize("weak", ["short", "123456789012", "password1234", "alice@superenergy"])
def test_a_weak_password_is_refused_beside_its_field(
    client: Client, pass_gates: Any, alice: User, password: str, weak: str
) -> None:
    pass_gates(alice)

    answer = client.post(
        "/accounts/password/change/",
        {"oldpassword": password, "password1": weak, "password2": weak},
    )

    assert answer.context["form"].errors["password1"]


def test_changing_the_password_keeps_this_session(
    client: Client, pass_gates: Any, alice: User, password: str
) -> None:
    pass_gates(alice)

    client.post(
        "/accounts/password/change/",
        {"oldpassword": password, "password1": NEW, "password2": NEW},
    )

    assert client.get("/").status_code == 200
    alice.refresh_from_db()
    assert alice.check_password(NEW)


def test_a_sensitive_page_asks_for_the_password_again_after_a_while(
    client: Client, pass_gates: Any, alice: User, password: str
) -> None:
    with time_machine.travel("2026-11-23T12:00:00+00:00"):
        pass_gates(alice)
    with time_machine.travel("2026-11-23T12:06:00+00:00"):
        answer = client.get("/accounts/2fa/recovery-codes/")
        assert answer["Location"].startswith("/accounts/reauthenticate/?next=")

        wrong = client.post(answer["Location"], {"password": "not-the-password"})
        assert "The password is not right." in wrong.content.decode()
        right = client.post(answer["Location"], {"password": password})

        assert right["Location"] == "/accounts/2fa/recovery-codes/"
        assert client.get(right["Location"]).status_code == 200


def test_other_sessions_can_be_ended_from_this_one(
    client: Client, pass_gates: Any, alice: User, totp: Any, password: str
) -> None:
    with time_machine.travel("2026-11-23T12:00:00+00:00"):
        secret = pass_gates(alice)
    with time_machine.travel("2026-11-23T12:01:00+00:00"):
        other = Client()
        other.post("/accounts/login/", {"login": alice.email, "password": password})
        other.post("/accounts/2fa/authenticate/", {"code": totp(secret)})
        assert other.get("/").status_code == 200
        page = client.get("/accounts/sessions/").content.decode()
        assert page.count("127.0.0.1") == 2
        assert "23 Nov 2026 12:01 UTC" in page

        client.post("/accounts/sessions/")

        assert other.get("/").status_code == 302
        assert client.get("/").status_code == 200


def test_a_service_ends_every_session_of_a_person(
    client: Client, pass_gates: Any, alice: User
) -> None:
    pass_gates(alice)

    assert services.end_sessions(alice) == 1

    assert client.get("/")["Location"] == "/accounts/login/?next=/"
