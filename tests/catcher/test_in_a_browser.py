"""The catcher's pages in a browser, at a desk and on a phone."""

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests import in_a_browser
from tests.catcher.conftest import Catcher
from tests.leaving_out import need_program

pytestmark = [pytest.mark.deploy, pytest.mark.browser]


@pytest.mark.parametrize("width", [1280, 360])
def test_every_page_fits_and_passes_axe(catcher: Catcher, width: int) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=need_program("chromium"), args=in_a_browser.QUIET
        )
        try:
            page = browser.new_page(
                ignore_https_errors=True, viewport={"width": width, "height": 800}
            )
            said: list[str] = []
            page.on("console", lambda it: said.append(it.text) if it.type == "error" else None)
            look_around(catcher, page)
            assert said == []
        finally:
            browser.close()


def look_around(catcher: Catcher, page: Page) -> None:
    page.goto(f"{catcher.url}/")
    expect(page.get_by_text("Nothing has arrived yet")).to_be_visible()
    in_a_browser.check(page)

    catcher.send("/hook/2300320001/PUB-003")
    catcher.client().post("/hook/2300320001/PUB-006", content=b"[]")
    page.get_by_label("Status").select_option("503")
    page.get_by_role("button", name="Answer like this").click()
    expect(page.get_by_text("Now: 503")).to_be_visible()
    in_a_browser.check(page)

    page.get_by_role("link", name="All checks passed").click()
    expect(page.get_by_role("heading", name="PUB-003 of")).to_be_visible()
    in_a_browser.check(page)

    page.goto(f"{catcher.url}/?only_bad=on")
    page.get_by_role("link", name="A check failed").click()
    expect(page.get_by_text("The call has no X-DIP-Signature")).to_be_visible()
    in_a_browser.check(page)

    page.goto(f"{catcher.url}/")
    page.get_by_role("link", name="Forget all").click()
    in_a_browser.check(page)
    page.get_by_role("button", name="Forget all").click()
    expect(page.get_by_text("Nothing has arrived yet")).to_be_visible()
