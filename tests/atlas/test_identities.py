"""Identity Profiles: requested, vetted as the testers' switch says, listed."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from audit.models import Event
from certificates.atlas import tasks
from certificates.atlas.models import Account, IdentityProfile
from tests.atlas import factories

PATH = "/identities/request/"
ASKED = {
    "name": "SUPER-ENERGY",
    "organisation": "Super Energy Company Limited",
    "locality": "London",
    "state": "Greater London",
    "country": "gb",
}


def switch(browser: Client, vetting: str) -> None:
    browser.post("/controls/", {"vetting": vetting})


def test_an_identity_is_active_at_once_unless_a_tester_wants_otherwise(
    account: Account, alice_client: Client
) -> None:
    form = alice_client.get(PATH).content.decode()
    assert 'value="Super Energy Co"' in form

    page = alice_client.post(PATH, ASKED, follow=True).content.decode()

    profile = account.profiles.get()
    assert profile.is_active
    assert "requested and vetted" in page
    for text in ("Organization (OV)", "Super Energy Company Limited", "Greater London", "GB"):
        assert text in page
    told = list(Event.objects.order_by("pk").values_list("actor_label", "action"))
    assert told[-2:] == [
        ("Alice Tester", "identity_profile:request"),
        ("Atlas", "identity_profile:vet"),
    ]


def test_delayed_vetting_takes_its_time(
    account: Account, alice_client: Client, settings: Any
) -> None:
    settings.ATLAS_VETTING_DELAY_SECONDS = 60
    switch(alice_client, "DELAYED")
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        page = alice_client.post(PATH, ASKED, follow=True).content.decode()
    profile = account.profiles.get()
    assert profile.status == IdentityProfile.Status.PENDING
    assert "Pending vetting" in page
    assert "being vetted" in page

    with time_machine.travel(start + timedelta(seconds=59), tick=False):
        tasks.vet_due()
    profile.refresh_from_db()
    assert profile.status == IdentityProfile.Status.PENDING

    with time_machine.travel(start + timedelta(seconds=60), tick=False):
        tasks.vet_due()
        tasks.vet_due()
    profile.refresh_from_db()
    assert profile.is_active
    assert Event.objects.filter(action="identity_profile:vet").count() == 1


def test_refused_vetting_says_so_and_the_name_is_free_again(
    account: Account, alice_client: Client
) -> None:
    switch(alice_client, "REFUSED")

    page = alice_client.post(PATH, ASKED, follow=True).content.decode()

    assert "was refused" in page
    assert "Refused: The vetting switch" in page
    switch(alice_client, "INSTANT")
    alice_client.post(PATH, ASKED)
    assert sorted(account.profiles.values_list("status", flat=True)) == ["ACTIVE", "REFUSED"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": "super-energy"}, "of this name already"),
        ({"name": "-x"}, "begin with a letter or digit"),
        ({"name": "Überlandwerk"}, "Use letters, digits"),
        ({"organisation": "x" * 65}, "at most 64 characters"),
        ({"organisation": "Null\x00"}, "Null characters"),
        ({"locality": ""}, "This field is required"),
        ({"country": "G1"}, "two capital letters"),
        ({"country": "GBR"}, "at most 2 characters"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    identity: IdentityProfile, alice_client: Client, changes: dict[str, str], told: str
) -> None:
    page = alice_client.post(PATH, {**ASKED, "name": "OTHER", **changes}).content.decode()

    assert told in page
    assert identity.account.profiles.count() == 1


def test_an_identity_of_another_company_is_not_found(
    identity: IdentityProfile, charlie_client: Client
) -> None:
    assert charlie_client.get(f"/identities/{identity.pk}/").status_code == 404
    assert "SUPER-ENERGY" not in charlie_client.get("/identities/").content.decode()


def test_two_companies_may_use_the_same_name(
    identity: IdentityProfile, charlie_client: Client
) -> None:
    page = charlie_client.post(PATH, ASKED, follow=True).content.decode()

    assert "it is active" in page


def test_the_switch_of_one_company_is_not_that_of_another(
    alice_client: Client, charlie_client: Client
) -> None:
    switch(alice_client, "REFUSED")
    switch(alice_client, "REFUSED")

    assert Event.objects.filter(action="atlas_account:set_vetting").count() == 1
    assert "it is active" in charlie_client.post(PATH, ASKED, follow=True).content.decode()


def test_an_unknown_switch_is_refused(alice_client: Client, account: Account) -> None:
    page = alice_client.post("/controls/", {"vetting": "MAYBE"}).content.decode()

    assert "Select a valid choice" in page


def test_delayed_identities_are_refused_if_the_switch_says_so_meanwhile(
    account: Account, alice_client: Client
) -> None:
    switch(alice_client, "DELAYED")
    alice_client.post(PATH, ASKED)
    switch(alice_client, "REFUSED")

    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        tasks.vet_due()

    assert account.profiles.get().status == IdentityProfile.Status.REFUSED


class TestTable:
    """The toolbar of every list of Atlas, tried on identities."""

    @pytest.fixture(autouse=True)
    def many(self, account: Account) -> None:
        for number in range(12):
            factories.identity(account, name=f"PROFILE-{number:02}", organisation=f"Org {number}")

    def get(self, browser: Client, query: str) -> str:
        return browser.get(f"/identities/?{query}").content.decode()

    def test_ten_rows_at_a_time_or_more(self, alice_client: Client) -> None:
        first = self.get(alice_client, "")
        assert "1-10 of 12" in first
        assert "PROFILE-10" not in first
        assert "11-12 of 12" in self.get(alice_client, "page=2")
        assert "1-12 of 12" in self.get(alice_client, "rows=25")

    def test_it_sorts(self, alice_client: Client) -> None:
        down = self.get(alice_client, "sort=-name&rows=25")

        assert down.index("PROFILE-11") < down.index("PROFILE-00")
        assert 'aria-sort="descending"' in down

    def test_it_finds(self, alice_client: Client) -> None:
        found = self.get(alice_client, "q=profile-03")

        assert "1-1 of 1" in found
        assert "Nothing found" in self.get(alice_client, "q=profile-99")
        assert "Nothing found" in self.get(alice_client, "status=REFUSED")
        assert "1-10 of 12" in self.get(alice_client, "status=ACTIVE")

    def test_columns_can_be_left_out(self, alice_client: Client) -> None:
        page = self.get(alice_client, "columns=chosen&show=name&show=status")

        assert 'data-label="Profile Name"' in page
        assert 'data-label="Status"' in page
        assert 'data-label="Date Created"' not in page
        none = self.get(alice_client, "columns=chosen")
        assert 'data-label="Profile Name"' in none

    def test_the_choices_are_kept_from_one_to_the_next(self, alice_client: Client) -> None:
        page = self.get(alice_client, "columns=chosen&show=name&density=compact&q=profile")

        assert 'data-density="compact"' in page
        link = page.split('aria-label="Next page"')[0].rpartition('href="?')[2].split('"')[0]
        again = self.get(alice_client, link.replace("&amp;", "&"))
        assert "11-12 of 12" in again
        assert 'data-density="compact"' in again
        assert 'data-label="Status"' not in again

    def test_what_is_found_is_exported(self, alice_client: Client) -> None:
        answer = alice_client.get("/identities/?q=profile-0&sort=-name&export=csv&page=2")

        lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
        assert answer["Content-Disposition"] == 'attachment; filename="identity-profiles.csv"'
        assert lines[0] == "Profile Name,Status,Date Created,Org. Name (O)"
        assert lines[1].startswith("PROFILE-09,Active,")
        assert len(lines) == 11

    def test_no_query_string_breaks_it(self, alice_client: Client) -> None:
        for name in ("q", "page", "rows", "sort", "density", "hide", "show", "status", "columns"):
            for value in ("%00", "-1", "9" * 40, "%ED%A0%80", "%27", "%C3%A9" * 300):
                assert alice_client.get(f"/identities/?{name}={value}").status_code == 200

    def test_the_number_of_queries_is_the_same_for_many_rows(
        self, alice_client: Client, django_assert_num_queries: Any
    ) -> None:
        for query in ("q=profile-03", "rows=25"):
            with django_assert_num_queries(7):
                self.get(alice_client, query)
