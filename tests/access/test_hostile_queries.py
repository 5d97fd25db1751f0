"""Whatever stands in a query string or in a number of the address, no page breaks."""

import re
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from tests.access import test_every_url, walk
from tests.access.walk import World

NAMES = (
    "q", "page", "show", "sort", "stage", "state", "parent", "company", "role", "dcp_status",
    "approved", "action", "who", "thing", "person", "factor", "account", "since", "until", "kind",
    "problems", "next", "invited", "dip_id", "code", "signed",
)  # fmt: skip
VALUES = ("\x00", "\ud800", "9" * 30, "-1", "' OR 1=1 --", "%", "é" * 300, "all", "٣", "1e9", "[]")
ROUTES = [
    route
    for route, address in sorted(test_every_url.TABLE.items())
    if 200 in address.get.values() and not route.startswith("health")
]


@pytest.fixture
def browsers(db: None, settings: Any) -> tuple[World, list[Client]]:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    world = walk.make_world()
    found = []
    for actor in ("dip_manager", "user_admin"):
        browser = Client(raise_request_exception=False)
        browser.force_login(world.people[actor])
        found.append(browser)
    return world, found


@pytest.mark.parametrize("environment", ["uit", "production"])
@pytest.mark.parametrize("value", VALUES, ids=ascii)
def test_no_query_string_breaks_a_page(
    browsers: tuple[World, list[Client]], settings: Any, value: str, environment: str
) -> None:
    settings.DIP_ENVIRONMENT = environment
    world, clients = browsers
    query = urlencode([(name, value.encode("utf-8", "surrogatepass")) for name in NAMES])

    broken = set()
    for route in ROUTES:
        address = test_every_url.TABLE[route]
        path = walk.path_of(route, address.arguments(world))
        for client in clients:
            cache.clear()
            with transaction.atomic():
                answer = client.get(f"{path}?{query}")
                transaction.set_rollback(True)
            if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                broken.add(path)
    assert broken == set()


@pytest.mark.parametrize("number", ["0", str(2**31), str(2**63), "9" * 40])
def test_a_number_that_names_nothing_is_not_found(
    browsers: tuple[World, list[Client]], number: str
) -> None:
    _, clients = browsers

    for route in walk.routes():
        if "<int:" not in route:
            continue
        path = "/" + re.sub(r"<int:\w+>", number, route)
        for client in clients:
            for method in (client.get, client.post):
                with transaction.atomic():
                    status = method(path).status_code
                    transaction.set_rollback(True)
                assert status < HTTPStatus.INTERNAL_SERVER_ERROR, path
