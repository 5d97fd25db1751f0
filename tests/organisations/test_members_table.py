"""The Members table: members and invited people, searched, filtered, sorted, exported."""

import csv
import io
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from organisations.models import DipId, Invitation, Membership, Organisation
from organisations.roles import DipRoleCode, Role
from tests import factories
from tests.conftest import signed_in

STATES = ["invited", "invitation-expired", "active", "expiring", "expired", "offboarded"]


@pytest.fixture
def path(company: Organisation) -> str:
    return f"/organisations/{company.pk}/members/"


@pytest.fixture
def everybody(company: Organisation, alice: User, now: datetime) -> None:
    """One person in each state; Alice is the active one."""
    today = now.date()

    def member(name: str, **how: Any) -> None:
        person = factories.user(first_name=name, email=f"{name.lower()}@superenergy.example")
        factories.membership(
            **{"user": person, "organisation": company, "roles": [Role.ANALYTICS_READER], **how}
        )

    member("Expiring", expires_date=today + timedelta(days=30))
    member("Expired", expires_date=today)
    member("Offboarded", offboarded=True)
    factories.invitation(organisation=company, first_name="Invited", roles=[Role.CERTIFICATE_ADMIN])
    factories.invitation(
        organisation=company,
        first_name="Late",
        sent_at=now - timedelta(days=8),
        expires_at=now - timedelta(days=1),
    )
    factories.invitation(organisation=company, first_name="Accepted", accepted_at=now)
    factories.invitation(organisation=company, first_name="Revoked", revoked_at=now)


def names(client: Client, path: str, **query: str) -> list[str]:
    """Return the first names in the rows of the page, from top to bottom."""
    return [row.first_name for row, _ in client.get(path, query).context["rows"]]


def cells(client: Client, path: str, name: str) -> str:
    page = client.get(path, {"q": name}).content.decode()
    [row] = re.findall(r"<tbody>(.*?)</tbody>", page, re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)).strip()


def test_members_and_invited_people_stand_in_one_table(
    alice_client: Client, path: str, everybody: None
) -> None:
    assert names(alice_client, path) == ["Alice", "Expired", "Expiring", "Invited", "Late"]
    assert "Showing items 1 - 5 of 5" in alice_client.get(path).content.decode()


def test_what_is_done_with_an_invited_person_is_called_what_it_is(
    alice_client: Client, path: str, everybody: None
) -> None:
    page = alice_client.get(f"{path}?state=invited").content.decode()

    assert ">Revoke the invitation<" in page
    assert ">Offboard<" not in page


@pytest.mark.parametrize(
    ("state", "found", "badge"),
    [
        ("invited", ["Invited"], "Invited"),
        ("invitation-expired", ["Late"], "Invitation expired"),
        ("active", ["Alice"], "Active"),
        ("expiring", ["Expiring"], "Expiring soon"),
        ("expired", ["Expired"], "Expired"),
        ("offboarded", ["Offboarded"], "Offboarded"),
        ("nonsense", ["Alice", "Expired", "Expiring", "Invited", "Late"], ""),
    ],
)
def test_it_is_filtered_by_state(
    alice_client: Client, path: str, everybody: None, state: str, found: list[str], badge: str
) -> None:
    assert names(alice_client, path, state=state) == found
    page = alice_client.get(path, {"state": state}).content.decode()
    assert len(re.findall(f'<span class="status [^>]+>{badge}</span>', page)) == len(found) or (
        not badge
    )


def test_it_is_filtered_by_role(alice_client: Client, path: str, everybody: None) -> None:
    assert names(alice_client, path, role="USER_ADMIN") == ["Alice", "Late"]
    assert names(alice_client, path, role="CERTIFICATE_ADMIN") == ["Invited"]
    assert names(alice_client, path, role="MESSAGE_ADMIN") == []
    assert "Nothing found" in alice_client.get(path, {"role": "MESSAGE_ADMIN"}).content.decode()
    assert len(names(alice_client, path, role="nonsense")) == 5


def test_it_is_filtered_by_dip_id(
    alice_client: Client, path: str, company: Organisation, charlie: User
) -> None:
    one = company.mpids.get().dip_ids.get()
    two = factories.dip_id(mpid=company.mpids.get(), role=DipRoleCode.MDR)
    theirs = DipId.objects.exclude(mpid__organisation=company).get()
    factories.membership(
        user=factories.user(first_name="Both"),
        organisation=company,
        roles=[Role.MESSAGE_ADMIN],
        dip_ids=[one, two],
    )
    factories.invitation(organisation=company, first_name="Second", dip_ids=[two])

    assert names(alice_client, path, dip_id=one.dip_id) == ["Alice", "Both"]
    assert names(alice_client, path, dip_id=two.dip_id) == ["Alice", "Both", "Second"]
    assert names(alice_client, path, dip_id=theirs.dip_id) == ["Alice", "Both", "Second"]
    assert theirs.dip_id not in alice_client.get(path).content.decode()


def test_it_is_searched_by_name_and_address(
    alice_client: Client, path: str, everybody: None
) -> None:
    assert names(alice_client, path, q="alice doe") == ["Alice"]
    assert names(alice_client, path, q="EXPIRING@super") == ["Expiring"]
    assert names(alice_client, path, q="admin") == ["Invited", "Late"]
    assert names(alice_client, path, q="revoked") == []
    assert names(alice_client, path, q="doe", role="USER_ADMIN") == ["Alice"]


def test_it_is_sorted(alice_client: Client, path: str, everybody: None) -> None:
    factories.invitation(organisation=Organisation.objects.first(), first_name="ada")  # type: ignore[arg-type]

    assert names(alice_client, path)[:2] == ["ada", "Alice"]
    assert names(alice_client, path, sort="-first")[0] == "Late"
    assert names(alice_client, path, sort="last")[0] == "ada"
    assert names(alice_client, path, sort="email")[0] == "Alice"
    assert names(alice_client, path, sort="expiry")[0] == "Late"
    assert names(alice_client, path, sort="-expiry")[0] == "Alice"


def test_ten_are_shown_or_all(alice_client: Client, path: str, company: Organisation) -> None:
    for number in range(41):
        factories.invitation(organisation=company, first_name=f"Guest {number:02d}")

    assert "Showing items 1 - 10 of 42" in alice_client.get(path).content.decode()
    assert len(names(alice_client, path, page="5")) == 2
    assert len(names(alice_client, path, show="all")) == 42
    kept = alice_client.get(path, {"sort": "-first", "q": "guest", "state": "invited"})
    assert "q=guest&amp;state=invited&amp;page=2" in kept.content.decode()


def test_the_roles_and_role_codes_of_a_row(
    alice_client: Client, path: str, company: Organisation
) -> None:
    mpid = company.mpids.get()
    factories.invitation(
        organisation=company,
        first_name="Some",
        roles=[Role.CERTIFICATE_ADMIN, Role.MESSAGE_ADMIN],
        dip_ids=[factories.dip_id(mpid=mpid, role="MDR"), factories.dip_id(mpid=mpid, role="ADS")],
    )

    assert re.match(
        r"Some Admin \S+ MP Certificate Admin MP Message Admin ADS, MDR \S+ Invited",
        cells(alice_client, path, "some"),
    )


def test_a_deactivated_account_is_said_to_be_one(
    alice_client: Client, path: str, everybody: None
) -> None:
    User.objects.filter(first_name="Expiring").update(is_active=False)

    page = alice_client.get(path).content.decode()

    assert page.count("Account deactivated") == 1


def test_of_a_company_with_nobody_it_says_who_comes_first(dana_client: Client, path: str) -> None:
    page = dana_client.get(path).content.decode()

    assert "The Primary User Admin comes first, invited by the DIP Manager." in page
    assert "Nothing found" in dana_client.get(path, {"state": "expired"}).content.decode()


class TestExport:
    def rows(self, client: Client, path: str, **query: str) -> list[list[str]]:
        answer: Any = client.get(f"{path}export/", query)
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        text = b"".join(answer.streaming_content).decode()
        return list(csv.reader(io.StringIO(text)))

    def test_it_has_what_the_filters_leave(
        self, alice_client: Client, path: str, everybody: None, company: Organisation
    ) -> None:
        rows = self.rows(alice_client, path)

        assert rows[0] == [
            "First Name", "Last Name", "Email ID", "Role", "Role Codes", "DIP IDs",
            "Expiry Date", "State",
        ]  # fmt: skip
        assert [row[0] for row in rows[1:]] == ["Invited", "Late", "Alice", "Expired", "Expiring"]
        alice = company.memberships.get(user__first_name="Alice")
        assert rows[3] == [
            "Alice", "Doe", "alice@superenergy.example", "MP User Admin", "All", "All",
            alice.expires_date.isoformat(), "Active",
        ]  # fmt: skip
        assert [row[0] for row in self.rows(alice_client, path, state="expired")[1:]] == ["Expired"]

    def test_no_cell_is_taken_for_a_formula(
        self, alice_client: Client, path: str, company: Organisation
    ) -> None:
        factories.invitation(organisation=company, first_name="=1+1", last_name="@SUM(A1)")

        assert self.rows(alice_client, path, q="sum")[1][:2] == ["'=1+1", "'@SUM(A1)"]

    def test_the_page_links_to_it_with_its_filters_for_who_may(
        self, alice_client: Client, dana_client: Client, path: str
    ) -> None:
        link = f'href="{path}export/?q=alice&amp;state=active"'
        query = {"q": "alice", "state": "active"}

        assert link in alice_client.get(path, query).content.decode()
        assert "/export/" not in dana_client.get(path, query).content.decode()


def test_the_number_of_queries_does_not_grow_to_ten_thousand_members(
    alice_client: Client, path: str, company: Organisation, now: datetime
) -> None:
    def queries(**query: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert alice_client.get(path, query).status_code == 200
        return len(captured)

    own = [company.mpids.get().dip_ids.get()]
    factories.invitation(organisation=company, dip_ids=own)
    factories.membership(
        user=factories.user(), organisation=company, roles=[Role.MESSAGE_ADMIN], dip_ids=own
    )
    few = queries()
    add_members(company, 10_000, now)

    assert queries() == queries(show="all") == few
    assert "Showing items 1 - 1000 of 10003" in (
        alice_client.get(path, {"show": "all"}).content.decode()
    )
    assert len(names(alice_client, path, q="person 99")) == 10


def add_members(company: Organisation, number: int, now: datetime) -> None:
    half = range(number // 2)
    people = User.objects.bulk_create(
        User(email=f"p{it}@superenergy.example", first_name="Person", last_name=str(it))
        for it in half
    )
    Membership.objects.bulk_create(
        Membership(
            organisation=company,
            user=person,
            is_message_admin=True,
            expires_date=now.date() + timedelta(days=90),
            created_at=now,
        )
        for person in people
    )
    Invitation.objects.bulk_create(
        Invitation(
            organisation=company,
            first_name="Guest",
            last_name=str(it),
            email=f"g{it}@superenergy.example",
            is_message_admin=True,
            token_hash=f"guest {it}",
            sent_at=now,
            expires_at=now + timedelta(days=7),
        )
        for it in half
    )


def test_a_member_of_another_company_sees_nobody(path: str, everybody: None, charlie: User) -> None:
    client = signed_in(charlie)

    assert client.get(path).status_code == 404
    assert client.get(f"{path}export/").status_code == 404


def test_who_is_invited_is_told_where_cover_is_thin(
    alice_client: Client, path: str, company: Organisation
) -> None:
    fields: Any
    for fields in (
        {},
        {"revoked_at": timezone.now()},
        {"sent_at": timezone.now() - timedelta(9), "expires_at": timezone.now() - timedelta(1)},
    ):
        factories.invitation(organisation=company, roles=[Role.CERTIFICATE_ADMIN], **fields)

    page = alice_client.get(path).content.decode()
    home = alice_client.get("/").content.decode()

    assert "MP Certificate Admin: 0 (1 invited)" in page
    assert "MP Message Admin: 0 –" in page
    invited, _, rest = page.partition("MP Certificate Admin: 0 (1 invited)")[2].partition("</li>")
    assert "Create one more" in invited
    assert "Create one more" not in rest.partition("</li>")[0]
    assert "Add a Certificate Admin (1 invited)" in home
    assert "Add a Message Admin</li>" in home
    assert "Certificate Admins (1 invited), Message Admins." in home
