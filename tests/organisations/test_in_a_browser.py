"""The first sign-in and the pages of a company in a real browser, with axe-core on each page."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Page

from organisations.models import Organisation
from tests.in_a_browser import check

PASSWORD = "orchard-a-long-passphrase"


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("environment", "width"), [("uit", 360), ("production", 1280)])
def test_from_the_invitation_to_the_members_page(
    live_server: Any,
    open_page: Callable[[int], Page],
    settings: Any,
    invite: Any,
    token_of: Any,
    company: Organisation,
    environment: str,
    width: int,
) -> None:
    settings.DIP_ENVIRONMENT = environment
    page = open_page(width)
    token = token_of(invite())

    page.goto(f"{live_server.url}/invitations/accept/{token}/")
    assert page.url == f"{live_server.url}/invitations/accept/"
    check(page)
    page.locator("#id_password").fill(PASSWORD)
    page.locator("#id_password_again").fill(PASSWORD)
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("link", name="Authenticator app").click()
    secret = page.locator("#totp-secret").text_content()
    assert secret
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    page.locator("input[name=code]").fill(code)
    page.locator("form:has(input[name=code]) button[type=submit]").click()
    page.wait_for_url("**/recovery-codes/**")
    page.goto(live_server.url)
    page.get_by_label("I have read the Terms of Use").check()
    page.get_by_role("button", name="Accept and continue").click()
    check(page)
    for box in ("The company name is right", "The company number is right"):
        page.get_by_label(box).check()
    page.get_by_role("button", name="Confirm and continue").click()
    assert "Tick the box to confirm the description" in page.content()
    check(page)
    page.get_by_label("The description is right").check()
    page.get_by_role("button", name="Confirm and continue").click()

    assert page.url == f"{live_server.url}/"
    assert "1 of 5 onboarding tasks done" in page.content()
    check(page)
    page.get_by_role("link", name="Members").click()
    assert "priya@superenergy.example" in page.content()
    check(page)
    for tab in ("DIP IDs", "Certificates"):
        page.get_by_role("link", name=tab, exact=True).click()
        check(page)
    page.context.clear_cookies()
    page.goto(f"{live_server.url}/invitations/accept/{token}/")
    assert "This link does not work" in page.content()
    check(page)
