"""Every page of Atlas in Chromium: nothing that axe-core finds, none wider than the screen."""

from typing import Any

import pytest
from django.test import Client

from tests.access import atlas as rows
from tests.access import walk
from tests.access.atlas import NOBODY, TABLE
from tests.browser.test_every_page import is_page, listen, wrong_with

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FEWEST_PAGES = 25


def test_every_page_is_for_everybody(live_server: Any, contexts: Any, atlas: None) -> None:
    world = rows.make_world()
    troubles: list[str] = []
    seen = 0
    for who in ("customer", NOBODY):
        client: Client = world.browsers[who]
        page = contexts(client).new_page()
        listen(page, troubles)
        for route, address in sorted(TABLE.items()):
            if address.get[who] != 200 or (who == NOBODY and address.get["customer"] == 200):
                continue
            path = walk.path_of(route, address.arguments(world))
            if not is_page(client, path):
                continue
            page.goto(live_server.url + path)
            seen += 1
            troubles += [f"{who} {path}: {what}" for what in wrong_with(page, "uit")]

    assert seen >= FEWEST_PAGES
    assert not troubles, "\n".join(troubles)
