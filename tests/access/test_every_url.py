"""Every address of the project, asked by every kind of person with every method, in both portals.

A new address fails here until it has a row in the table of its room: portal.py, admin.py,
api.py or promotion.py, beside this file.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from dip_portal.lib import environment as environments
from tests.access import admin, api, portal, promotion, walk
from tests.access.codes import Address
from tests.access.walk import ACTORS, NOBODY, World

TABLE: dict[str, Address] = {**portal.TABLE, **admin.TABLE, **promotion.TABLE, **api.TABLE}
# The list of an app in the admin names its apps in its route: whichever they are.
APP_LIST = re.compile(r"^admin/\^\(\?P<app_label>[\w|]+\)/\$$")
OK, FOUND, NOT_ALLOWED = 200, 302, 405
HIDING_NOTHING = ("/accounts/", "/admin/login/", "/admin/autocomplete/")
Cookies = dict[str, str]


@pytest.fixture
def world(db: None) -> World:
    return walk.make_world()


@pytest.fixture
def cookies(world: World) -> Cookies:
    """The session of each actor, signed in before anything happens to their account."""
    found = {}
    for actor, person in world.people.items():
        browser = Client()
        browser.force_login(person)
        found[actor] = browser.cookies[settings.SESSION_COOKIE_NAME].value
    return found


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    routes = {route for route in walk.routes() if not APP_LIST.match(route)}

    assert routes - TABLE.keys() == set(), "these addresses have no row in the table"
    assert TABLE.keys() - routes == set(), "these rows have no address"


@pytest.mark.parametrize("environment", environments.PORTALS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_every_address_answers_each_as_the_table_says(
    world: World, cookies: Cookies, settings: Any, environment: str, method: str
) -> None:
    settings.DIP_ENVIRONMENT = environment
    wrong = {}

    for address, path in addresses(world):
        expected = address.expected(method, environment)
        answers = {actor: ask(cookies, actor, method, path) for actor in ACTORS}
        if answers != expected:
            wrong[path] = {
                actor: f"{code}, not {expected[actor]}"
                for actor, code in answers.items()
                if code != expected[actor]
            }

    assert wrong == {}


@pytest.mark.parametrize("method", ["head", "options", "put", "patch", "delete"])
def test_no_other_method_gives_more(
    world: World, cookies: Cookies, settings: Any, method: str
) -> None:
    """HEAD is as GET. Whoever GET refuses is refused; what changes is at most what POST does."""
    settings.SIGN_IN_GATES = []  # all of them are past these, and each asks the database
    wrong = {}

    for address, path in addresses(world):
        environment = settings.DIP_ENVIRONMENT = address.only or "uit"
        get, post = (address.expected(name, environment) for name in ("get", "post"))
        for actor in ACTORS:
            code = ask(cookies, actor, method, path)
            if code not in may_answer(method, path, get[actor], post[actor], actor):
                wrong[f"{actor} {path}"] = code

    assert wrong == {}


def may_answer(method: str, path: str, get: int, post: int, actor: str) -> set[int]:
    """Return what a method may answer to whom GET and an empty POST answer so.

    OPTIONS names the methods of a page to whoever may come there. The pages of signing in and
    of one's own account, and the list that leads on to a company, hide nothing from anybody.
    """
    hides_nothing = path.startswith(HIDING_NOTHING) or path == "/organisations/"
    if method == "head":
        return {get, post} if hides_nothing else {get}
    if method == "options":
        leads_on = actor not in (NOBODY, "deactivated") and FOUND in {get, post}
        may_come = OK in {get, post} or get == NOT_ALLOWED or leads_on
        return {get, NOT_ALLOWED} | ({OK} if may_come or hides_nothing else set())
    return {post, NOT_ALLOWED} | ({get} if get != OK else set())


def addresses(world: World) -> Iterator[tuple[Address, str]]:
    for route, address in sorted(TABLE.items()):
        yield address, walk.path_of(route, address.arguments(world))


def ask(cookies: Cookies, actor: str, method: str, path: str) -> int:
    """Ask as this actor, and undo what it did."""
    cache.clear()  # rate limits count from nothing
    browser = Client(raise_request_exception=False)
    if actor != NOBODY:
        browser.cookies[settings.SESSION_COOKIE_NAME] = cookies[actor]
    # As a browser sends a form that nobody filled in: with its token alone.
    data = {"csrfmiddlewaretoken": "unchecked"} if method == "post" else None
    with transaction.atomic():
        status: int = getattr(browser, method)(path, data).status_code
        transaction.set_rollback(True)
    return status
