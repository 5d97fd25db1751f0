"""Every address of the project, asked by every kind of person, in both environments.

A new address fails here until it has a row in the table of its room: portal.py, admin.py
or promotion.py, beside this file.
"""

import itertools
import re
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from dip_portal.lib import environment as environments
from tests.access import admin, portal, promotion, walk
from tests.access.codes import Address
from tests.access.walk import ACTORS, NOBODY, World

TABLE: dict[str, Address] = {**portal.TABLE, **admin.TABLE, **promotion.TABLE}
# The list of an app in the admin names its apps in its route: whichever they are.
APP_LIST = re.compile(r"^admin/\^\(\?P<app_label>[\w|]+\)/\$$")


@pytest.fixture
def world(db: None, settings: Any) -> World:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return walk.make_world()


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    routes = {route for route in walk.routes() if not APP_LIST.match(route)}

    assert routes - TABLE.keys() == set(), "these addresses have no row in the table"
    assert TABLE.keys() - routes == set(), "these rows have no address"


@pytest.mark.parametrize("route", sorted(TABLE))
def test_an_address_answers_each_as_the_table_says(world: World, settings: Any, route: str) -> None:
    address = TABLE[route]
    path = walk.path_of(route, address.arguments(world))

    for environment, method in itertools.product(environments.ENVIRONMENTS, ("get", "post")):
        settings.DIP_ENVIRONMENT = environment
        answers = {actor: _answer(world, actor, method, path) for actor in ACTORS}

        assert answers == address.expected(method, environment), f"{environment} {method} {path}"


def _answer(world: World, actor: str, method: str, path: str) -> int:
    """Ask as this actor in a browser of their own, and undo what it did."""
    cache.clear()  # rate limits count from nothing
    with transaction.atomic():
        browser = Client(raise_request_exception=False)
        if actor != NOBODY:
            browser.force_login(world.people[actor])
        # As a browser sends a form that nobody filled in: with its token alone.
        data = {"csrfmiddlewaretoken": "unchecked"} if method == "post" else {}
        status: int = getattr(browser, method)(path, data).status_code
        transaction.set_rollback(True)
    return status
