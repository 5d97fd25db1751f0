"""Anybody may register a company with Atlas."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from audit.models import Event
from certificates.atlas.models import Account
from tests.atlas.factories import PASSWORD

pytestmark = pytest.mark.django_db
PATH = "/accounts/signup/"


def registration(**changes: str) -> dict[str, str]:
    return {
        "company": "Super Energy Co",
        "first_name": "Alice",
        "last_name": "Archer",
        "email": "alice@superenergy.example",
        "password": PASSWORD,
        "password_again": PASSWORD,
        **changes,
    }


def test_a_company_is_registered_and_its_person_signed_in() -> None:
    browser = Client()
    assert "Register your company" in browser.get("/accounts/login/").content.decode()

    page = browser.post(PATH, registration(email="Alice@SuperEnergy.example"), follow=True)

    assert page.redirect_chain == [("/", 302)]
    assert "Signed in as alice@superenergy.example" in page.content.decode()
    account = Account.objects.get(users__user__email="alice@superenergy.example")
    assert account.name == "Super Energy Co"
    event = Event.objects.get(action="atlas_account:register")
    assert event.actor_label == "Alice Archer"
    assert event.address == "127.0.0.1"
    assert PASSWORD not in str(event.after)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"company": ""}, "This field is required"),
        ({"company": "Nasty\u202eName"}, "invisible characters"),
        ({"company": "x" * 201}, "at most 200 characters"),
        ({"company": "nul\x00byte"}, "Null characters are not allowed"),
        ({"email": "no address"}, "valid email address"),
        ({"password": "short", "password_again": "short"}, "too short"),
        ({"password": "alice@superenergy.example", "password_again": "alice@superenergy.example"},
         "too similar"),
        ({"password_again": "another one altogether"}, "not the same password"),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_beside_its_field(changes: dict[str, str], told: str) -> None:
    page = Client().post(PATH, registration(**changes))

    assert page.status_code == 200
    assert told in page.content.decode()
    assert not Account.objects.exists()
    assert not User.objects.exists()


def test_an_address_that_has_an_account_is_not_registered_twice(alice: User) -> None:
    page = Client().post(PATH, registration(company="Another Co"))

    assert "already has an account" in page.content.decode()
    assert Account.objects.count() == 1


def test_who_is_signed_in_is_led_to_their_account(alice_client: Client) -> None:
    assert alice_client.get(PATH)["Location"] == "/"
    assert alice_client.post(PATH, registration(email="b@b.example"))["Location"] == "/"


def test_registering_again_and_again_is_stopped(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"signup": "3/m/ip"}

    codes = [Client().post(PATH, registration(company="")).status_code for _ in range(4)]

    assert codes == [200, 200, 200, 429]
