"""/metrics: what it counts, who may read it, and that it names nobody."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from accounts.models import User
from dip_portal import heartbeat
from mail.services import queue
from organisations.actors import SYSTEM
from organisations.models import Organisation
from tests import factories
from tests.jobs import handlers

PAGE = "/metrics"
TOKEN = "a-token-of-more-than-thirty-characters"


def numbers(client: Client) -> dict[tuple[str, tuple[str, ...]], float]:
    """Return every number by its name and the values of its labels, by the labels' names."""
    answer = client.get(PAGE)
    assert answer.status_code == 200
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_requests_are_counted_by_view_and_status(client: Client, db: None) -> None:
    name = "dip_http_requests_total"
    before = numbers(client)

    client.get("/accounts/login/")
    client.get("/organisations/12345/")
    client.get("/no-such-page/")

    after = numbers(client)
    for labels in (
        ("GET", "200", "account_login"),
        ("GET", "302", "organisations:dip_ids"),
        ("GET", "404", "none"),
    ):
        assert after[name, labels] == before.get((name, labels), 0) + 1, labels
    assert after["dip_http_request_seconds_count", ("account_login",)] >= 1
    assert not any("12345" in label for _, labels in after for label in labels)


def test_work_and_signs_of_life_are_told(client: Client, db: None) -> None:
    from jobs.services import start

    assert handlers
    now = timezone.now()
    heartbeat.record(worker="worker@one", beat_at=now, now=now)
    start(kind="test.slow", actor=SYSTEM, items=[("One", {})])
    queue(to="priya@superenergy.example", template="security_notice", context={})
    factories.company(dcp_status="REQUESTED")

    found = numbers(client)

    assert found["dip_jobs", ("waiting",)] == 1
    assert found["dip_jobs", ("stalled",)] == 0
    assert found["dip_mails", ("waiting",)] == 1
    assert found["dip_dcp_requests", ("waiting",)] == 1
    assert found["dip_domain_requests", ("waiting",)] == 0
    assert found["dip_role_requests", ("waiting",)] == 0
    assert found["dip_waiting_seconds", ("jobs",)] >= 0
    assert found["dip_workers", ()] == 1
    assert found["dip_seen_seconds_ago", ("beat",)] < 60
    assert found["dip_broker_lag_seconds", ()] == 0
    for check in ("database", "migrations", "secrets", "broker"):
        assert found["dip_ready", (check,)] == 1


def test_no_name_of_a_person_or_a_company_is_in_it(
    client: Client, alice_client: Client, alice: User, company: Organisation
) -> None:
    alice_client.get(f"/organisations/{company.pk}/")
    queue(to=alice.email, template="security_notice", context={})
    heartbeat.record(worker="worker@somewhere", beat_at=None, now=timezone.now())

    text = client.get(PAGE).content.decode()

    for told in (alice.email, "Alice", company.name, "somewhere", "superenergy"):
        assert told not in text
    assert re.search(r"^dip_http_requests_total\{", text, re.MULTILINE)


@pytest.mark.parametrize("address", ["203.0.113.7", "10.0.0.3", "fd00::1", ""])
def test_without_a_token_only_this_machine_is_answered(
    client: Client, db: None, address: str
) -> None:
    assert client.get(PAGE, REMOTE_ADDR=address).status_code == 404


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_this_machine_is_answered(client: Client, db: None, address: str) -> None:
    assert client.get(PAGE, REMOTE_ADDR=address).status_code == 200


@pytest.mark.parametrize("token", ["", TOKEN])
@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded"])
def test_nothing_comes_through_the_gateway(
    client: Client, db: None, settings: Any, token: str, name: str
) -> None:
    settings.METRICS_TOKEN = token

    answer = client.get(PAGE, headers={name: "127.0.0.1", "Authorization": f"Bearer {token}"})

    assert answer.status_code == 404


def test_a_token_opens_it_from_elsewhere_and_is_then_needed_here_too(
    client: Client, db: None, settings: Any
) -> None:
    settings.METRICS_TOKEN = TOKEN

    def status(authorization: str, address: str = "10.0.0.3") -> int:
        headers = {"Authorization": authorization}
        return client.get(PAGE, headers=headers, REMOTE_ADDR=address).status_code

    assert status(f"Bearer {TOKEN}") == 200
    for wrong in ("", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer é", f"bearer{TOKEN}"):
        assert status(wrong) == 401, wrong
    assert status("", "127.0.0.1") == 401
