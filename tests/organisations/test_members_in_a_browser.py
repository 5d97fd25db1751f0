"""A User Admin runs the company's people in a real browser, with axe-core on each page."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from mail.models import OutgoingMail
from organisations.models import Membership, Organisation
from organisations.roles import DipRoleCode, Role
from tests import factories
from tests.in_a_browser import check
from tests.organisations.conftest import token_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = pytest.mark.parametrize(("environment", "width"), [("uit", 360), ("production", 1280)])
BEN = "ben@superenergy.example"
As = Callable[..., Page]


@pytest.fixture
def members_path(company: Organisation) -> str:
    return f"/organisations/{company.pk}/members/"


@pytest.fixture
def ben(company: Organisation) -> User:
    """A Certificate and Message Admin of all DIP IDs, of which the company has two."""
    factories.dip_id(mpid=company.mpids.get(), role=DipRoleCode.MDR)
    person = factories.user(email=BEN, first_name="Ben")
    factories.membership(
        user=person, organisation=company, roles=[Role.CERTIFICATE_ADMIN, Role.MESSAGE_ADMIN]
    )
    return person


def row_of(page: Page, email: str) -> Locator:
    return page.get_by_role("row").filter(has_text=email)


def fill(page: Page, first_name: str, email: str) -> None:
    page.get_by_label("First Name").fill(first_name)
    page.get_by_label("Last Name").fill("Baker")
    page.get_by_label("Email Address").fill(email)


@LOOKS
def test_the_first_two_admins_are_led_through(
    live_server: Any,
    as_person: As,
    open_page: Callable[[int], Page],
    settings: Any,
    alice: User,
    environment: str,
    width: int,
) -> None:
    settings.DIP_ENVIRONMENT = environment
    page = as_person(alice, "/", width=width)
    page.get_by_role("link", name="Members", exact=True).click()
    expect(page.get_by_text("Still missing: MP Certificate Admin and MP Message")).to_be_visible()
    check(page)

    page.get_by_role("link", name="Create Member").click()
    expect(page.get_by_label("MP Certificate Admin")).to_be_checked()
    check(page)
    page.get_by_text("@ Whitelisted domains").click()
    expect(page.get_by_text("superenergy.example", exact=True)).to_be_visible()
    fill(page, "Cora", "cora@elsewhere.example")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("alert")).to_contain_text("is not a whitelisted domain")
    check(page)
    page.get_by_label("Email Address").fill("cora@superenergy.example")
    page.get_by_role("button", name="Confirm").click()

    expect(page.get_by_role("status")).to_contain_text("the invitation goes to cora@superenergy")
    expect(page.get_by_label("MP Message Admin")).to_be_checked()
    expect(page.get_by_label("MP Certificate Admin")).not_to_be_checked()
    fill(page, "Mia", "mia@superenergy.example")
    page.get_by_role("button", name="Confirm").click()

    expect(page.get_by_text("Showing items 1 - 3 of 3")).to_be_visible()
    expect(page.get_by_text("Still missing")).to_have_count(0)
    expect(page.get_by_text("Invited", exact=True).locator("visible=true")).to_have_count(2)
    check(page)
    invited = open_page(width)
    mail = OutgoingMail.objects.get(to="cora@superenergy.example")
    invited.goto(f"{live_server.url}/invitations/accept/{token_in(mail)}/")
    expect(invited.get_by_text("Alice Doe invites you to be a member")).to_be_visible()
    check(invited)
    invited.locator("#id_password").fill(factories.PASSWORD)
    invited.locator("#id_password_again").fill(factories.PASSWORD)
    invited.get_by_role("button", name="Accept").click()
    invited.wait_for_url(re.compile("/second-factor/|/2fa/"))
    page.reload()
    expect(page.get_by_text("Invited", exact=True).locator("visible=true")).to_have_count(1)


def test_a_change_of_scope_is_seen_at_once(
    as_person: As, company: Organisation, alice: User, ben: User, members_path: str
) -> None:
    own, other = company.mpids.get().dip_ids.order_by("dip_id")
    of_ben = as_person(ben, f"/organisations/{company.pk}/")
    expect(of_ben.get_by_text(own.dip_id)).to_be_visible()

    page = as_person(alice, members_path)
    row_of(page, BEN).get_by_role("link", name="Edit").click()
    expect(page.get_by_label(own.dip_id)).not_to_be_visible()
    page.get_by_label("Member of All DIP IDs").uncheck()
    page.get_by_label(other.dip_id).check()
    check(page)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("status")).to_contain_text("Ben Doe is changed.")
    expect(row_of(page, BEN)).to_contain_text(other.dip_role_code)

    of_ben.reload()
    expect(of_ben.get_by_text(other.dip_id)).to_be_visible()
    expect(of_ben.get_by_text(own.dip_id)).to_have_count(0)


@LOOKS
def test_who_is_offboarded_while_signed_in_elsewhere_is_out_at_once(
    as_person: As,
    settings: Any,
    company: Organisation,
    alice: User,
    ben: User,
    members_path: str,
    environment: str,
    width: int,
) -> None:
    settings.DIP_ENVIRONMENT = environment
    of_ben = as_person(ben, f"/organisations/{company.pk}/")
    expect(of_ben.get_by_role("heading", name="Super Energy Co")).to_be_visible()

    page = as_person(alice, members_path, width=width)
    row_of(page, BEN).get_by_role("link", name="Offboard").click()
    expect(page.get_by_role("heading", name="Offboard Ben Doe?")).to_be_visible()
    check(page)
    page.get_by_role("link", name="Cancel").click()
    row_of(page, BEN).get_by_role("link", name="Offboard").click()
    page.get_by_role("button", name="Offboard").click()
    expect(page.get_by_role("status")).to_contain_text("Ben Doe is offboarded.")
    expect(row_of(page, BEN)).to_have_count(0)

    of_ben.get_by_role("link", name="Members", exact=True).click()
    expect(of_ben).to_have_url(re.compile("/accounts/login/"))
    page.get_by_label("State").select_option("Offboarded")
    page.get_by_role("button", name="Filter").click()
    expect(row_of(page, BEN)).to_contain_text("Offboarded")
    check(page)


def test_the_last_user_admin_is_protected(
    as_person: As, alice: User, ben: User, members_path: str
) -> None:
    page = as_person(alice, members_path)
    mine = row_of(page, alice.email)
    expect(mine).to_contain_text("The last active User Admin.")
    expect(mine.get_by_role("link", name="Offboard")).to_have_count(0)

    mine.get_by_role("link", name="Edit").click()
    page.get_by_label("MP User Admin").uncheck()
    page.get_by_label("MP Analytics Reader").check()
    page.get_by_role("button", name="Confirm").click()

    expect(page.get_by_role("alert")).to_contain_text("is the last active User Admin")
    check(page)
    assert alice.memberships.get().roles == {Role.USER_ADMIN}


@LOOKS
def test_of_two_admins_who_edit_one_member_the_second_is_told_and_loses_nothing(
    as_person: As,
    settings: Any,
    company: Organisation,
    alice: User,
    ben: User,
    members_path: str,
    environment: str,
    width: int,
) -> None:
    settings.DIP_ENVIRONMENT = environment
    bob = factories.user(first_name="Bob")
    factories.membership(user=bob, organisation=company, roles=[Role.USER_ADMIN])
    edit = f"{members_path}{ben.memberships.get().pk}/edit/"
    of_alice, of_bob = as_person(alice, edit, width=width), as_person(bob, edit)

    of_bob.get_by_label("MP Analytics Reader").check()
    of_bob.get_by_role("button", name="Confirm").click()
    expect(of_bob.get_by_role("status")).to_contain_text("Ben Doe is changed.")
    of_alice.get_by_label("MP Certificate Admin").uncheck()
    of_alice.get_by_role("button", name="Confirm").click()

    expect(of_alice.get_by_role("alert")).to_contain_text("Somebody else has changed this member")
    expect(of_alice.get_by_text("Bob Doe changed roles from")).to_be_visible()
    expect(of_alice.get_by_label("MP Certificate Admin")).not_to_be_checked()
    expect(of_alice.get_by_label("MP Message Admin")).to_be_checked()
    check(of_alice)
    of_alice.get_by_label("MP Analytics Reader").check()
    of_alice.get_by_role("button", name="Confirm").click()
    expect(of_alice.get_by_role("status")).to_contain_text("Ben Doe is changed.")
    assert ben.memberships.get().roles == {Role.MESSAGE_ADMIN, Role.ANALYTICS_READER}


@LOOKS
def test_a_membership_about_to_expire_is_found_and_extended(
    as_person: As,
    settings: Any,
    alice: User,
    ben: User,
    now: datetime,
    members_path: str,
    environment: str,
    width: int,
) -> None:
    settings.DIP_ENVIRONMENT = environment
    Membership.objects.filter(user=ben).update(expires_date=now.date() + timedelta(days=20))
    page = as_person(alice, "/", width=width)
    expect(page.get_by_text("nobody is MP Message Admin any more")).to_be_visible()
    check(page)
    page.goto(page.url.rstrip("/") + members_path)
    page.get_by_role("link", name="Show who expires").first.click()
    expect(page.get_by_text("Showing items 1 - 1 of 1")).to_be_visible()
    check(page)

    row_of(page, BEN).get_by_role("link", name="Extend").click()
    check(page)
    page.get_by_role("button", name="Extend").click()

    until = now.date() + timedelta(days=385)
    expect(page.get_by_role("status")).to_contain_text(f"lasts until {until}")
    expect(page.get_by_text("any more")).to_have_count(0)
