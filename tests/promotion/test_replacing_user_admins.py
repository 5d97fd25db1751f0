"""The DIP Manager replaces a Primary User Admin: at once where none is left, else on acceptance."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from mail.models import OutgoingMail
from organisations.models import Invitation, Membership, Organisation
from organisations.roles import Role
from organisations.services import invitations
from tests import factories
from tests.conftest import signed_in
from tests.organisations.conftest import token_in

PERSON = {"first_name": "Nia", "last_name": "New", "email": "nia@superenergy.example"}
PASSWORD = "orchard-a-long-passphrase"


@pytest.fixture
def company_page(company: Organisation) -> str:
    return f"/admin/promotion/companies/{company.pk}/"


@pytest.fixture
def alices(alice: User) -> Membership:
    return Membership.objects.get(user=alice)


@pytest.fixture
def invite(dana_client: Client, company_page: str, alices: Membership) -> Callable[..., Any]:
    """Send the form that invites Nia in Alice's place."""

    def send(**changes: str) -> Any:
        said = {**PERSON, "is_understood": "on", **changes}
        return dana_client.post(f"{company_page}user-admins/{alices.pk}/replace/", said)

    return send


def accept() -> Client:
    """Open the link of the newest invitation and accept as a new person."""
    browser = Client()
    mail = OutgoingMail.objects.filter(template="invitation").latest("queued_at")
    browser.get(f"/invitations/accept/{token_in(mail)}/")
    browser.post("/invitations/accept/", {"password": PASSWORD, "password_again": PASSWORD})
    return browser


def test_the_former_user_admin_is_offboarded_when_the_new_one_accepts(
    invite: Any, alice: User, alices: Membership, company: Organisation
) -> None:
    alice_client = signed_in(alice)
    assert invite().status_code == 302
    members = f"/organisations/{company.pk}/members/"
    assert alice_client.get(members).status_code == 200  # nothing has changed for her yet

    accept()

    nia = Membership.objects.get(user__email=PERSON["email"])
    assert nia.roles == {Role.USER_ADMIN}
    alices.refresh_from_db()
    assert alices.offboarded_at is not None
    assert alice_client.get(members).status_code == 404
    event = Event.objects.get(action="member:offboard")
    assert event.actor_label == "DIP"
    assert event.after["replaced_by"] == PERSON["email"]
    assert OutgoingMail.objects.get(to=alice.email).subject == (
        "You are no longer a member of Super Energy Co."
    )


def test_the_page_says_what_happens_and_asks_for_a_tick(
    dana_client: Client, company_page: str, alices: Membership, invite: Any
) -> None:
    overview = dana_client.get(company_page).content.decode()
    assert f"{company_page}user-admins/{alices.pk}/replace/" in overview

    page = dana_client.get(f"{company_page}user-admins/{alices.pk}/replace/").content.decode()
    assert "Alice Doe is an active User Admin until" in page
    assert "At that moment they are offboarded" in page

    answer = invite(is_understood="")
    assert answer.status_code == 422
    assert "Tick the box" in answer.content.decode()
    assert not Invitation.objects.exists()


def test_the_same_person_cannot_take_their_own_place(invite: Any, alice: User) -> None:
    answer = invite(email=alice.email.upper())

    assert answer.status_code == 422
    assert "who is to be replaced" in answer.content.decode()


def test_one_replacement_at_a_time(
    invite: Any, dana_client: Client, company_page: str, company: Organisation
) -> None:
    invite()

    answer = invite(email="other@superenergy.example")

    assert answer.status_code == 422
    assert "has an open invitation" in answer.content.decode()
    page = dana_client.get(company_page).content.decode()
    assert "in the place of Alice Doe" in page
    assert "/replace/" not in page.replace("/invitation/replace/", "")


def test_a_replacement_is_sent_again_given_to_somebody_else_or_revoked(
    invite: Any, dana_client: Client, company_page: str, alices: Membership
) -> None:
    invite()

    dana_client.post(f"{company_page}invitation/resend/")
    assert OutgoingMail.objects.filter(template="invitation").count() == 2
    dana_client.post(
        f"{company_page}invitation/replace/", {**PERSON, "email": "zoe@superenergy.example"}
    )
    second = Invitation.objects.get(revoked_at=None)
    assert second.replaces == alices
    dana_client.post(f"{company_page}invitation/revoke/")

    alices.refresh_from_db()
    assert alices.offboarded_at is None


def test_who_has_left_meanwhile_is_not_offboarded_again(invite: Any, alices: Membership) -> None:
    invite()
    left = timezone.now() - timedelta(minutes=1)
    Membership.objects.filter(pk=alices.pk).update(offboarded_at=left)

    accept()

    alices.refresh_from_db()
    assert alices.offboarded_at == left
    assert not Event.objects.filter(action="member:offboard").exists()


def test_a_former_user_admin_of_two_companies_stays_signed_in(
    invite: Any, alice: User, alices: Membership
) -> None:
    other = factories.company(name="Other Ltd")
    factories.membership(user=alice, organisation=other, roles=[Role.USER_ADMIN])
    alice_client = signed_in(alice)
    invite()

    accept()

    assert alice_client.get(f"/organisations/{other.pk}/").status_code == 200
    assert alice_client.get(f"/organisations/{alices.organisation_id}/").status_code == 404


@pytest.mark.parametrize("gone", ["offboarded", "expired", "deactivated"])
def test_a_company_without_a_user_admin_gets_a_new_one_at_once(
    dana_client: Client, company_page: str, alice: User, alices: Membership, gone: str
) -> None:
    now = timezone.now()
    match gone:
        case "offboarded":
            Membership.objects.update(offboarded_at=now)
        case "expired":
            Membership.objects.update(expires_date=now.date())
        case "deactivated":
            User.objects.filter(pk=alice.pk).update(is_active=False)
    assert "no active User Admin" in dana_client.get(company_page).content.decode()

    assert dana_client.post(f"{company_page}invite/", PERSON).status_code == 302
    accept()

    assert (
        invitations.user_admins(alices.organisation, now=timezone.now()).get().user.email
        == (PERSON["email"])
    )
    replace = f"{company_page}user-admins/{alices.pk}/replace/"
    assert dana_client.get(replace).status_code == 404


def test_a_company_with_a_user_admin_is_not_given_another_by_chance(
    dana_client: Client, company_page: str, alice: User
) -> None:
    answer = dana_client.post(f"{company_page}invite/", PERSON)

    assert answer.status_code == 422
    assert "has a User Admin already" in answer.content.decode()


def test_another_companys_user_admin_cannot_be_named(
    dana_client: Client, company_page: str, charlie: User
) -> None:
    other = Membership.objects.get(user=charlie)

    assert dana_client.get(f"{company_page}user-admins/{other.pk}/replace/").status_code == 404


def test_the_persons_page_leads_there(
    dana_client: Client, alice: User, alices: Membership, company_page: str
) -> None:
    page = dana_client.get(f"/admin/accounts/user/{alice.pk}/change/").content.decode()

    assert f"{company_page}user-admins/{alices.pk}/replace/" in page
