"""Test controls of the API: a tester sets how it issues and whether it answers."""

import pytest
from django.test import Client

from audit.models import Event
from certificates.atlas.models import Account


def test_issuance_and_the_api_are_set(alice_client: Client, account: Account) -> None:
    issuance = alice_client.post("/controls/issuance/", {"issuance": "DELAYED"}, follow=True)
    api = alice_client.post("/controls/api/", {"api": "DOWN"}, follow=True)

    assert "Issuance is set. Delayed" in issuance.content.decode()
    assert "The API is set. Down" in api.content.decode()
    account.refresh_from_db()
    assert (account.issuance, account.api) == ("DELAYED", "DOWN")
    events = Event.objects.filter(
        action__in=["atlas_account:set_issuance", "atlas_account:set_api"]
    )
    assert [(it.before, it.after) for it in events.order_by("pk")] == [
        ({"issuance": "AT_ONCE"}, {"issuance": "DELAYED"}),
        ({"api": "NORMAL"}, {"api": "DOWN"}),
    ]


def test_the_same_again_is_no_event(alice_client: Client) -> None:
    alice_client.post("/controls/api/", {"api": "NORMAL"})

    assert not Event.objects.filter(action="atlas_account:set_api").exists()


@pytest.mark.parametrize(
    ("path", "field"), [("/controls/issuance/", "issuance"), ("/controls/api/", "api")]
)
def test_a_choice_that_is_none(alice_client: Client, path: str, field: str) -> None:
    page = alice_client.post(path, {field: "MAYBE"}).content.decode()

    assert "Select a valid choice" in page
    assert alice_client.get(path).status_code == 302


def test_another_company_is_not_touched(
    alice_client: Client, charlie_client: Client, account: Account
) -> None:
    charlie_client.post("/controls/api/", {"api": "DOWN"})

    account.refresh_from_db()
    assert account.api == "NORMAL"


def test_every_page_says_what_is_not_as_usual(
    alice_client: Client, charlie_client: Client, account: Account
) -> None:
    assert "Test controls:" not in alice_client.get("/").content.decode()
    Account.objects.filter(pk=account.pk).update(vetting="REFUSED", api="DOWN", dns="EMPTY")

    for path in ("/", "/domains/", "/controls/"):
        page = alice_client.get(path).content.decode()
        for words in ("Vetting: Refused (every", "API: Down (every", "Test DNS: Empty (the zones"):
            assert words in page
        assert "Certificates by the API: " not in page
    assert "Test controls:" not in charlie_client.get("/").content.decode()
    assert "Test controls:" not in Client().get("/accounts/login/").content.decode()
