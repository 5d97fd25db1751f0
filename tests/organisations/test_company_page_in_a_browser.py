"""A User Admin and the DIP Manager settle the company's affairs in real browsers."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from organisations.models import DcpId, Organisation
from organisations.roles import Role
from tests import factories
from tests.in_a_browser import check

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
As = Callable[..., Page]


@pytest.fixture
def dcp(db: None) -> DcpId:
    return factories.dcp(name="Conduit Connect Ltd", domains=["conduit.example"])


def test_a_domain_is_asked_for_in_the_portal_and_approved_in_the_admin(
    as_person: As, company: Organisation, alice: User, dana: User
) -> None:
    page = as_person(alice, f"/organisations/{company.pk}/", width=360)
    page.get_by_role("link", name="Whitelist Domain").click()
    page.get_by_label("Domain").fill("superenergy.example")
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_text("is whitelisted already").first).to_be_visible()
    check(page)
    page.get_by_label("Domain").fill("Super-Data.example")
    page.get_by_label("Note for the DIP Manager").fill("For our data team.")
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_text("super-data.example waits for the DIP Manager")).to_be_visible()
    check(page)

    admin = as_person(dana, "/admin/promotion/")
    admin.get_by_role("link", name="Requested domains").click()
    admin.get_by_role("link", name="super-data.example").click()
    expect(admin.get_by_text("For our data team.")).to_be_visible()
    check(admin)
    admin.get_by_role("button", name="Approve and whitelist").click()
    expect(admin.get_by_text("super-data.example is whitelisted for")).to_be_visible()

    page.reload()
    expect(page.get_by_text("waits for the DIP Manager")).to_have_count(0)
    expect(page.locator(".domains").first).to_contain_text("super-data.example")


def test_a_nomination_brings_domains_and_ending_it_asks_about_who_came(
    as_person: As, company: Organisation, alice: User, dcp: DcpId
) -> None:
    page = as_person(alice, f"/organisations/{company.pk}/")
    page.get_by_role("link", name="Nominate DIP Connection Provider").click()
    page.get_by_label("DCP ID").fill(dcp.dcp_id)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Nominate Conduit Connect Ltd?")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("through the DCP Conduit Connect Ltd")).to_be_visible()
    engineer = factories.user(email="eve@conduit.example", first_name="Eve")
    factories.membership(user=engineer, organisation=company, roles=[Role.MESSAGE_ADMIN])

    page.get_by_role("link", name="Remove the nomination").click()
    expect(page.get_by_text("One person from these domains")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Remove the nomination").click()
    page.get_by_role("link", name="Members", exact=True).click()
    page.get_by_role("link", name="Decide who stays").click()
    check(page)
    page.get_by_role("button", name="Keep eve@conduit.example").click()

    expect(page.get_by_role("heading", name="Nobody left to decide about")).to_be_visible()


def test_a_child_organisation_is_added_and_dcp_status_asked_for_and_approved(
    as_person: As, company: Organisation, alice: User, dana: User
) -> None:
    page = as_person(alice, f"/organisations/{company.pk}/")
    page.get_by_role("link", name="Add New Child Organisation").click()
    page.get_by_label("Company name").fill("Super Energy Data Ltd")
    page.get_by_label("Company number").fill("09876543")
    page.get_by_label("Description").fill("Reads meters.")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Super Energy Data Ltd", level=1)).to_be_visible()
    check(page)

    page.get_by_role("link", name="Super Energy Co").first.click()
    page.get_by_role("link", name="Request DCP status").click()
    page.get_by_role("button", name="Request DCP status").click()
    expect(page.get_by_role("button", name="Withdraw the request")).to_be_visible()

    admin = as_person(dana, "/admin/promotion/")
    admin.get_by_role("link", name="DCP requests").click()
    admin.get_by_role("link", name="Super Energy Co", exact=True).click()
    admin.get_by_role("link", name="Decide on the request").click()
    check(admin)
    admin.get_by_role("button", name="Approve DCP status").click()
    expect(admin.get_by_text("is a DIP Connection Provider now")).to_be_visible()
    check(admin)

    page.reload()
    page.get_by_role("link", name="DCP IDs").click()
    page.get_by_role("button", name="Create a DCP ID").click()
    expect(page.locator(".shared-ids code")).to_have_count(1)
    check(page)
