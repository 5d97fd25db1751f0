"""Every address of Atlas, asked by every kind of person.

A new address fails here until it has a row in the table of atlas.py, beside this file.
"""

from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction

from tests.access import atlas as rows
from tests.access import test_every_url, walk
from tests.access.atlas import TABLE, World


@pytest.fixture
def world(db: None, atlas: None, settings: Any) -> World:
    return rows.make_world()


def test_every_address_has_a_row_and_every_row_an_address(atlas: None) -> None:
    routes = set(walk.routes())

    assert routes - TABLE.keys() == set(), "these addresses have no row in the table"
    assert TABLE.keys() - routes == set(), "these rows have no address"


def test_the_portals_and_atlas_share_only_the_pages_of_signing_in() -> None:
    shared = TABLE.keys() & test_every_url.TABLE.keys()

    assert {route for route in shared if not route.startswith("accounts/")} == {
        "",
        "health/",
        "health/ready/",
        "metrics",
    }


@pytest.mark.parametrize("route", sorted(TABLE))
def test_an_address_answers_each_as_the_table_says(world: World, route: str) -> None:
    address = TABLE[route]
    path = walk.path_of(route, address.arguments(world))

    for method, expected in (("get", address.get), ("post", address.post)):
        answers = {actor: _answer(world, actor, method, path) for actor in rows.ACTORS}

        assert answers == expected, f"{method} {path}"


def _answer(world: World, actor: str, method: str, path: str) -> int:
    """Ask as this actor, and undo what it did."""
    cache.clear()  # rate limits count from nothing
    data = {"csrfmiddlewaretoken": "unchecked"} if method == "post" else {}
    with transaction.atomic():
        status: int = getattr(world.browsers[actor], method)(path, data).status_code
        transaction.set_rollback(True)
    return status
