"""DIP roles: asked for by a Message Admin, decided by the DIP Manager, then a DIP ID."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from audit.models import Event
from mail.models import OutgoingMail
from organisations.models import DipId, Mpid, Organisation, RoleRequest
from organisations.roles import DipRoleCode, Role
from tests import factories
from tests.conftest import signed_in


@pytest.fixture
def mpid(company: Organisation) -> Mpid:
    return company.mpids.get()


@pytest.fixture
def mike(company: Organisation) -> User:
    """The Message Admin of Super Energy Co."""
    user = factories.user(email="mike@superenergy.example", first_name="Mike")
    factories.membership(user=user, organisation=company, roles=[Role.MESSAGE_ADMIN])
    return user


@pytest.fixture
def mike_client(mike: User) -> Client:
    return signed_in(mike)


def ask(client: Client, mpid: Mpid, role: str = "LDSO", **more: str) -> Any:
    return client.post(
        f"/organisations/{mpid.organisation_id}/dip-roles/request/",
        {"mpid": mpid.pk, "dip_role_code": role, **more},
        follow=True,
    )


def decide(client: Client, asked: RoleRequest, decision: str, reason: str = "") -> Any:
    return client.post(
        f"/admin/organisations/rolerequest/{asked.pk}/change/",
        {"decision": decision, "reason": reason},
        follow=True,
    )


def create(client: Client, asked: RoleRequest) -> Any:
    return client.post(
        f"/organisations/{asked.organisation_id}/dip-ids/create/",
        {"qualified": asked.pk},
        follow=True,
    )


def test_from_the_request_to_the_dip_id(
    mike_client: Client,
    alice_client: Client,
    dana_client: Client,
    company: Organisation,
    mpid: Mpid,
) -> None:
    answer = ask(mike_client, mpid, mpr_role_code="r", note="Licence of 2026.")
    assert "waits for the DIP Manager" in answer.content.decode()
    asked = RoleRequest.objects.get()
    page = dana_client.get("/admin/organisations/rolerequest/?state=PENDING").content.decode()
    assert "LDSO" in page
    assert (
        "Licence of 2026."
        in dana_client.get(f"/admin/organisations/rolerequest/{asked.pk}/change/").content.decode()
    )

    assert "is qualified for LDSO" in decide(dana_client, asked, "approve").content.decode()
    mail = OutgoingMail.objects.get(template="company_notice")
    assert mail.to == "mike@superenergy.example"
    answer = create(alice_client, asked)

    made = DipId.objects.get(mpid=mpid, dip_role_code="LDSO")
    assert "The DIP Manager has not set its dates" in answer.content.decode() or (
        "no effective from date" in answer.content.decode()
    )
    assert made.mpr_role_code == "R"
    assert made.api_keys.count() == 2
    asked.refresh_from_db()
    assert asked.dip_id == made
    actions = set(Event.objects.values_list("action", flat=True))
    assert {"role_request:send", "role_request:approve", "dip_id:create"} <= actions


def test_a_request_is_declined_with_a_reason(
    mike_client: Client, dana_client: Client, alice_client: Client, mpid: Mpid
) -> None:
    ask(mike_client, mpid)
    asked = RoleRequest.objects.get()
    assert "Say why" in decide(dana_client, asked, "decline").content.decode()

    decide(dana_client, asked, "decline", "No licence.")

    asked.refresh_from_db()
    assert (asked.state, asked.reason) == ("DECLINED", "No licence.")
    answer = create(alice_client, asked)
    assert not DipId.objects.filter(dip_role_code="LDSO").exists()
    assert "No role to create a DIP ID for" in answer.content.decode()
    assert "decided meanwhile" in decide(dana_client, asked, "approve").content.decode()


def test_a_request_is_withdrawn_and_can_be_made_again(mike_client: Client, mpid: Mpid) -> None:
    ask(mike_client, mpid)
    asked = RoleRequest.objects.get()

    mike_client.post(
        f"/organisations/{mpid.organisation_id}/dip-roles/requests/{asked.pk}/withdraw/"
    )

    asked.refresh_from_db()
    assert asked.state == "WITHDRAWN"
    ask(mike_client, mpid)
    assert RoleRequest.objects.count() == 2


def test_what_is_there_waits_or_is_approved_is_not_asked_for_again(
    mike_client: Client, mike: User, mpid: Mpid
) -> None:
    assert "has a DIP ID as SUP already" in ask(mike_client, mpid, "SUP").content.decode()
    ask(mike_client, mpid)
    assert "has been asked for already" in ask(mike_client, mpid).content.decode()
    factories.role_request(mpid=mpid, requested_by=mike, role="MDR", state="APPROVED")
    assert "is qualified for MDR already" in ask(mike_client, mpid, "MDR").content.decode()
    assert RoleRequest.objects.count() == 2


def test_another_companys_mpid_or_request_is_nobodys_here(
    mike_client: Client, alice_client: Client, charlie: User, company: Organisation, mpid: Mpid
) -> None:
    other = Organisation.objects.get(name="Bright Grid Ltd").mpids.get()
    theirs = factories.role_request(mpid=other, requested_by=charlie, state="APPROVED")
    answer = mike_client.post(
        f"/organisations/{company.pk}/dip-roles/request/",
        {"mpid": other.pk, "dip_role_code": "LDSO"},
    )
    assert answer.context["form"].errors["mpid"]

    alice_client.post(f"/organisations/{company.pk}/dip-ids/create/", {"qualified": theirs.pk})

    assert not DipId.objects.filter(dip_role_code=DipRoleCode.LDSO).exists()
    withdraw = f"/organisations/{company.pk}/dip-roles/requests/{theirs.pk}/withdraw/"
    assert mike_client.post(withdraw).status_code == 404


def test_an_approved_role_gives_one_dip_id(alice_client: Client, mike: User, mpid: Mpid) -> None:
    asked = factories.role_request(mpid=mpid, requested_by=mike, state="APPROVED")
    create(alice_client, asked)

    create(alice_client, asked)

    assert DipId.objects.filter(dip_role_code="LDSO").count() == 1
