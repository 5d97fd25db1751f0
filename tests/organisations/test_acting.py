"""A DIP Connection Provider's engineer in two companies: one at a time, rights strictly apart."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from audit.services import record
from organisations.actors import SYSTEM
from organisations.models import Membership, Organisation
from organisations.roles import Role
from tests import factories
from tests.conftest import signed_in


@pytest.fixture
def other(db: None) -> Organisation:
    """Bright Grid Ltd, where Erin only reads."""
    return factories.company(name="Bright Grid Ltd")


@pytest.fixture
def erin(company: Organisation, other: Organisation) -> User:
    """An engineer: User Admin of Super Energy Co, Analytics Reader of Bright Grid Ltd."""
    person = factories.user(email="erin@connect.example", first_name="Erin")
    factories.membership(user=person, organisation=company, roles=[Role.USER_ADMIN])
    factories.membership(user=person, organisation=other, roles=[Role.ANALYTICS_READER])
    return person


@pytest.fixture
def client(erin: User) -> Client:
    return signed_in(erin)


def act_for(client: Client, company: Organisation | str) -> Any:
    key = company if isinstance(company, str) else str(company.pk)
    return client.post("/act-for/", {"company": key})


def page(client: Client, url: str = "/") -> str:
    return str(client.get(url).content.decode())


def test_home_asks_for_the_company_first(client: Client) -> None:
    text = page(client)

    assert "Choose a company" in text
    assert "no company yet" in text
    assert text.index("Bright Grid Ltd") < text.index("Super Energy Co")


def test_home_and_navigation_follow_the_switcher(
    client: Client, company: Organisation, other: Organisation
) -> None:
    for chosen in (company, other):
        assert act_for(client, chosen)["Location"] == "/"
        text = page(client)
        assert f"<h1>{chosen}</h1>" in text
        assert f'<span class="portal-acting-name">{chosen}</span>' in text
        assert f'<a href="/organisations/{chosen.pk}/">Market Participant' in text

    act_for(client, "")
    assert "Choose a company" in page(client)


def test_the_company_of_the_page_is_the_one_acted_for(
    client: Client, company: Organisation, other: Organisation
) -> None:
    act_for(client, company)

    assert f'portal-acting-name">{other}<' in page(client, f"/organisations/{other.pk}/")

    assert f"<h1>{other}</h1>" in page(client)


def test_rights_are_those_of_the_company_that_a_thing_belongs_to(
    client: Client, company: Organisation, other: Organisation
) -> None:
    """Whatever was chosen: to be User Admin of one opens nothing in the other."""
    for chosen in (company, other):
        act_for(client, chosen)
        created = {one: f"/organisations/{one.pk}/members/create/" for one in (company, other)}
        assert client.get(created[company]).status_code == 200
        act_for(client, chosen)
        assert client.get(created[other]).status_code == 403
        act_for(client, chosen)
        assert client.post(created[other], {"email": "x@y.example"}).status_code == 403
    assert not other.invitations.exists()


def test_audit_is_that_of_the_company_acted_for(
    client: Client, company: Organisation, other: Organisation
) -> None:
    for one in (company, other):
        record(actor=SYSTEM, action="organisation:edit", subject=one, organisation_id=one.pk)

    act_for(client, company)
    assert 'href="/audit/"' in page(client)
    assert [row.company for row in client.get("/audit/").context["rows"]] == [company]
    act_for(client, other)
    assert 'href="/audit/"' not in page(client)
    assert client.get("/audit/").status_code == 403
    assert client.get("/audit/export/").status_code == 403


def test_nobody_acts_for_a_company_of_others(client: Client, company: Organisation) -> None:
    act_for(client, company)
    stranger = factories.company(name="Stranger Ltd")

    for key in (str(stranger.pk), "x", "9" * 30, "\x00"):
        assert act_for(client, key).status_code == 404
        assert "Super Energy Co</h1>" in page(client)
    assert "Stranger Ltd" not in page(client)


def test_a_membership_that_ends_takes_the_choice_along(
    client: Client, erin: User, company: Organisation, other: Organisation, now: Any
) -> None:
    act_for(client, company)
    Membership.objects.filter(user=erin, organisation=company).update(offboarded_at=now)

    text = page(client)

    assert f"<h1>{other}</h1>" in text
    assert "portal-acting" not in text
    assert client.get(f"/organisations/{company.pk}/").status_code == 404


def test_who_is_in_one_company_or_none_has_no_switcher(
    alice_client: Client, dana_client: Client, company: Organisation
) -> None:
    for client in (alice_client, dana_client):
        assert "portal-acting" not in page(client)
    act_for(dana_client, company)
    assert "portal-acting" not in page(dana_client)


def test_the_number_of_queries_does_not_grow_with_companies(
    client: Client, erin: User, company: Organisation, django_assert_num_queries: Any
) -> None:
    act_for(client, company)
    client.get("/")
    with django_assert_num_queries(18) as few:
        client.get("/")
    for _ in range(10):
        factories.membership(
            user=erin, organisation=factories.company(), roles=[Role.ANALYTICS_READER]
        )
    with django_assert_num_queries(len(few)):
        client.get("/")
