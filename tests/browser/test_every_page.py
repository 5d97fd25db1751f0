"""Every page of both portals in Chromium: nothing that axe-core finds, nothing on the console.

The pages are those of the access tables, each as the first of a few people who may see it,
in a world with rows to show. At 360 and at 1280 pixels, none is wider than the screen.
"""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import (
    ConsoleMessage,
    Page,
    expect,
)

from accounts.models import User
from tests import in_a_browser
from tests.access import test_every_url, walk
from tests.access.walk import NOBODY
from tests.browser import populated

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKERS = ("user_admin", "message_admin", "certificate_admin", "dip_manager", NOBODY)
WIDTHS = (1280, 360)
FEWEST_PAGES = 60  # a walk that finds fewer has lost its way


@pytest.mark.parametrize("environment", ["uit", "production"])
def test_every_page_is_for_everybody(
    live_server: Any, contexts: Any, settings: Any, environment: str
) -> None:
    settings.DIP_ENVIRONMENT = environment
    settings.SIGN_IN_GATES = []
    world = walk.make_world()
    populated.fill(world)
    populated.promote(world, settings)
    clients = {who: Client() for who in LOOKERS}
    for who in LOOKERS[:-1]:
        clients[who].force_login(world.people[who])
    troubles: list[str] = []

    seen = 0
    for who, client in clients.items():
        page = contexts(client).new_page()
        listen(page, troubles)
        for path in pages_of(world, who, client, environment):
            page.goto(live_server.url + path)
            seen += 1
            troubles += [f"{who} {path}: {what}" for what in wrong_with(page, environment)]

    assert seen > FEWEST_PAGES
    assert not troubles, "\n".join(troubles)


def listen(page: Page, troubles: list[str]) -> None:
    """Note what goes wrong in the scripts, but for a page's own status."""

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not in_a_browser.is_own_status(message, page):
            troubles.append(f"{page.url}: {message.text}")

    page.on("pageerror", lambda error: troubles.append(f"{page.url}: {error}"))
    page.on("console", note)


def test_the_admin_works_with_the_keyboard_and_without_scripts(
    live_server: Any, contexts: Any, dana_client: Client
) -> None:
    page = contexts(dana_client).new_page()
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(f"{live_server.url}/admin/accounts/user/")
    users = page.get_by_role("navigation", name="DIP Manager").get_by_role("link", name="Users")
    assert not users.is_visible()
    page.get_by_role("button", name="Menu", exact=True).press("Enter")
    expect(users).to_be_visible()
    page.locator(".dip-account summary").press("Enter")
    page.get_by_role("button", name="Sign out").press("Enter")
    page.wait_for_url("**/accounts/login/**")

    signed_in_again = Client()
    signed_in_again.force_login(User.objects.get())
    plain = contexts(signed_in_again, java_script_enabled=False).new_page()
    for width in WIDTHS:
        plain.set_viewport_size({"width": width, "height": 800})
        plain.goto(f"{live_server.url}/admin/accounts/user/")
        assert plain.get_by_role("heading", name="Users").is_visible()
        assert plain.get_by_role("link", name="Audit trail").is_visible()
        assert plain.evaluate("document.documentElement.scrollWidth") <= width


def pages_of(world: Any, who: str, client: Client, environment: str) -> list[str]:
    """Return the paths of the pages that this person sees first of the people of LOOKERS."""
    found = []
    for route, address in sorted(test_every_url.TABLE.items()):
        answers = address.expected("get", environment)
        first = next((one for one in LOOKERS if answers[one] == 200), None)
        path = walk.path_of(route, address.arguments(world))
        if first == who and is_page(client, path):
            found.append(path)
    return found + populated.further_pages(world, who, environment)


def is_page(client: Client, path: str) -> bool:
    answer = client.get(path)
    is_html = answer["Content-Type"].startswith("text/html")
    return is_html and b"<html" in b"".join(answer)


def wrong_with(page: Page, environment: str) -> list[str]:
    """Return what is wrong; axe-core looks in one width, in the other environment in the other."""
    wrong = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(f"wider than {width} pixels")
        if (width == WIDTHS[0]) == (environment == "uit"):
            for violation in Axe().run(page).response["violations"]:
                nodes = [node["html"][:120] for node in violation["nodes"][:3]]
                wrong.append(f"{violation['id']}: {nodes}")
    return wrong
