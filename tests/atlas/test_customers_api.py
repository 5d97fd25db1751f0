"""The lever with which scenarios become customers of Atlas: no way round what the pages ask for."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from certificates.atlas.models import Account
from tests import pki
from tests.atlas import factories

PATH = "/customers/v1"
NEWCOMER = "kim@tidepool.example"
GUESSES = 5  # of one account in five minutes, together with those of the sign-in page


pytestmark = pytest.mark.usefixtures("authorities")


@pytest.fixture(autouse=True)
def _fresh_limits(settings: Any) -> None:
    settings.DEMONSTRATION = True
    cache.clear()


def ask(email: str, password: str, **changes: str) -> Any:
    csr = pki.csr(pki.key(), ["api.tidepool.example"]).decode()
    sent = {
        "company": "Tidepool Power Ltd",
        "email": email,
        "first_name": "Kim",
        "last_name": "Reed",
        "password": password,
        "environment": "UIT",
        "csr": csr,
        **changes,
    }
    return Client().post(PATH, sent, content_type="application/json")


def test_a_newcomer_is_registered_and_given_what_step_4_2_gives(db: None) -> None:
    answer = ask(NEWCOMER, "a long walk by the sea")

    assert answer.status_code == 201
    assert set(answer.json()) == {"api_key", "api_secret", "certificate"}
    assert Account.objects.get(users__user__email=NEWCOMER).credentials.count() == 1


def test_who_is_registered_is_reached_by_their_password_alone(alice: User) -> None:
    assert ask(alice.email, "a guess of somebody").status_code == 401
    assert ask(alice.email, factories.PASSWORD).status_code == 201


def test_guesses_are_as_few_as_on_the_sign_in_page_and_count_with_them(alice: User) -> None:
    for _ in range(GUESSES - 1):
        assert ask(alice.email, "a guess of somebody").status_code == 401
    Client().post("/accounts/login/", {"login": alice.email, "password": "another guess"})

    assert ask(alice.email, factories.PASSWORD).status_code == 429
    assert "too many attempts" in ask(alice.email, factories.PASSWORD).content.decode()


def test_who_left_is_not_let_in(alice: User) -> None:
    alice.is_active = False
    alice.save()

    assert ask(alice.email, factories.PASSWORD).status_code == 401


def test_without_a_demonstration_it_is_not_there(settings: Any, db: None) -> None:
    settings.DEMONSTRATION = False

    assert ask(NEWCOMER, "a long walk by the sea").status_code == 404
    assert not User.objects.filter(email=NEWCOMER).exists()
