"""The page of a DIP ID: its details, and who its members are."""

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit.models import Event
from organisations.models import DipId, Membership, Organisation
from organisations.roles import DipRoleCode, Role
from tests import factories
from tests.conftest import signed_in


@pytest.fixture
def company(db: None) -> Organisation:
    return factories.company(
        name="Super Energy Co",
        domains=["superenergy.example"],
        roles=[DipRoleCode.SUP, DipRoleCode.MDR],
    )


@pytest.fixture
def supplier(company: Organisation) -> DipId:
    return DipId.objects.get(mpid__organisation=company, dip_role_code=DipRoleCode.SUP)


@pytest.fixture
def retriever(company: Organisation) -> DipId:
    return DipId.objects.get(mpid__organisation=company, dip_role_code=DipRoleCode.MDR)


@pytest.fixture
def bob(company: Organisation, retriever: DipId) -> Membership:
    """A Message Admin of the retriever's DIP ID alone."""
    return factories.membership(
        user=factories.user(first_name="Bob", email="bob@superenergy.example"),
        organisation=company,
        roles=[Role.MESSAGE_ADMIN],
        dip_ids=[retriever],
    )


def path_of(dip_id: DipId, more: str = "") -> str:
    return f"/organisations/{dip_id.mpid.organisation_id}/dip-ids/{dip_id.dip_id}/{more}"


def names(client: Client, path: str, **query: str) -> list[str]:
    return [row.first_name for row in client.get(path, query).context["rows"]]


def test_the_page_shows_what_the_slide_shows(alice_client: Client, supplier: DipId) -> None:
    DipId.objects.filter(pk=supplier.pk).update(
        effective_from_date=date(2025, 7, 1), mpr_role_code="X", effective_dates_set_at=None
    )

    page = alice_client.get(path_of(supplier)).content.decode()

    for shown in (f"DIP ID: {supplier}", str(supplier.mpid), "2025-07-01", "SUP", "Add Member"):
        assert shown in page
    assert "The DIP Manager has not set its dates" in page


def test_the_list_of_dip_ids_leads_to_it(alice_client: Client, supplier: DipId) -> None:
    tab = alice_client.get(f"/organisations/{supplier.mpid.organisation_id}/")

    assert f'href="{path_of(supplier)}"' in tab.content.decode()


def test_its_members_are_those_of_all_dip_ids_and_those_of_this_one(
    alice_client: Client, bob: Membership, supplier: DipId, retriever: DipId
) -> None:
    assert names(alice_client, path_of(supplier)) == ["Alice"]
    assert names(alice_client, path_of(retriever)) == ["Alice", "Bob"]
    assert names(alice_client, path_of(retriever), q="bob@") == ["Bob"]
    assert names(alice_client, path_of(retriever), sort="-first") == ["Bob", "Alice"]


def test_a_member_is_added_and_offboarded_again(
    alice_client: Client, alice: User, bob: Membership, supplier: DipId
) -> None:
    candidates = alice_client.get(path_of(supplier, "members/add/")).context["table"].page
    assert list(candidates) == [bob]

    added = alice_client.post(path_of(supplier, f"members/{bob.pk}/add/"), follow=True)

    assert f"is a member of DIP ID {supplier} now" in added.content.decode()
    assert names(alice_client, path_of(supplier)) == ["Alice", "Bob"]

    asked = alice_client.get(path_of(supplier, f"members/{bob.pk}/offboard/"))
    assert "stays a member of Super Energy Co" in asked.content.decode()
    done = alice_client.post(path_of(supplier, f"members/{bob.pk}/offboard/"), follow=True)

    assert f"is offboarded from DIP ID {supplier}" in done.content.decode()
    assert names(alice_client, path_of(supplier)) == ["Alice"]
    bob.refresh_from_db()
    assert bob.offboarded_at is None
    actions = list(Event.objects.order_by("pk").values_list("action", flat=True))
    assert actions[-2:] == ["dip_id:add_member", "dip_id:remove_member"]


def test_adding_twice_and_taking_the_only_dip_id_say_why_not(
    alice_client: Client, bob: Membership, retriever: DipId
) -> None:
    twice = alice_client.post(path_of(retriever, f"members/{bob.pk}/add/"), follow=True)
    only = alice_client.post(path_of(retriever, f"members/{bob.pk}/offboard/"), follow=True)

    assert "already" in twice.content.decode()
    assert "the only DIP ID" in only.content.decode()
    assert list(bob.dip_ids.all()) == [retriever]


def test_a_member_of_all_is_told_what_offboarding_from_one_means(
    alice_client: Client, alice: User, supplier: DipId, retriever: DipId
) -> None:
    membership = alice.memberships.get()

    asked = alice_client.get(path_of(supplier, f"members/{membership.pk}/offboard/"))
    alice_client.post(path_of(supplier, f"members/{membership.pk}/offboard/"))

    assert "Member of All DIP IDs" in asked.content.decode()
    membership.refresh_from_db()
    assert not membership.all_dip_ids
    assert list(membership.dip_ids.all()) == [retriever]


def test_who_is_limited_to_another_dip_id_does_not_learn_of_it(
    bob: Membership, supplier: DipId, retriever: DipId
) -> None:
    client = signed_in(bob.user)

    assert client.get(path_of(supplier)).status_code == 404
    page = client.get(path_of(retriever))
    assert page.status_code == 200
    assert "Only a person with the role MP User Admin" in page.content.decode()


def test_another_companys_member_cannot_be_added(
    alice_client: Client, charlie: User, supplier: DipId
) -> None:
    stranger = charlie.memberships.get()

    for verb in ("add", "offboard"):
        answer = alice_client.post(path_of(supplier, f"members/{stranger.pk}/{verb}/"))
        assert answer.status_code == 404


def test_a_dip_id_under_another_companys_address_is_not_found(
    alice_client: Client, charlie: User, company: Organisation, supplier: DipId
) -> None:
    other = charlie.memberships.get().organisation

    assert alice_client.get(f"/organisations/{other.pk}/dip-ids/{supplier}/").status_code == 404
    assert alice_client.get(f"/organisations/{company.pk}/dip-ids/0000000000/").status_code == 404
    assert alice_client.get(f"/organisations/{company.pk}/dip-ids/no/").status_code == 404


def test_the_pages_cost_as_many_queries_for_many_members(
    alice_client: Client, company: Organisation, supplier: DipId, retriever: DipId
) -> None:
    def queries(path: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert alice_client.get(path).status_code == 200
        return len(captured)

    def join(number: int) -> None:
        for dip_id in (supplier, retriever):
            factories.membership(
                user=factories.user(email=f"m{number}{dip_id}@superenergy.example"),
                organisation=company,
                roles=[Role.ANALYTICS_READER],
                dip_ids=[dip_id],
            )

    join(1)
    paths = [path_of(supplier), path_of(supplier, "members/add/")]
    before = [queries(path) for path in paths]
    for number in range(2, 9):
        join(number)

    assert [queries(path) for path in paths] == before
