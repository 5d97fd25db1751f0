"""The Market Participant Organisation pages, and who sees what on them."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from organisations.http import ActionView, OrganisationView
from organisations.models import Nomination, Organisation
from organisations.policies import Action
from organisations.roles import Role
from tests import factories
from tests.conftest import signed_in

TABS = ["", "members/", "certificates/"]


def texts(client: Client, path: str, **query: str) -> str:
    answer = client.get(path, query)
    assert answer.status_code == 200, answer
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_a_page_that_names_no_action_is_refused_at_import() -> None:
    for base in (ActionView, OrganisationView):
        with pytest.raises(TypeError, match="names no action"):
            type("Nameless", (base,), {})
    assert type("Named", (OrganisationView,), {"action": Action.ORGANISATION_VIEW})


def test_a_member_of_one_company_is_led_straight_to_it(
    alice_client: Client, company: Organisation
) -> None:
    answer = alice_client.get("/organisations/")

    assert answer["Location"] == f"/organisations/{company.pk}/"


def test_the_navigation_leads_there(alice_client: Client, company: Organisation) -> None:
    page = alice_client.get(f"/organisations/{company.pk}/").content.decode()

    link = f'<a href="/organisations/{company.pk}/" aria-current="page">'
    assert f"{link}Market Participant Organisation</a>" in page


def test_a_member_of_several_sees_these_alone(alice: User, charlie: User) -> None:
    second = factories.company(name="Second Ltd")
    factories.membership(user=alice, organisation=second, roles=[Role.MESSAGE_ADMIN])

    page = texts(signed_in(alice), "/organisations/")

    assert "Super Energy Co" in page
    assert "Second Ltd" in page
    assert "Bright Grid" not in page
    assert "Showing items 1 - 2 of 2" in page


def test_the_list_is_searched_sorted_and_paged(dana_client: Client) -> None:
    made = [factories.company(name=f"Energy {number:02d} Ltd") for number in range(42)]
    special = made[7]
    dip_id = special.mpids.get().dip_ids.get()

    page = texts(dana_client, "/organisations/")
    assert "Showing items 1 - 10 of 42" in page
    assert "Energy 00 Ltd" in page
    assert "Energy 10 Ltd" not in page
    assert "Showing items 41 - 42 of 42" in texts(dana_client, "/organisations/", page="5")
    assert "Showing items 1 - 42 of 42" in texts(dana_client, "/organisations/", show="all")
    assert "Energy 41 Ltd" in texts(dana_client, "/organisations/", sort="-name")
    assert "Energy 00 Ltd" in texts(dana_client, "/organisations/", sort="nonsense")
    for words in (
        "energy 07",
        special.company_number,
        special.mpids.get().code,
        dip_id.dip_id,
    ):
        found = texts(dana_client, "/organisations/", q=words)
        assert "Energy 07 Ltd" in found
        assert "Showing items 1 - 1 of 1" in found
    assert "Nothing found" in texts(dana_client, "/organisations/", q="no such\x00company")


def test_a_company_shows_the_details_of_the_slides(
    alice_client: Client, company: Organisation
) -> None:
    provider = factories.dcp(name="Connect Ltd", domains=["connects.example"])
    factories.nomination(organisation=company, of=provider, domains=True)
    factories.company(name="Child Ltd", parent=company)

    page = texts(alice_client, f"/organisations/{company.pk}/")

    for words in (
        "Market Participants Super Energy Co",
        "Company Type Supplier",
        f"Company Number {company.company_number}",
        "Role Codes SUP",
        "DCP Status Disabled",
        "DIP Connection Provider Connect Ltd",
        "Description Our company.",
        "superenergy.example connects.example through the DCP Connect Ltd",
        "Child Organisations Child Ltd",
        "DIP IDs Members Certificates",
    ):
        assert words in page
    assert "Parent Organisation" not in page


def test_a_child_names_its_parent_without_a_link_for_strangers(
    charlie: User, alice_client: Client, dana_client: Client, company: Organisation
) -> None:
    child = Organisation.objects.get(name="Bright Grid Ltd")
    Organisation.objects.filter(pk=child.pk).update(parent=company)
    link = f'href="/organisations/{company.pk}/"'

    for client, is_linked in ((signed_in(charlie), False), (dana_client, True)):
        page = client.get(f"/organisations/{child.pk}/").content.decode()
        assert "Super Energy Co" in page
        assert (link in page) == is_linked


def test_a_nomination_of_a_dcp_not_here_yet_says_so(
    alice_client: Client, company: Organisation
) -> None:
    company.nominations.create(dcp_id_code="1000000099")

    page = texts(alice_client, f"/organisations/{company.pk}/")

    assert "DCP 1000000099, not in this environment yet" in page


def test_a_nomination_for_some_dip_ids_alone_is_told_on_the_card(
    alice_client: Client, company: Organisation
) -> None:
    mpid = company.mpids.get()
    waits = [mpid.dip_ids.get(), factories.dip_id(mpid=mpid, role="LDSO")]
    for dip_id in waits:
        Nomination.objects.create(organisation=company, dip_id=dip_id, dcp_id_code="1000042001")
    connected = factories.dip_id(mpid=mpid, role="MDS")
    dcp = factories.dcp(name="Gateway Ltd")
    factories.nomination(organisation=company, of=dcp, for_dip_id=connected)

    page = alice_client.get(f"/organisations/{company.pk}/").content.decode()

    card = re.sub(r"\s+", " ", page.split("<dt>DIP Connection Provider</dt>")[1].split("</dd>")[0])
    assert "None set" not in card
    assert "For 2 DIP IDs: DCP 1000042001, not in this environment yet" in card
    assert "For 1 DIP ID: Gateway Ltd" in card


def test_the_card_tells_a_member_of_some_dip_ids_of_these_alone(company: Organisation) -> None:
    mpid = company.mpids.get()
    others, own = mpid.dip_ids.get(), factories.dip_id(mpid=mpid, role="LDSO")
    Nomination.objects.create(organisation=company, dip_id=others, dcp_id_code="1000042001")
    person = factories.user()
    factories.membership(
        user=person, organisation=company, roles=[Role.MESSAGE_ADMIN], dip_ids=[own]
    )

    page = signed_in(person).get(f"/organisations/{company.pk}/").content.decode()

    assert "1000042001" not in page


def test_a_dip_id_whose_dates_are_not_set_says_that_it_is_not_operational(
    alice_client: Client, company: Organisation
) -> None:
    mpid = company.mpids.get()
    factories.dip_id(mpid=mpid, role="LDSO", dates_set=False)
    factories.dip_id(mpid=mpid, role="MDR", effective_from=None, dates_set=False)

    page = texts(alice_client, f"/organisations/{company.pk}/")

    assert "2 DIP IDs are not operational" in page
    assert "Not operational The DIP Manager has not set its dates." in page
    assert "Not operational It has no effective from date." in page
    assert "Operational" in page


def test_a_member_of_some_dip_ids_sees_these_alone(company: Organisation) -> None:
    mpid = company.mpids.get()
    own = factories.dip_id(mpid=mpid, role="LDSO")
    limited = factories.user()
    factories.membership(
        user=limited, organisation=company, roles=[Role.MESSAGE_ADMIN], dip_ids=[own]
    )

    page = texts(signed_in(limited), f"/organisations/{company.pk}/")

    assert own.dip_id in page
    assert "Showing items 1 - 1 of 1" in page


def test_the_members_are_listed_but_those_offboarded(
    alice_client: Client, company: Organisation, now: Any
) -> None:
    own = company.mpids.get().dip_ids.get()
    factories.membership(
        user=factories.user(first_name="Ben"),
        organisation=company,
        roles=[Role.CERTIFICATE_ADMIN, Role.MESSAGE_ADMIN],
        dip_ids=[own],
    )
    factories.membership(
        user=factories.user(first_name="Expired"),
        organisation=company,
        roles=[Role.ANALYTICS_READER],
        expires_date=now.date(),
    )
    factories.membership(
        user=factories.user(first_name="Gone"),
        organisation=company,
        roles=[Role.ANALYTICS_READER],
        offboarded=True,
    )
    path = f"/organisations/{company.pk}/members/"

    page = texts(alice_client, path)

    assert "Showing items 1 - 3 of 3" in page
    assert "Gone" not in page
    assert re.search(r"Ben Doe \S+ MP Certificate Admin MP Message Admin SUP \S+ Active", page)
    assert re.search(r"Expired Doe \S+ MP Analytics Reader All \S+ Expired", page)
    assert "Showing items 1 - 1 of 1" in texts(alice_client, path, q="ben doe")
    assert "Nothing found" in texts(alice_client, path, q="gone")


def test_strangers_find_no_company(
    company: Organisation, charlie_client: Client, client: Client
) -> None:
    for tab in TABS:
        path = f"/organisations/{company.pk}/{tab}"
        assert charlie_client.get(path).status_code == 404
        assert client.get(path)["Location"] == f"/accounts/login/?next={path}"
        assert charlie_client.get(f"/organisations/{'9' * 25}/{tab}").status_code == 404
        assert charlie_client.post(path).status_code == 404


def test_every_role_and_the_dip_manager_may_read(
    company: Organisation, dana_client: Client
) -> None:
    clients = [dana_client]
    for role in Role:
        user = factories.user()
        factories.membership(user=user, organisation=company, roles=[role])
        clients.append(signed_in(user))

    for client in clients:
        for tab in TABS:
            assert client.get(f"/organisations/{company.pk}/{tab}").status_code == 200
            assert client.post(f"/organisations/{company.pk}/{tab}").status_code == 405


def test_the_number_of_queries_does_not_grow_with_the_rows(
    alice_client: Client, dana_client: Client, company: Organisation
) -> None:
    def queries() -> list[int]:
        counts = []
        for client, path in [
            (dana_client, "/organisations/?show=all"),
            *((alice_client, f"/organisations/{company.pk}/{tab}?show=all") for tab in TABS),
        ]:
            with CaptureQueriesContext(
                connection,
            ) as captured:
                assert client.get(path).status_code == 200
            counts.append(len(captured))
        return counts

    provider = factories.dcp(domains=["one.example"])
    factories.nomination(organisation=company, of=provider, domains=True)
    factories.company(parent=company)
    few = queries()
    for number in range(12):
        factories.company(parent=company)
        mpid = company.mpids.create(code=f"Z{number:03d}")
        dip_id = factories.dip_id(mpid=mpid)
        factories.nomination(organisation=company, of=factories.dcp(), for_dip_id=dip_id)
        factories.membership(
            user=factories.user(),
            organisation=company,
            roles=[Role.ANALYTICS_READER],
            dip_ids=[dip_id],
        )

    assert queries() == few
    assert max(few) <= 28
