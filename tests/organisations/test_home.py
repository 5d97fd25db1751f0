"""HOME: what there is to do, for whom."""

from typing import Any

import pytest
from django.test import Client

from organisations.models import DipId, Organisation
from organisations.roles import Role
from tests import factories
from tests.conftest import signed_in


def tasks(client: Client) -> list[tuple[str, str]]:
    return [(task.title, task.state) for task in client.get("/").context["tasks"]]


def test_the_five_tasks_of_the_seminar_in_order_members_first(alice_client: Client) -> None:
    assert tasks(alice_client) == [
        ("Access DIP Portal", "done"),
        ("Member Management", "next"),
        ("Certificate Management", "later"),
        ("DIP ID Management", "later"),
        ("Message Channel Setup", "later"),
    ]
    page = alice_client.get("/").content.decode()
    assert "A Certificate Admin and a Message Admin need to be added as a first task." in page
    assert "Fewer than two: User Admins, Certificate Admins, Message Admins." in page
    assert page.count("Not started") == 1


def test_members_are_done_when_both_admins_are_there(
    alice_client: Client, company: Organisation
) -> None:
    factories.membership(
        user=factories.user(), organisation=company, roles=[Role.CERTIFICATE_ADMIN]
    )
    assert tasks(alice_client)[1] == ("Member Management", "next")
    factories.membership(user=factories.user(), organisation=company, roles=[Role.MESSAGE_ADMIN])

    assert tasks(alice_client)[1:3] == [
        ("Member Management", "done"),
        ("Certificate Management", "next"),
    ]


def test_who_has_left_counts_no_more(alice_client: Client, company: Organisation) -> None:
    factories.membership(
        user=factories.user(),
        organisation=company,
        roles=[Role.CERTIFICATE_ADMIN, Role.MESSAGE_ADMIN],
        offboarded=True,
    )

    assert tasks(alice_client)[1] == ("Member Management", "next")


def test_dip_ids_say_how_many_have_dates(alice_client: Client, company: Organisation) -> None:
    factories.dip_id(mpid=company.mpids.get(), role="LDSO", dates_set=False)

    assert "1 of 2 DIP IDs with dates set" in alice_client.get("/").content.decode()

    DipId.objects.all().delete()
    assert "No DIP IDs yet" in alice_client.get("/").content.decode()


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ("production", "No requirement to on-board to GlobalSign again"),
        ("uit", "GlobalSign signing certificates and DIP mTLS and signing certificates"),
    ],
)
def test_it_knows_its_environment(
    alice_client: Client, settings: Any, environment: str, says: str
) -> None:
    settings.DIP_ENVIRONMENT = environment

    page = alice_client.get("/").content.decode()

    assert says in page
    assert ("not copied from UIT" in page) == (environment == "production")


def test_every_link_of_a_task_leads_to_a_page(alice_client: Client) -> None:
    for task in alice_client.get("/").context["tasks"]:
        if task.url:
            assert alice_client.get(task.url).status_code == 200, task.title


@pytest.mark.parametrize(
    ("offboarded", "says"), [(True, "You were offboarded from"), (False, "expired on")]
)
def test_without_a_company_it_says_why(
    company: Organisation, now: Any, offboarded: bool, says: str
) -> None:
    user = factories.user()
    factories.membership(
        user=user,
        organisation=company,
        roles=[Role.USER_ADMIN],
        offboarded=offboarded,
        expires_date=None if offboarded else now.date(),
    )

    page = signed_in(user).get("/").content.decode()

    assert says in page
    assert "Super Energy Co" in page


def test_who_never_had_a_company_learns_how_one_comes_by_it(db: None) -> None:
    page = signed_in(factories.user()).get("/").content.decode()

    assert "A membership begins with an invitation" in page


def test_a_dip_manager_is_led_to_the_pipeline(dana_client: Client) -> None:
    page = dana_client.get("/").content.decode()

    assert "Open the pipeline" in page
    assert "/admin/promotion/" in page


def test_the_number_of_queries_does_not_grow(
    alice_client: Client, company: Organisation, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        factories.membership(
            user=factories.user(), organisation=company, roles=[list(Role)[number % 4]]
        )
    mpids = [company.mpids.create(code=f"Q{number:03d}") for number in range(10)]
    for mpid in mpids:
        factories.dip_id(mpid=mpid)

    with django_assert_max_num_queries(18):
        assert alice_client.get("/").status_code == 200
