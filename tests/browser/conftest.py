"""Both portals as `make run` starts them, or one within the test, and Chromium to go through."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    ViewportSize,
    sync_playwright,
)

from deploy.processes import Processes
from deploy.run import Run, deployments
from tests.browser.people import Person, read_people
from tests.deploy.ports import free_ports
from tests.deploy.test_run import PORTS
from tests.in_a_browser import QUIET, is_own_status
from tests.leaving_out import leave_out, need_program


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium, as Debian installs it; no loop of it is left for the next tests."""
    chromium = shutil.which("chromium")
    if chromium is None:
        leave_out("Chromium is not installed: nothing was clicked in a browser")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield started
        started.close()


@pytest.fixture(scope="module")
def portals(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """UIT and Production with their workers, and the demonstration companies in UIT."""
    var = tmp_path_factory.mktemp("portals")
    variables = [
        f"DIP_{name}_{what}" for name in ("UIT", "PRODUCTION") for what in ("PORT", "API_PORT")
    ]
    ports = zip(variables, map(str, free_ports(len(variables))), strict=True)
    uit, production, _ = deployments({"DIP_VAR": str(var), **dict(ports)})
    run = Run(uit=uit, production=production)
    run.processes = Processes(say=lambda text: None)
    try:
        run.prepare()
        run.start()
        yield run
    finally:
        run.processes.stop()


@pytest.fixture
def whole_run(browser: Browser, tmp_path: Path) -> Iterator[Run]:
    """All that `make run` starts and does, on ports of its own."""
    ports = dict(zip(PORTS, map(str, free_ports(len(PORTS))), strict=True))
    uit, production, atlas = deployments({"DIP_VAR": str(tmp_path / "var"), **ports})
    run = Run(uit=uit, production=production, atlas=atlas)
    run.processes = Processes(say=lambda text: None)
    try:
        run.prepare()
        run.start()
        run.demonstrate()
        yield run
    finally:
        run.processes.stop()


@pytest.fixture(scope="module")
def people(portals: Run) -> dict[str, dict[str, Person]]:
    """How the demonstration's people sign in, by environment and e-mail address."""
    return {
        deployment.name: read_people(deployment.home / "secrets" / "demonstration.json")
        for deployment in portals.both
    }


@pytest.fixture
def open_page(
    browser: Browser, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[..., Page]]:
    """Open a page of its own session; what goes wrong on it fails the test."""
    contexts: list[Any] = []
    troubles: list[str] = []

    def open_it(*, width: int = 1280, height: int = 900, **options: Any) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height}, accept_downloads=True, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: troubles.append(f"{page.url}: {error}"))
        page.on("console", lambda message: _note(message, page, troubles))
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.fixture
def contexts(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Open a window of Chromium on the test's own portal, signed in as this client is."""
    chromium = need_program("chromium")
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright runs a loop of its own
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)

        def make(client: Client, **options: Any) -> BrowserContext:
            viewport: ViewportSize = {"width": 1280, "height": 900}
            context = browser.new_context(viewport=viewport, **options)
            for morsel in client.cookies.values():
                context.add_cookies(
                    [{"name": morsel.key, "value": morsel.value, "url": live_server.url}]
                )
            return context

        yield make
        browser.close()
        connections.close_all()  # those of the loop, which nobody sees after it


def _note(message: ConsoleMessage, page: Page, troubles: list[str]) -> None:
    """Note an error on the console, but for the page's own status of a form or link refused."""
    if message.type == "error" and not is_own_status(message, page):
        troubles.append(f"{page.url}: {message.text} {message.location['url']}")
