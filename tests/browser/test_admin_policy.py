"""The admin's theme works under its Content Security Policy, and nothing is refused."""

from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import ConsoleMessage, Page, expect

from organisations.models import Organisation

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def refusals() -> list[str]:
    """What the browser said on its console that the policy refused."""
    return []


@pytest.fixture
def page(contexts: Any, dana_client: Client, refusals: list[str]) -> Page:
    def note(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            refusals.append(message.text)

    opened: Page = contexts(dana_client).new_page()
    opened.on("console", note)
    return opened


def test_the_policy_of_the_admin_is_noticed(
    live_server: Any, page: Page, refusals: list[str]
) -> None:
    page.goto(f"{live_server.url}/admin/accounts/user/")

    page.evaluate("document.body.setAttribute('style', 'color: red')")
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {text: 1}))"
    )

    assert len(refusals) == 2


def test_lists_filters_and_colours_work(
    live_server: Any, page: Page, refusals: list[str], company: Organisation
) -> None:
    page.goto(f"{live_server.url}/admin/organisations/organisation/")
    expect(page.get_by_role("link", name=company.name).first).to_be_visible()
    page.goto(f"{live_server.url}/admin/audit/event/")
    dark = page.locator("html.dark")
    page.keyboard.press("Control+e")
    expect(dark).to_have_count(1)
    page.keyboard.press("Control+e")
    expect(dark).to_have_count(0)
    page.goto(f"{live_server.url}/admin/promotion/")
    primary = page.evaluate(
        "getComputedStyle(document.documentElement).getPropertyValue('--color-primary-700')"
    )

    assert primary.strip() == "#0b5c82"
    assert refusals == []


def test_a_company_is_changed_on_its_page(
    live_server: Any, page: Page, refusals: list[str], company: Organisation
) -> None:
    page.goto(f"{live_server.url}/admin/organisations/organisation/{company.pk}/change/")
    page.locator(".dip-account summary").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()

    page.goto(f"{live_server.url}/admin/organisations/organisation/add/")
    page.locator("form button[type=submit]").last.click()
    expect(page.locator("h1")).to_be_visible()

    assert refusals == []
