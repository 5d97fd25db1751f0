"""No way to another company's things through one's own company's address.

The walk of every address knocks at Super Energy Co's door as a stranger. Here somebody who may do
everything in Bright Grid names a thing of Super Energy Co behind Bright Grid's own door.
"""

from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from organisations.models import DipId, Membership, Organisation
from organisations.roles import Role
from tests.access import test_every_url, walk
from tests.access.walk import World

OWN = "organisations/<int:pk>/"
# What else an address names without naming a thing of somebody's.
NO_KEYS = {"publication", "kind", "name"}
NOT_FOUND, NOT_ALLOWED = 404, 405
FEWEST = 25  # a walk that finds fewer has lost its way


@pytest.fixture
def world(db: None) -> World:
    return walk.make_world()


@pytest.fixture
def intruder(world: World) -> tuple[Client, Organisation]:
    """Who holds every role in Bright Grid, and Bright Grid."""
    person = world.people["outsider"]
    membership = Membership.objects.get(user=person)
    membership.roles = frozenset(Role)
    membership.save()
    browser = Client(raise_request_exception=False)
    browser.force_login(person)
    return browser, membership.organisation


def addresses(world: World) -> list[tuple[str, dict[str, Any]]]:
    """Return the addresses below a company that name one of its things, with the names."""
    found = []
    for route, address in sorted(test_every_url.TABLE.items()):
        arguments = address.arguments(world)
        if route.startswith(OWN) and arguments.keys() - NO_KEYS - {"pk"}:
            found.append((route, arguments))
    return found


def answers(browser: Client, path: str) -> set[int]:
    """Return what GET and POST are answered, and undo what they did."""
    found = set()
    for method in (browser.get, browser.post):
        cache.clear()
        with transaction.atomic():
            found.add(method(path).status_code)
            transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("environment", ["uit", "production"])
def test_a_thing_of_another_company_is_not_behind_ones_own_door(
    world: World, intruder: tuple[Client, Organisation], settings: Any, environment: str
) -> None:
    settings.DIP_ENVIRONMENT = environment
    browser, own = intruder
    asked = addresses(world)

    opened = {}
    for route, arguments in asked:
        path = walk.path_of(route, arguments | {"pk": own.pk})
        if NOT_FOUND not in (got := answers(browser, path)) or got - {NOT_FOUND, NOT_ALLOWED}:
            opened[route] = got

    assert opened == {}
    assert len(asked) > FEWEST


def test_nor_behind_the_door_of_ones_own_dip_id(
    world: World, intruder: tuple[Client, Organisation]
) -> None:
    browser, own = intruder
    dip_id = DipId.objects.get(mpid__organisation=own)
    both = [(route, it) for route, it in addresses(world) if {"dip_id", "key"} <= it.keys()]

    opened = {}
    for route, arguments in both:
        path = walk.path_of(route, arguments | {"pk": own.pk, "dip_id": dip_id.dip_id})
        if NOT_FOUND not in (got := answers(browser, path)) or got - {NOT_FOUND, NOT_ALLOWED}:
            opened[route] = got

    assert opened == {}
    assert both
