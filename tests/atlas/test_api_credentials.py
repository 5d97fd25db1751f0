"""API credentials: shown once, kept as indexes only, for one environment each."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from audit.models import Event
from certificates.atlas.models import Account, ApiCredential, IdentityProfile
from certificates.atlas.services.credentials import MOST, find_credential
from tests.atlas import factories

PATH = "/credentials/api/create/"


def secrets_on(page: str) -> tuple[str, str] | None:
    found = re.findall(r'id="api-(?:key|secret)">([0-9a-f]+)<', page)
    return (found[0], found[1]) if found else None


def asked(identity: IdentityProfile, **changes: Any) -> dict[str, Any]:
    return {"name": "dip_uit", "environment": "UIT", "profile": identity.pk, **changes}


def test_key_and_secret_are_shown_once(identity: IdentityProfile, alice_client: Client) -> None:
    first = alice_client.post(PATH, asked(identity), follow=True)

    shown = secrets_on(first.content.decode())
    assert shown is not None
    api_key, api_secret = shown
    assert (len(api_key), len(api_secret)) == (16, 40)
    again = alice_client.get(first.request["PATH_INFO"]).content.decode()
    assert secrets_on(again) is None
    assert api_key not in again
    assert f"ends in {api_key[-4:]}" in again
    assert "no-store" in first["Cache-Control"]
    found = find_credential(api_key=api_key, api_secret=api_secret)
    assert found is not None
    assert found.environment == "UIT"


def test_neither_is_kept_anywhere(identity: IdentityProfile, alice_client: Client) -> None:
    page = alice_client.post(PATH, asked(identity), follow=True).content.decode()
    shown = secrets_on(page)
    assert shown is not None

    kept = str(list(ApiCredential.objects.values())) + str(list(Event.objects.values()))
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_data FROM django_session")
        kept += str(cursor.fetchall())

    for secret in shown:
        assert secret not in kept


def test_wrong_credentials_open_nothing(identity: IdentityProfile) -> None:
    one = factories.credential(identity)
    other = factories.credential(identity, name="other")

    assert find_credential(api_key=one.api_key, api_secret=other.api_secret) is None
    assert find_credential(api_key=one.api_secret, api_secret=one.api_key) is None
    assert find_credential(api_key="", api_secret="") is None
    assert find_credential(api_key=one.api_key, api_secret=one.api_secret) == one.credential


def test_a_deleted_credential_opens_nothing(
    identity: IdentityProfile, alice_client: Client
) -> None:
    new = factories.credential(identity)
    path = f"/credentials/api/{new.credential.pk}/"
    assert "Delete the API credential" in alice_client.get(f"{path}delete/").content.decode()

    told = alice_client.post(f"{path}delete/", follow=True).content.decode()
    twice = alice_client.post(f"{path}delete/", follow=True).content.decode()

    assert "dip_uit is deleted" in told
    assert "was deleted already" in twice
    assert find_credential(api_key=new.api_key, api_secret=new.api_secret) is None
    assert Event.objects.filter(action="api_credential:revoke").count() == 1
    assert f"{path}delete/" not in alice_client.get(path).content.decode()


def test_without_an_active_identity_there_is_none(account: Account, alice_client: Client) -> None:
    page = alice_client.get("/credentials/api/").content.decode()

    assert "you need an active" in page
    assert f'href="{PATH}"' not in page


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"environment": "SIT"}, "Select a valid choice"),
        ({"environment": ""}, "This field is required"),
        ({"profile": "999999"}, "not one of the available choices"),
        ({"profile": "' OR 1=1"}, "not one of the available choices"),
        ({"name": "x" * 61}, "at most 60 characters"),
        ({"name": "a\u200bb"}, "invisible characters"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    identity: IdentityProfile, alice_client: Client, changes: dict[str, str], told: str
) -> None:
    page = alice_client.post(PATH, asked(identity, **changes)).content.decode()

    assert told in page
    assert not ApiCredential.objects.exists()


def test_the_identity_of_another_company_cannot_be_used(
    identity: IdentityProfile, charlie_client: Client
) -> None:
    page = charlie_client.post(PATH, asked(identity)).content.decode()

    assert "not one of the available choices" in page
    assert not ApiCredential.objects.exists()


def test_there_is_a_limit(identity: IdentityProfile, alice_client: Client) -> None:
    for number in range(MOST):
        factories.credential(identity, name=f"number {number}")

    page = alice_client.post(PATH, asked(identity)).content.decode()

    assert "delete one first" in page


def test_the_list_has_a_constant_number_of_queries(
    identity: IdentityProfile, alice_client: Client, django_assert_num_queries: Any
) -> None:
    factories.credential(identity)
    alice_client.get("/credentials/api/")
    for _ in range(2):
        with django_assert_num_queries(8):
            page = alice_client.get("/credentials/api/?rows=25").content.decode()
        factories.credential(identity, name="another")
    assert "dip_uit" in page
