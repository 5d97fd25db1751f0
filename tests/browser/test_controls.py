"""The banner of the test controls, and their page, at a desk and on a phone."""

from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import expect

from controls.models import TestControls
from tests import in_a_browser

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [1280, 360])
def test_the_banner_is_on_every_page(
    live_server: Any, contexts: Any, dana_client: Client, alice_client: Client, width: int
) -> None:
    TestControls.objects.create(
        pk=1, mail="DEFERRED", webhook_delay_seconds=20, clock_ahead_seconds=90061 * 60
    )

    for client, path in (
        (dana_client, "/admin/test-controls/"),
        (dana_client, "/admin/promotion/"),
        (alice_client, "/"),
        (Client(), "/accounts/login/"),
    ):
        page = contexts(client).new_page()
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(live_server.url + path)
        banner = page.get_by_role("region", name="Test controls")
        expect(banner).to_contain_text("The test clock is 62 days")
        in_a_browser.check(page)


def test_the_controls_are_set_on_their_page(
    live_server: Any, contexts: Any, dana_client: Client
) -> None:
    page = contexts(dana_client).new_page()
    page.goto(f"{live_server.url}/admin/promotion/")
    page.get_by_role("link", name="Test controls").click()

    page.get_by_label("Test clock").fill("+30d")
    page.get_by_label("Outgoing mail").select_option("DEFERRED")
    page.get_by_role("button", name="Set the test controls").click()

    banner = page.get_by_role("region", name="Test controls")
    expect(banner).to_contain_text("30 days ahead")
    page.get_by_label("Test clock").fill("off")
    page.get_by_label("Outgoing mail").select_option("DELIVERED")
    page.get_by_role("button", name="Set the test controls").click()
    expect(page.get_by_text("All is as usual.")).to_be_visible()
    expect(banner).to_have_count(0)
