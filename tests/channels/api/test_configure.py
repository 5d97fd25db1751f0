"""configurePublication and its neighbours: what is set, what is answered, what is refused."""

import json
from typing import Any

import pytest
from django.test import Client

from audit.models import Event
from channels.models import STATUS_MESSAGES, WebhookConfiguration
from channels.wire import UrlForm
from organisations.models import DipId
from tests import factories
from tests.channels.api.calling import (
    BODY,
    CALLBACK,
    Machine,
    code_of,
    key_of,
    pubconfig,
    statusconfig,
)

pytestmark = pytest.mark.django_db


def urls_of(dip_id: DipId) -> dict[str, str]:
    return dict(dip_id.webhooks.values_list("publication", "callback_url"))


def test_configure_publication_sets_a_webhook(machine: Machine, supplier: DipId) -> None:
    response = machine.call("POST", pubconfig(supplier), BODY)

    assert response.status_code == 201, response.content
    assert json.loads(response.content) == BODY
    webhook = WebhookConfiguration.objects.get()
    assert (webhook.dip_id, webhook.publication) == (supplier, "PUB-036")
    assert (webhook.callback_url, webhook.max_message_count) == (CALLBACK, 100)
    assert webhook.configured_by == f"DIP ID {supplier} (API)"
    event = Event.objects.get()
    assert (event.action, event.actor_label) == ("webhook:set", f"DIP ID {supplier} (API)")
    assert event.address == "127.0.0.1"
    assert event.organisation_id == supplier.mpid.organisation_id


def test_the_same_twice_is_harmless(machine: Machine, supplier: DipId) -> None:
    first = machine.call("POST", pubconfig(supplier), BODY)
    second = machine.call("POST", pubconfig(supplier), BODY)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert Event.objects.count() == 1


def test_removing_answers_204_whether_or_not_there_was_one(
    machine: Machine, supplier: DipId
) -> None:
    factories.webhook(dip_id=supplier)

    for _ in range(2):
        response = machine.call("DELETE", pubconfig(supplier))
        assert (response.status_code, response.content) == (204, b"")
    assert urls_of(supplier) == {}


def test_status_messages_have_their_own(machine: Machine, supplier: DipId) -> None:
    assert machine.call("POST", statusconfig(supplier), BODY).status_code == 201
    assert urls_of(supplier) == {STATUS_MESSAGES: CALLBACK}
    assert machine.call("DELETE", statusconfig(supplier)).status_code == 204
    assert urls_of(supplier) == {}


@pytest.mark.parametrize("name", ["PUB-036", "IF-036", "pub-036", "If-036"])
def test_the_channel_is_named_by_interface_or_publication_in_any_case(
    machine: Machine, supplier: DipId, name: str
) -> None:
    assert machine.call("POST", pubconfig(supplier, name), BODY).status_code == 201
    assert urls_of(supplier) == {"PUB-036": CALLBACK}


def test_reports_keep_their_name(machine: Machine, supplier: DipId) -> None:
    assert machine.call("POST", pubconfig(supplier, "REP-002"), BODY).status_code == 201
    assert urls_of(supplier) == {"REP-002": CALLBACK}


def test_url_and_names_of_members_are_read_without_regard_to_case(
    machine: Machine, supplier: DipId
) -> None:
    path = f"/DIP-Channel/PUB-036/PubConfig/{supplier}"
    response = machine.call("POST", path, {"CALLBACKurl": CALLBACK, "MaxMessageCount": 5.0})

    assert response.status_code == 201, response.content
    assert json.loads(response.content) == {
        "callbackURL": CALLBACK,
        "maxMessageCount": 5,
        "maxPayloadSize": None,
    }


@pytest.mark.parametrize("form", list(UrlForm))
@pytest.mark.parametrize("kind", ["PRIMARY", "SECONDARY"])
def test_either_form_of_the_url_and_either_key(
    machine: Machine, supplier: DipId, form: UrlForm, kind: str
) -> None:
    caller = machine.but(api_key=key_of(supplier, kind))
    assert caller.call("POST", pubconfig(supplier), BODY, form=form).status_code == 201


# --- What is wrong with the content ------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "callbackURL"),
        ({"callbackURL": None}, "callbackURL"),
        ({"callbackURL": 5}, "callbackURL"),
        ({"callbackURL": "http://hooks.superenergy.example/"}, "callbackURL"),
        ({"callbackURL": "https://127.0.0.1/"}, "callbackURL"),
        ({"callbackURL": "https://hooks.superenergy.example/#part"}, "callbackURL"),
        ({"callbackURL": "https://hooks.example/" + "a" * 1000}, "callbackURL"),
        ({**BODY, "maxMessageCount": -1}, "maxMessageCount"),
        ({**BODY, "maxMessageCount": "5"}, "maxMessageCount"),
        ({**BODY, "maxMessageCount": True}, "maxMessageCount"),
        ({**BODY, "maxPayloadSize": 1.5}, "maxPayloadSize"),
        ({**BODY, "maxPayloadSize": 2**31}, "maxPayloadSize"),
        ({**BODY, "maxPayloadsize ": 1}, "maxPayloadsize "),
        ({**BODY, "CallbackUrl": CALLBACK}, "callbackURL"),
    ],
)
def test_a_wrong_field_is_named(
    machine: Machine, supplier: DipId, body: dict[str, Any], field: str
) -> None:
    response = machine.call("POST", pubconfig(supplier), body)

    assert code_of(response) == (400, "invalid_fields")
    said = json.loads(response.content)
    assert [one["field"] for one in said["errors"]] == [field]
    assert field in said["detail"]
    assert urls_of(supplier) == {}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b'{"callbackURL": NaN}',
        b"[" * 100_000,
        b'{"callbackURL": "a", "callbackURL": "b"}',
        b"9" * 5000,
    ],
    ids=str,
)
def test_a_body_that_is_no_object_is_refused(
    machine: Machine, supplier: DipId, body: bytes
) -> None:
    response = machine.call("POST", pubconfig(supplier), body)

    assert code_of(response) == (400, "unreadable_body")


def test_no_body_at_all_names_what_is_missing(machine: Machine, supplier: DipId) -> None:
    response = machine.call("POST", pubconfig(supplier))

    assert code_of(response) == (400, "invalid_fields")


def test_a_publication_that_the_role_does_not_receive_is_refused(
    machine: Machine, supplier: DipId
) -> None:
    response = machine.call("POST", pubconfig(supplier, "PUB-005"), BODY)

    assert code_of(response) == (400, "invalid_fields")
    assert json.loads(response.content)["errors"][0]["field"] == "id"


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_an_unknown_channel_is_not_found(machine: Machine, supplier: DipId, method: str) -> None:
    response = machine.call(method, pubconfig(supplier, "PUB-999"), BODY)

    assert code_of(response) == (404, "unknown_channel")


# --- Reading back -------------------------------------------------------------------------


def test_our_extension_reads_back(machine: Machine, supplier: DipId, retriever: DipId) -> None:
    machine.call("POST", pubconfig(supplier), BODY)
    machine.call("POST", statusconfig(supplier), BODY)
    factories.webhook(dip_id=retriever)

    one = machine.call("GET", f"/extensions{pubconfig(supplier)}")
    other = machine.call("GET", f"/extensions{statusconfig(supplier)}")
    all_of_them = machine.call("GET", f"/extensions/config/{supplier}")

    assert (one.status_code, other.status_code, all_of_them.status_code) == (200, 200, 200)
    said = json.loads(one.content)
    assert said.items() >= {**BODY, "recipientID": str(supplier), "id": "PUB-036"}.items()
    assert json.loads(other.content)["id"] == STATUS_MESSAGES
    assert [it["id"] for it in json.loads(all_of_them.content)] == ["PUB-036", "STATUS"]


def test_what_is_not_set_is_not_found(machine: Machine, supplier: DipId) -> None:
    response = machine.call("GET", f"/extensions{pubconfig(supplier)}")

    assert code_of(response) == (404, "not_configured")


# --- The protocol ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/dip-channel", "/dip-channel/PUB-036", "/statusmessage/nothing", "/extensions/x/y"]
)
def test_an_unknown_path_is_a_problem_too(machine: Machine, path: str) -> None:
    assert code_of(machine.call("POST", path, BODY)) == (404, "not_found")
    assert code_of(machine.call("GET", path)) == (404, "not_found")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW"])
def test_another_verb_is_not_allowed(machine: Machine, supplier: DipId, method: str) -> None:
    response = machine.call(method, pubconfig(supplier))

    assert response.status_code == 405
    assert set(response["Allow"].split(", ")) == {"POST", "DELETE"}


def test_accept_has_to_take_json(machine: Machine, supplier: DipId) -> None:
    refused = machine.call("POST", pubconfig(supplier), BODY, headers={"Accept": "text/html"})
    taken = machine.call(
        "POST", pubconfig(supplier), BODY, headers={"Accept": "text/html, application/*;q=0.5"}
    )

    assert code_of(refused) == (406, "not_acceptable")
    assert taken.status_code == 201


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"],
)
def test_a_body_has_to_be_json(machine: Machine, supplier: DipId, content_type: str) -> None:
    response = machine.call("POST", pubconfig(supplier), BODY, content_type=content_type)

    assert code_of(response) == (415, "unsupported_media_type")


def test_a_body_has_a_largest_size(machine: Machine, supplier: DipId, settings: Any) -> None:
    settings.API_MAX_BYTES = 200
    body = json.dumps(BODY).encode()

    fits = machine.call("POST", pubconfig(supplier), body + b" " * (200 - len(body)))
    larger = machine.call("POST", pubconfig(supplier), body + b" " * (201 - len(body)))

    assert fits.status_code == 201
    assert code_of(larger) == (413, "body_too_large")


def test_a_host_that_is_not_ours_is_a_problem(machine: Machine, supplier: DipId) -> None:
    response = machine.but(host="elsewhere.example").call("POST", pubconfig(supplier), BODY)

    assert code_of(response) == (400, "unknown_host")


def test_a_failure_of_ours_is_a_problem_without_insides(
    machine: Machine, supplier: DipId, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> None:
        raise RuntimeError("secret insides")

    monkeypatch.setattr("channels.api.operations.webhooks.set_webhook", fail)
    response = machine.call("POST", pubconfig(supplier), BODY, raises=False)

    assert code_of(response) == (500, "internal_error")
    assert b"insides" not in response.content
    said = json.loads(response.content)
    assert said["correlationId"] == response["X-Correlation-ID"]


def test_calls_are_limited_for_an_address_and_for_a_dip_id(
    machine: Machine, supplier: DipId, settings: Any
) -> None:
    settings.API_CALLS_PER_ADDRESS = 5
    settings.API_CALLS_PER_DIP_ID = 2

    answers = [machine.call("POST", pubconfig(supplier), BODY) for _ in range(6)]

    assert [one.status_code for one in answers] == [201, 201, 429, 429, 429, 429]
    assert [one["RateLimit-Remaining"] for one in answers] == ["1", "0", "0", "0", "0", "0"]
    assert [one["RateLimit-Limit"] for one in answers] == ["2", "2", "2", "2", "2", "5"]
    assert "this DIP ID" in json.loads(answers[2].content)["detail"]
    assert "this address" in json.loads(answers[5].content)["detail"]
    assert 1 <= int(answers[5]["Retry-After"]) <= 60
    assert not supplier.failed_calls.exists()


def test_no_session_no_cookie_no_token(machine: Machine, supplier: DipId) -> None:
    response = machine.call("POST", pubconfig(supplier), BODY)

    assert not response.cookies
    assert response["Cache-Control"] == "no-store"
    assert response["Content-Length"] == str(len(response.content))


def test_atlas_has_no_such_api(atlas: None) -> None:
    response = Client().post("/dip-channel/PUB-036/pubconfig/1234567890")

    assert response.status_code != 401
    assert "problem" not in response["Content-Type"]
