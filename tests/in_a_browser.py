"""What tests in a real browser share: how Chromium starts, and what every page has to pass."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def check(page: Page) -> None:
    """Fail on what axe-core finds, and on a page that is wider than the screen."""
    found = Axe().run(page)
    assert found.violations_count == 0, f"{page.url}: {found.generate_report()}"
    assert page.viewport_size is not None
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"], page.url


def is_own_status(message: ConsoleMessage, page: Page) -> bool:
    """Tell whether the console only says the page's own status, as of a form refused (422)."""
    is_status = message.text.startswith("Failed to load resource")
    return is_status and message.location["url"] == page.url
