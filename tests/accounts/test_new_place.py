"""People are told by e-mail of a sign-in from a new network address, and of changes to theirs."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from mail.models import OutgoingMail
from tests.accounts.conftest import PASSWORD

HOME, ELSEWHERE = "192.0.2.10", "198.51.100.77"
NOTICE = "Somebody signed in to your account from a new address."


def sign_in_from(address: str, email: str, password: str = PASSWORD) -> Any:
    browser = Client(REMOTE_ADDR=address, headers={"User-Agent": "Browser of a test"})
    return browser.post("/accounts/login/", {"login": email, "password": password})


def notices() -> list[OutgoingMail]:
    return [it for it in OutgoingMail.objects.order_by("pk") if it.subject == NOTICE]


def test_the_first_sign_in_and_those_from_there_are_nothing_new(alice: User) -> None:
    for _ in range(3):
        assert sign_in_from(HOME, alice.email).status_code == 302

    assert notices() == []


def test_another_address_is_told_once_with_what_is_known_of_it(alice: User) -> None:
    for address in (HOME, ELSEWHERE, ELSEWHERE, HOME):
        sign_in_from(address, alice.email)

    [mail] = notices()
    assert mail.to == alice.email
    assert ELSEWHERE in mail.text
    assert "Browser of a test" in mail.text
    assert "Was it not you?" in mail.text


def test_a_place_is_known_for_each_person_by_themselves(alice: User, dana: User) -> None:
    sign_in_from(HOME, alice.email)
    sign_in_from(ELSEWHERE, dana.email)
    sign_in_from(HOME, dana.email)

    assert [mail.to for mail in notices()] == [dana.email]


def test_a_wrong_password_from_elsewhere_tells_nothing(
    alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    sign_in_from(HOME, alice.email)
    sign_in_from(ELSEWHERE, alice.email, "a wrong one")

    assert notices() == []
    assert ELSEWHERE in caplog.text


def test_a_new_password_and_a_new_app_are_told(
    client: Client, alice: User, pass_gates: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        pass_gates(alice)
    client.post(
        "/accounts/password/change/",
        {
            "oldpassword": PASSWORD,
            "password1": "another-passphrase",
            "password2": "another-passphrase",
        },
    )

    assert [(it.to, it.subject) for it in OutgoingMail.objects.order_by("queued_at")] == [
        (alice.email, "An authenticator app was added to your account."),
        (alice.email, "Your password was changed."),
    ]
