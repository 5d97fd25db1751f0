"""The API keys of a DIP ID: who may take them, and what the trail tells."""

import json
import re
import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from organisations.models import ApiKey, DipId, Organisation
from organisations.roles import Role
from organisations.services import api_keys
from tests import factories
from tests.conftest import prove, signed_in


@pytest.fixture
def dip_id(company: Organisation) -> DipId:
    return DipId.objects.select_related("mpid__organisation").get(mpid__organisation=company)


@pytest.fixture
def primary(dip_id: DipId) -> ApiKey:
    return dip_id.api_keys.get(kind="PRIMARY")


@pytest.fixture
def fresh_client(alice: User) -> Client:
    """Alice's browser, in which she has just signed in."""
    client = signed_in(alice)
    prove(client, alice)
    return client


def address(dip_id: DipId, what: str = "") -> str:
    return f"/organisations/{dip_id.mpid.organisation_id}/dip-ids/{dip_id}/{what}"


def shown(answer: Any) -> str:
    found = re.search(r'id="api-key">([0-9a-f]{32})<', answer.content.decode())
    assert found is not None
    return found[1]


def test_the_page_shows_no_key(fresh_client: Client, dip_id: DipId, primary: ApiKey) -> None:
    page = fresh_client.get(address(dip_id)).content.decode()

    assert "Primary key" in page
    assert "Secondary key" in page
    assert api_keys.reveal(primary) not in page
    assert "Nobody has taken it yet" in page


def test_a_key_is_shown_and_that_is_recorded_without_the_key(
    fresh_client: Client, alice: User, dip_id: DipId, primary: ApiKey
) -> None:
    answer = fresh_client.post(address(dip_id, "api-keys/PRIMARY/show/"))

    key = shown(answer)
    assert key == api_keys.reveal(primary)
    assert "no-store" in answer["Cache-Control"]
    event = Event.objects.get(action="api_key:show")
    assert event.actor_label == str(alice)
    assert key not in json.dumps([event.before, event.after, event.subject_label])
    primary.refresh_from_db()
    assert primary.first_shown_at is not None


def test_who_has_not_just_signed_in_is_asked_who_they_are_and_then_sees_it(
    alice_client: Client, dip_id: DipId, primary: ApiKey
) -> None:
    asked = alice_client.post(address(dip_id, "api-keys/PRIMARY/show/"))
    assert asked.status_code == 302
    assert "reauthenticate" in asked["Location"]
    assert not Event.objects.filter(action="api_key:show").exists()

    answer = alice_client.post(
        "/accounts/reauthenticate/",
        {
            "password": factories.PASSWORD,
            "next": address(dip_id, "api-keys/PRIMARY/show/"),
        },
    )

    assert shown(answer) == api_keys.reveal(primary)


def test_a_proof_grows_stale(fresh_client: Client, dip_id: DipId, monkeypatch: Any) -> None:
    later = time.time() + 301
    monkeypatch.setattr("accounts.freshness.time.time", lambda: later)

    answer = fresh_client.post(address(dip_id, "api-keys/download/"))

    assert answer.status_code == 302
    assert "reauthenticate" in answer["Location"]


def test_both_keys_come_as_a_file(fresh_client: Client, dip_id: DipId) -> None:
    answer = fresh_client.post(address(dip_id, "api-keys/download/"))

    lines = answer.content.decode().splitlines()
    for api_key in dip_id.api_keys.all():
        assert f"{api_key.kind}={api_keys.reveal(api_key)}" in lines
        assert api_key.first_shown_at is not None
    assert "attachment" in answer["Content-Disposition"]
    assert f"{dip_id}" in answer["Content-Disposition"]
    assert Event.objects.filter(action="api_key:download").count() == 1


def test_regenerating_asks_first_and_leaves_the_other_key_alone(
    fresh_client: Client, dip_id: DipId, primary: ApiKey
) -> None:
    before = {it.kind: api_keys.reveal(it) for it in dip_id.api_keys.all()}
    question = fresh_client.get(address(dip_id, "api-keys/PRIMARY/regenerate/"))
    assert "The secondary key keeps working" in question.content.decode()
    made_at = question.context["form"].initial["made_at"]

    fresh_client.post(address(dip_id, "api-keys/PRIMARY/regenerate/"), {"made_at": made_at})

    after = {it.kind: api_keys.reveal(it) for it in dip_id.api_keys.all()}
    assert after["SECONDARY"] == before["SECONDARY"]
    assert after["PRIMARY"] != before["PRIMARY"]
    assert api_keys.find(before["PRIMARY"]) is None
    found = api_keys.find(after["PRIMARY"])
    assert found is not None
    assert found.dip_id == dip_id
    trail = json.dumps(list(Event.objects.values("before", "after")), default=str)
    assert before["PRIMARY"] not in trail
    assert after["PRIMARY"] not in trail


def test_of_two_who_regenerate_the_second_is_told(fresh_client: Client, dip_id: DipId) -> None:
    where = address(dip_id, "api-keys/PRIMARY/regenerate/")
    made_at = fresh_client.get(where).context["form"].initial["made_at"]
    fresh_client.post(where, {"made_at": made_at})
    key = api_keys.reveal(dip_id.api_keys.get(kind="PRIMARY"))

    answer = fresh_client.post(where, {"made_at": made_at}, follow=True)

    assert "was regenerated meanwhile" in answer.content.decode()
    assert api_keys.reveal(dip_id.api_keys.get(kind="PRIMARY")) == key


@pytest.mark.parametrize("made_at", ["", "yesterday", "\x00", "9" * 400])
def test_an_altered_form_changes_nothing(
    fresh_client: Client, dip_id: DipId, primary: ApiKey, made_at: str
) -> None:
    fresh_client.post(address(dip_id, "api-keys/PRIMARY/regenerate/"), {"made_at": made_at})

    assert ApiKey.objects.get(pk=primary.pk).blind_index == primary.blind_index


@pytest.mark.parametrize("role", [Role.CERTIFICATE_ADMIN, Role.ANALYTICS_READER])
def test_other_roles_read_why_they_may_not(
    company: Organisation, dip_id: DipId, role: Role
) -> None:
    user = factories.user()
    factories.membership(user=user, organisation=company, roles=[role])
    client = signed_in(user)
    prove(client, user)

    page = client.get(address(dip_id)).content.decode()
    answer = client.post(address(dip_id, "api-keys/PRIMARY/show/"))

    assert "MP User Admin or MP Message Admin" in page
    assert answer.status_code == 403


def test_use_is_noted_once_a_minute(primary: ApiKey) -> None:
    now = timezone.now()
    api_keys.note_use(primary, address="192.0.2.1", now=now)
    primary.refresh_from_db()
    api_keys.note_use(primary, address="192.0.2.2", now=now + timedelta(seconds=59))
    primary.refresh_from_db()
    assert (primary.last_used_at, primary.last_used_address) == (now, "192.0.2.1")

    api_keys.note_use(primary, address="192.0.2.2", now=now + timedelta(seconds=60))

    primary.refresh_from_db()
    assert primary.last_used_address == "192.0.2.2"


def test_home_tells_when_the_keys_are_taken(fresh_client: Client, dip_id: DipId) -> None:
    assert "Download the API keys of each DIP ID (0 of 1)" in fresh_client.get("/").content.decode()

    fresh_client.post(address(dip_id, "api-keys/download/"))

    tasks = fresh_client.get("/").context["tasks"]
    assert [step.is_done for step in tasks[3].steps] == [True, True]
