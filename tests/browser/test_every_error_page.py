"""The pages of errors in Chromium, those of the gateway too: for everybody, at both widths.

What each is an answer to is tested elsewhere; here it is laid before a browser at the address of
the portal, from which its style sheets come.
"""

import re
from pathlib import Path
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from playwright.sync_api import Route

from tests.browser.test_every_page import listen, wrong_with

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGES = ("400", "403", "403_csrf", "404", "413", "429", "500", "503")
GATEWAY = Path("deploy/gateway/nginx.conf")


def of_the_gateway() -> str:
    """Return the page with which the gateway says that something was too large."""
    [page] = re.findall(r"return 200 '(<!doctype html>.*)';", GATEWAY.read_text())
    words = {"heading": "That was too much at once", "status": "413", "request_id": "f" * 32}
    return re.sub(r"\$(\w+)", lambda match: words.get(match[1], "Word " * 20), page)


@pytest.mark.parametrize("environment", ["uit", "production"])
def test_every_error_page_is_for_everybody(
    live_server: Any, contexts: Any, settings: Any, environment: str
) -> None:
    settings.DIP_ENVIRONMENT = environment
    look_at(live_server.url, contexts, environment, {"gateway": of_the_gateway()})


def test_so_are_those_of_atlas(live_server: Any, contexts: Any, atlas: None) -> None:
    look_at(live_server.url, contexts, "uit", {})


def look_at(address: str, contexts: Any, environment: str, more: dict[str, str]) -> None:
    documents = {name: render_to_string(f"{name}.html", {"reason": ""}) for name in PAGES} | more
    page = contexts(Client()).new_page()
    troubles: list[str] = []
    listen(page, troubles)

    def answer(route: Route) -> None:
        document = documents[route.request.url.rsplit("/", 1)[1]]
        route.fulfill(body=document, content_type="text/html; charset=utf-8")

    page.route(re.compile(rf"/(?:{'|'.join(documents)})$"), answer)
    for name in documents:
        page.goto(f"{address}/{name}")
        assert page.locator("h1").count() == 1, name
        troubles += [f"{name}: {what}" for what in wrong_with(page, environment)]

    assert not troubles, "\n".join(troubles)
