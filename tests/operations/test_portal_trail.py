"""AUDIT in the portal: what a company's admins read of it, and what nobody else does."""

import csv
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.actors import UserActor
from accounts.models import User
from audit.models import Event
from audit.services import record
from organisations.actors import SYSTEM
from organisations.models import DipId, Organisation
from organisations.roles import DipRoleCode, Role
from tests import factories
from tests.conftest import signed_in
from tests.operations.conftest import NOON

PAGE = "/audit/"


@pytest.fixture
def happen() -> Callable[..., Event]:
    """Record that a person edited a company."""

    def make(who: User, company: Organisation, **more: Any) -> Event:
        actor = UserActor(user_id=who.pk, label=str(who), address=f"192.0.2.{who.pk % 250}")
        values = {
            "actor": actor,
            "action": "organisation:edit",
            "subject": company,
            "before": {"name": "Old Name"},
            "after": {"name": "New Name"},
            "at": NOON,
            "organisation_id": company.pk,
        }
        return record(**{**values, **more})

    return make


def read(client: Client, url: str = PAGE) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return str(answer.content.decode())


def told(client: Client, query: str = "") -> list[str]:
    return [row.event.actor_label for row in client.get(f"{PAGE}{query}").context["rows"]]


def test_an_admin_reads_the_trail_of_their_own_company_alone(
    alice: User, charlie: User, company: Organisation, happen: Any
) -> None:
    [other] = [own.organisation for own in charlie.memberships.all()]
    happen(alice, company)
    happen(charlie, other)
    record(actor=SYSTEM, action="dip_manager:create", subject=alice)

    page = read(signed_in(alice))

    assert "<strong>Alice Doe</strong> edited the company <strong>Super Energy Co</strong>" in page
    assert "Old Name" in page
    assert "New Name" in page
    assert told(signed_in(alice)) == ["Alice Doe"]
    assert told(signed_in(charlie)) == ["Charlie Doe"]


@pytest.mark.parametrize("companies", [1, 2])
def test_the_filter_offers_what_can_be_done_in_a_company(
    alice: User, company: Organisation, companies: int
) -> None:
    if companies == 2:
        second = factories.company(name="Second")
        factories.membership(user=alice, organisation=second, roles=[Role.USER_ADMIN])

    page = read(signed_in(alice))

    assert "edited the company" in page
    assert "was told by GlobalSign" in page
    for foreign in ("created the DIP Manager", "added to the test DNS the zone", "set the<"):
        assert foreign not in page


def test_the_dip_manager_reads_everything(
    dana_client: Client, alice: User, charlie: User, company: Organisation, happen: Any
) -> None:
    [other] = [own.organisation for own in charlie.memberships.all()]
    happen(alice, company)
    happen(charlie, other, at=NOON - timedelta(days=1))

    assert told(dana_client)[-2:] == ["Alice Doe", "Charlie Doe"]
    assert told(dana_client, "?company=bright") == ["Charlie Doe"]


def test_an_analytics_reader_is_told_who_may(company: Organisation) -> None:
    reader = factories.user()
    factories.membership(user=reader, organisation=company, roles=[Role.ANALYTICS_READER])
    client = signed_in(reader)

    answer = client.get(PAGE)

    assert answer.status_code == 403
    assert "MP User Admin or MP Certificate Admin or MP Message Admin" in answer.content.decode()
    assert f'href="{PAGE}"' not in read(client, "/")


def test_the_navigation_leads_admins_there(
    alice_client: Client, dana_client: Client, company: Organisation
) -> None:
    assert f'<a href="{PAGE}">Audit</a>' in read(alice_client, "/")
    assert "/admin/accounts/user/" not in read(alice_client, "/")
    assert '<a href="/admin/accounts/user/">Users</a>' in read(dana_client, "/")


def test_addresses_of_strangers_are_not_shown_to_participants(
    alice: User, charlie: User, dana: User, company: Organisation, happen: Any
) -> None:
    former = factories.user(first_name="Fred")
    factories.membership(
        user=former, organisation=company, roles=[Role.USER_ADMIN], offboarded=True
    )
    for who in (alice, former, charlie, dana):
        happen(who, company)
    addresses = {who.first_name: f"192.0.2.{who.pk % 250}" for who in (alice, former)}
    hidden = [f"192.0.2.{who.pk % 250}" for who in (charlie, dana)]

    for client in (signed_in(alice), signed_in(dana)):
        page = client.get(PAGE)
        export = b"".join(client.get(f"{PAGE}export/")).decode()
        rows = {row.event.actor_label.split()[0]: row.address for row in page.context["rows"]}
        assert addresses.items() <= rows.items()
        for address in hidden:
            is_shown = client is not None and page.context["user"].is_dip_manager
            assert (address in page.content.decode()) == is_shown
            assert (address in export) == is_shown


def test_the_trail_is_filtered_by_person_thing_action_and_time(
    alice: User, company: Organisation, happen: Any
) -> None:
    bob = factories.user(first_name="Bob")
    factories.membership(user=bob, organisation=company, roles=[Role.MESSAGE_ADMIN])
    happen(alice, company)
    happen(bob, company, at=NOON - timedelta(days=2))
    dip_id = DipId.objects.get()
    happen(bob, company, subject=dip_id, action="api_key:generate", at=NOON - timedelta(days=3))
    client = signed_in(alice)

    for query, found in {
        "": ["Alice Doe", "Bob Doe", "Bob Doe"],
        "?who=bob": ["Bob Doe", "Bob Doe"],
        "?thing=organisations.dipid": ["Bob Doe"],
        "?action=organisation:edit&until=2026-04-30": ["Bob Doe"],
        "?since=2026-05-01": ["Alice Doe"],
        f"?q={dip_id}": ["Bob Doe"],
        "?who=nobody": [],
        "?thing=nonsense&since=never": ["Alice Doe", "Bob Doe", "Bob Doe"],
    }.items():
        assert told(client, query) == found, query
    assert "Nothing found" in read(client, f"{PAGE}?who=nobody")


def test_somebody_in_two_companies_filters_by_company(
    alice: User, company: Organisation, happen: Any
) -> None:
    second = factories.company(name="Second Ltd")
    third = factories.company(name="Third Ltd")
    factories.membership(user=alice, organisation=second, roles=[Role.MESSAGE_ADMIN])
    factories.membership(user=alice, organisation=third, roles=[Role.ANALYTICS_READER])
    for one in (company, second, third):
        happen(alice, one)
    client = signed_in(alice)

    assert len(told(client)) == 2
    assert len(told(client, f"?company={second.pk}")) == 1
    assert len(told(client, f"?company={third.pk}")) == 2  # no choice of hers: not filtered
    assert third not in [row.company for row in client.get(PAGE).context["rows"]]


def test_who_is_limited_to_some_dip_ids_reads_nothing_of_the_others(happen: Any, db: None) -> None:
    company = factories.company(roles=[DipRoleCode.SUP, DipRoleCode.MDR])
    mine, other = DipId.objects.order_by("pk")
    person = factories.user(first_name="Mia")
    factories.membership(
        user=person, organisation=company, roles=[Role.MESSAGE_ADMIN], dip_ids=[mine]
    )
    for subject in (mine, other, company):
        happen(person, company, subject=subject)

    page = read(signed_in(person))

    assert f"<strong>{mine}</strong>" in page
    assert str(other) not in page
    assert len(told(signed_in(person))) == 2


def test_the_export_has_what_the_filter_leaves_and_no_keys(
    alice_client: Client, alice: User, company: Organisation, happen: Any
) -> None:
    happen(alice, company)
    happen(alice, company, action="organisation:verify")

    lines = b"".join(alice_client.get(f"{PAGE}export/?action=organisation:edit")).decode()
    [row] = csv.DictReader(lines.splitlines())

    assert row["sentence"] == "Alice Doe edited the company Super Energy Co"
    assert row["company"] == "Super Energy Co"
    assert row["thing"] == "Company"
    assert row["before"] == '{"name": "Old Name"}'
    assert "user id" not in row


def test_pages_and_the_number_of_queries(
    alice: User, company: Organisation, happen: Any, django_assert_num_queries: Any
) -> None:
    for number in range(5):
        happen(alice, company, at=NOON - timedelta(minutes=number))
    client = signed_in(alice)
    client.get(PAGE)
    with django_assert_num_queries(12) as few:
        client.get(f"{PAGE}?show=all")
    for number in range(60):
        happen(factories.user(), company, at=NOON - timedelta(hours=number))
    with django_assert_num_queries(len(few)):
        client.get(f"{PAGE}?show=all")

    page = read(client, f"{PAGE}?page=2")
    assert "Showing items 11 - 20 of 65" in page


def test_the_trail_is_only_read(alice_client: Client) -> None:
    for url in (PAGE, f"{PAGE}export/"):
        assert alice_client.post(url).status_code == 405
        assert alice_client.head(url).status_code == 200
