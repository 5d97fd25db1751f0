"""DCP status, DCP IDs and who nominated them; and child organisations."""

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from mail.models import OutgoingMail
from organisations.actors import actor_for
from organisations.errors import UnableToChangeCompany
from organisations.models import DcpId, DipId, Organisation
from organisations.roles import DcpStatus, DipRoleCode, Role
from organisations.services import dip_ids
from tests import factories
from tests.conftest import signed_in


@pytest.fixture
def path(company: Organisation) -> str:
    return f"/organisations/{company.pk}/"


@pytest.fixture
def dcp(db: None) -> DcpId:
    return factories.dcp(name="Conduit Connect Ltd", domains=["conduit.example"])


@pytest.fixture
def owen_client(dcp: DcpId) -> Client:
    """The User Admin of the DCP."""
    owen = factories.user(email="owen@conduit.example", first_name="Owen")
    factories.membership(user=owen, organisation=dcp.organisation, roles=[Role.USER_ADMIN])
    return signed_in(owen)


def status_of(company: Organisation) -> str:
    return Organisation.objects.get(pk=company.pk).dcp_status


def decide(client: Client, company: Organisation, decision: str, reason: str = "") -> Any:
    return client.post(
        f"/admin/organisations/organisation/{company.pk}/dcp-decision/",
        {"decision": decision, "reason": reason},
        follow=True,
    )


def test_status_is_asked_for_approved_and_told(
    alice_client: Client, dana_client: Client, company: Organisation, path: str
) -> None:
    assert (
        "The DIP Manager decides" in alice_client.get(f"{path}dcp-status/request/").content.decode()
    )
    page = alice_client.post(f"{path}dcp-status/request/", follow=True).content.decode()
    assert "The DIP Manager is asked for DCP status" in page
    assert "Withdraw the request" in page
    waiting = dana_client.get("/admin/organisations/organisation/", {"dcp_status": "REQUESTED"})
    assert company.name in waiting.content.decode()

    told = decide(dana_client, company, "approve").content.decode()

    assert "is a DIP Connection Provider now" in told
    assert status_of(company) == DcpStatus.APPROVED
    assert Organisation.objects.get(pk=company.pk).setup_changed_at > company.setup_changed_at
    mail = OutgoingMail.objects.get()
    assert (mail.to, mail.template) == ("alice@superenergy.example", "company_notice")
    assert "DIP Connection Provider now" in mail.subject
    assert Event.objects.latest("pk").action == "dcp:approve"


def test_the_dip_manager_is_asked_before_it_is_decided(
    alice_client: Client, dana_client: Client, company: Organisation, path: str
) -> None:
    page = f"/admin/organisations/organisation/{company.pk}/"
    assert dana_client.get(f"{page}dcp-decision/").status_code == 302
    alice_client.post(f"{path}dcp-status/request/")

    assert f"{page}dcp-decision/" in dana_client.get(f"{page}change/").content.decode()
    asked = dana_client.get(f"{page}dcp-decision/").content.decode()

    assert "DCP status for Super Energy Co?" in asked
    assert "Its User Admins are told by e-mail" in asked
    assert status_of(company) == DcpStatus.REQUESTED
    assert "Choose: approve or decline" in decide(dana_client, company, "").content.decode()
    assert status_of(company) == DcpStatus.REQUESTED


def test_only_active_user_admins_are_told(
    alice_client: Client, dana_client: Client, company: Organisation, path: str
) -> None:
    today = timezone.now().date()
    for name, role, more in (
        ("ursula", Role.USER_ADMIN, {}),
        ("cert", Role.CERTIFICATE_ADMIN, {}),
        ("gone", Role.USER_ADMIN, {"offboarded_at": timezone.now()}),
        ("late", Role.USER_ADMIN, {"expires_date": today}),
    ):
        person = factories.user(email=f"{name}@superenergy.example")
        member = factories.membership(user=person, organisation=company, roles=[role])
        type(member).objects.filter(pk=member.pk).update(**more)
    alice_client.post(f"{path}dcp-status/request/")

    decide(dana_client, company, "approve")

    assert set(OutgoingMail.objects.values_list("to", flat=True)) == {
        "alice@superenergy.example",
        "ursula@superenergy.example",
    }


def edit_status(client: Client, company: Organisation, status: str) -> Any:
    """What the form of details sends, as it stands but for the DCP status."""
    company.refresh_from_db()
    entered = {
        name: getattr(company, name)
        for name in ("name", "company_number", "description", "revision")
    }
    return client.post(
        f"/admin/organisations/organisation/{company.pk}/change/", {**entered, "dcp_status": status}
    )


@pytest.mark.parametrize("status", [DcpStatus.APPROVED, DcpStatus.DISABLED])
def test_a_request_is_not_answered_in_passing_by_the_details(
    alice_client: Client, dana_client: Client, company: Organisation, path: str, status: str
) -> None:
    alice_client.post(f"{path}dcp-status/request/")

    answer = edit_status(dana_client, company, status)

    assert answer.status_code == 422
    assert "approve or decline the request" in answer.content.decode()
    assert status_of(company) == DcpStatus.REQUESTED


def test_a_status_set_without_a_request_is_told(
    alice: User, dana_client: Client, company: Organisation
) -> None:
    assert edit_status(dana_client, company, DcpStatus.APPROVED).status_code == 302

    assert status_of(company) == DcpStatus.APPROVED
    mail = OutgoingMail.objects.get()
    assert (mail.to, mail.subject) == (
        alice.email,
        "The DCP status of Super Energy Co is Approved now.",
    )


def test_a_declined_company_is_told_why(
    alice_client: Client, dana_client: Client, company: Organisation, path: str
) -> None:
    alice_client.post(f"{path}dcp-status/request/")
    assert "Say why" in decide(dana_client, company, "decline").content.decode()
    assert status_of(company) == DcpStatus.REQUESTED

    decide(dana_client, company, "decline", "No agreement yet.")

    assert status_of(company) == DcpStatus.DISABLED
    assert Event.objects.latest("pk").after["reason"] == "No agreement yet."
    assert "does not get DCP status" in OutgoingMail.objects.get().subject


def test_of_two_who_decide_the_second_is_told(
    alice_client: Client, dana_client: Client, company: Organisation, path: str
) -> None:
    alice_client.post(f"{path}dcp-status/request/")
    decide(dana_client, company, "approve")

    for reason in ("No.", ""):
        told = decide(dana_client, company, "decline", reason)

        assert told.status_code == 422
        assert "no request to decide on" in told.content.decode()
    assert status_of(company) == DcpStatus.APPROVED


def test_a_request_is_withdrawn(alice_client: Client, company: Organisation, path: str) -> None:
    alice_client.post(f"{path}dcp-status/request/")

    alice_client.post(f"{path}dcp-status/withdraw/")
    again = alice_client.post(f"{path}dcp-status/withdraw/", follow=True)

    assert status_of(company) == DcpStatus.DISABLED
    assert "is Disabled meanwhile" in again.content.decode()


def test_a_dcp_creates_and_shares_its_ids(owen_client: Client, dcp: DcpId) -> None:
    path = f"/organisations/{dcp.organisation_id}/dcp-ids/"

    page = owen_client.post(f"{path}create/", {"known": 1}, follow=True).content.decode()

    made = dcp.organisation.dcp_ids.exclude(pk=dcp.pk).get()
    assert len(made.dcp_id) == 10
    assert made.dcp_id.startswith("10")
    assert made.dcp_id in page
    assert dcp.dcp_id in page
    assert "Nobody yet" in page


@pytest.mark.parametrize("known", ["1", "", "x", "99999999999999999999", "1\x00"])
def test_a_form_sent_twice_creates_one_id(owen_client: Client, dcp: DcpId, known: str) -> None:
    path = f"/organisations/{dcp.organisation_id}/dcp-ids/create/"
    owen_client.post(path, {"known": 1})

    again = owen_client.post(path, {"known": known}, follow=True)

    assert dcp.organisation.dcp_ids.count() == 2
    assert [message.level_tag for message in again.context["messages"]] == ["success", "error"]


def test_a_status_taken_away_meanwhile_creates_no_id(
    owen_client: Client, dcp: DcpId, now: datetime
) -> None:
    stale = Organisation.objects.get(pk=dcp.organisation_id)
    dcp.delete()
    Organisation.objects.filter(pk=stale.pk).update(dcp_status=DcpStatus.DISABLED)
    owen = stale.memberships.get().user

    with pytest.raises(UnableToChangeCompany, match="status Approved"):
        dip_ids.add_dcp_id(actor=actor_for(owen, day=now.date()), organisation=stale, now=now)

    assert not stale.dcp_ids.exists()


def test_a_dcp_sees_who_nominated_it_and_for_what(
    owen_client: Client, company: Organisation, dcp: DcpId
) -> None:
    factories.nomination(organisation=company, of=dcp)
    other = factories.company(name="Larkfield Ltd", roles=[DipRoleCode.SUP])
    dip_id = DipId.objects.get(mpid__organisation=other)
    factories.nomination(organisation=other, of=dcp, for_dip_id=dip_id)
    path = f"/organisations/{dcp.organisation_id}/dcp-ids/"

    page = owen_client.get(path).content.decode()

    assert "Super Energy Co" in page
    assert "All of the company" in page
    assert f"DIP ID {dip_id}" in page
    found = owen_client.get(path, {"q": "lark"})
    assert [it.organisation for it in found.context["table"].page] == [other]
    assert owen_client.get(f"/organisations/{company.pk}/").status_code == 404


def test_the_page_costs_the_same_for_many_nominations(owen_client: Client, dcp: DcpId) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert (
                owen_client.get(f"/organisations/{dcp.organisation_id}/dcp-ids/").status_code == 200
            )
        return len(captured)

    factories.nomination(organisation=factories.company(), of=dcp)
    before = queries()
    for _ in range(6):
        factories.nomination(organisation=factories.company(), of=dcp)

    assert queries() == before


def test_a_company_without_the_status_creates_none(
    alice_client: Client, company: Organisation, path: str
) -> None:
    told = alice_client.post(f"{path}dcp-ids/create/", {"known": 0}, follow=True)

    assert "Only a company with DCP status Approved" in told.content.decode()
    assert not company.dcp_ids.exists()


CHILD = {
    "name": "Super Energy Data Ltd",
    "company_number": "09876543",
    "description": "Reads meters.",
}


def test_a_child_is_added_with_the_parents_domains_and_its_first_user_admin(
    alice_client: Client, alice: User, company: Organisation, path: str
) -> None:
    page = alice_client.post(f"{path}children/add/", CHILD, follow=True)

    child = company.children.get()
    assert page.request["PATH_INFO"] == f"/organisations/{child.pk}/"
    assert [it.domain for it in child.whitelisted_domains.all()] == ["superenergy.example"]
    membership = child.memberships.get()
    assert membership.user == alice
    assert membership.roles == {Role.USER_ADMIN}
    assert child.details_verified_by == alice
    assert Organisation.objects.get(pk=company.pk).setup_changed_at > company.setup_changed_at
    actions = list(Event.objects.order_by("-pk").values_list("action", flat=True)[:2])
    assert actions == ["member:create", "organisation:create"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("company_number", "12"),
        ("description", "x\u202ey"),
        ("company_number", "0000000000000"),
    ],
)
def test_a_child_that_cannot_be_is_refused_and_nothing_is_left(
    alice_client: Client, company: Organisation, path: str, field: str, value: str
) -> None:
    answer = alice_client.post(f"{path}children/add/", CHILD | {field: value})

    assert answer.context["form"].errors
    assert not company.children.exists()


def test_the_number_of_another_company_is_refused(
    alice_client: Client, charlie: User, company: Organisation, path: str
) -> None:
    taken = charlie.memberships.get().organisation.company_number

    answer = alice_client.post(f"{path}children/add/", CHILD | {"company_number": taken})

    assert "company_number" in answer.context["form"].errors
    assert not company.children.exists()


def test_a_child_has_no_children_of_its_own(alice_client: Client, company: Organisation) -> None:
    alice_client.post(f"/organisations/{company.pk}/children/add/", CHILD)
    child = company.children.get()

    page = alice_client.get(f"/organisations/{child.pk}/").content.decode()
    answer = alice_client.post(
        f"/organisations/{child.pk}/children/add/",
        CHILD | {"name": "X", "company_number": "111111"},
    )

    assert "Add New Child Organisation" not in page
    assert "can have none of its own" in answer.content.decode()
    assert not child.children.exists()
