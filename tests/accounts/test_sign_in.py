"""Signing in and out: by e-mail and password, by invitation only, and not by guessing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import User


def test_a_stranger_is_sent_to_sign_in_and_back(client: Client, db: None) -> None:
    answer = client.get("/")

    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/login/?next=/"


def test_a_person_signs_in_whatever_the_case_of_the_address(sign_in: Any, alice: User) -> None:
    answer = sign_in("Alice@SuperEnergy.example")

    assert answer.status_code == 302
    assert answer["Location"] == "/"


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(
    sign_in: Any, alice: User
) -> None:
    wrong = sign_in(alice.email, "not-the-password")
    unknown = sign_in("nobody@superenergy.example", "not-the-password")

    sentence = "The e-mail address or the password is not right."
    assert wrong.context["form"].non_field_errors() == [sentence]
    assert unknown.context["form"].non_field_errors() == [sentence]
    assert sentence in wrong.content.decode()


def test_five_wrong_passwords_lock_the_address_even_for_the_right_one(
    sign_in: Any, alice: User
) -> None:
    for _ in range(5):
        sign_in(alice.email, "not-the-password")

    answer = sign_in(alice.email)

    assert "too many attempts" in answer.content.decode()


def test_an_account_not_in_use_cannot_sign_in(sign_in: Any, alice: User) -> None:
    alice.is_active = False
    alice.save()

    answer = sign_in(alice.email)

    assert answer["Location"] == "/accounts/inactive/"


@pytest.mark.parametrize(
    "next_",
    [
        "https://evil.example/",
        "//evil.example/",
        "https:/evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "javascript:alert(1)",
        "http://localhost@evil.example/",
    ],
)
def test_next_never_leads_out_of_the_portal(sign_in: Any, alice: User, next_: str) -> None:
    answer = sign_in(alice.email, next=next_)

    assert answer["Location"] == "/"


def test_next_leads_to_a_page_of_the_portal(sign_in: Any, alice: User) -> None:
    assert sign_in(alice.email, next="/terms/")["Location"] == "/terms/"


def test_nobody_signs_up(client: Client, db: None, password: str) -> None:
    page = client.get("/accounts/signup/")
    answer = client.post("/accounts/signup/", {"email": "eve@evil.example", "password1": password})

    assert "Accounts are by invitation only" in page.content.decode()
    assert "Accounts are by invitation only" in answer.content.decode()
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "path", ["/accounts/email/", "/accounts/confirm-email/", "/accounts/login/code/confirm/"]
)
def test_what_the_portal_does_not_use_is_not_there(client: Client, db: None, path: str) -> None:
    assert client.get(path).status_code == 404


def test_sign_out_asks_first_and_then_ends_the_session(
    client: Client, pass_gates: Any, alice: User
) -> None:
    pass_gates(alice)

    assert "Sign out?" in client.get("/accounts/logout/").content.decode()
    client.post("/accounts/logout/")

    assert client.get("/").status_code == 302


def test_the_admin_has_no_sign_in_of_its_own(client: Client, db: None) -> None:
    answer = client.get("/admin/login/?next=/admin/")

    assert answer["Location"] == "/accounts/login/?next=%2Fadmin%2F"


def test_a_member_is_told_that_the_admin_is_not_theirs(
    client: Client, pass_gates: Any, alice: User
) -> None:
    pass_gates(alice)

    assert client.get("/admin/accounts/user/", follow=True).status_code == 403


def test_the_code_of_the_app_is_asked_for_at_the_next_sign_in(
    client: Client, pass_gates: Any, sign_in: Any, alice: User, totp: Any
) -> None:
    secret = pass_gates(alice)
    client.post("/accounts/logout/")

    answer = sign_in(alice.email, next="/terms/")
    assert answer["Location"] == "/accounts/2fa/authenticate/"
    assert client.get("/").status_code == 302

    wrong = client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert "This code is not right" in wrong.content.decode()

    with time_machine.travel(timedelta(minutes=1)):  # a code works once
        right = client.post("/accounts/2fa/authenticate/", {"code": totp(secret)})
        assert right["Location"] == "/terms/"
        assert client.get("/").status_code == 200


@pytest.mark.parametrize("seconds_later", [1, 31, 55])
def test_a_code_that_let_somebody_in_lets_nobody_in_again(
    client: Client, pass_gates: Any, sign_in: Any, alice: User, totp: Any, seconds_later: int
) -> None:
    secret = pass_gates(alice)
    client.post("/accounts/logout/")
    start = datetime(2031, 2, 3, 12, 0, 1, tzinfo=UTC)

    def enter(code: str) -> str:
        sign_in(alice.email)
        answer = client.post("/accounts/2fa/authenticate/", {"code": code})
        client.post("/accounts/logout/")
        return str(answer.headers.get("Location", "refused"))

    with time_machine.travel(start, tick=False) as clock:
        code = totp(secret)
        assert enter(code) == "/"
        clock.shift(seconds_later)
        assert enter(f"{code[:3]} {code[3:]}") == "refused"
        clock.shift(90)
        assert enter(totp(secret)) == "/"


def test_who_fails_to_sign_in_is_in_the_log_without_what_they_typed(
    client: Client, pass_gates: Any, sign_in: Any, alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    pass_gates(alice)
    client.post("/accounts/logout/")
    caplog.clear()

    sign_in(alice.email, "not the passphrase")
    sign_in("a.stranger@superenergy.example", "x")
    sign_in(alice.email)
    client.post("/accounts/2fa/authenticate/", {"code": "000000"})

    told = [entry.getMessage() for entry in caplog.records if entry.name == "accounts.signals"]
    assert told == [
        "A sign-in failed, asked for from 127.0.0.1",
        "A sign-in failed, asked for from 127.0.0.1",
        f"A second factor of user {alice.pk} was wrong, asked for from 127.0.0.1",
    ]
    assert alice.email not in caplog.text
    assert "a.stranger" not in caplog.text
