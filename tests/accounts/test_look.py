"""What every page has: the environment, the way in for the keyboard, no inline script or style."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.paginator import Paginator
from django.template import Context, Template
from django.test import Client, RequestFactory
from unfold.settings import CONFIG_DEFAULTS

from accounts.models import User

PAGES = [
    "/",
    "/terms/",
    "/accounts/2fa/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/2fa/recovery-codes/",
    "/accounts/2fa/recovery-codes/generate/",
    "/accounts/2fa/totp/deactivate/",
    "/accounts/password/change/",
    "/accounts/sessions/",
    "/accounts/logout/",
    "/accounts/reauthenticate/",
]
OPEN_PAGES = [
    "/terms/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/inactive/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/done/",
    "/no-such-page/",
]


@pytest.mark.parametrize(
    ("name", "words"),
    [("uit", "User Integration Testing"), ("production", "The simulated live environment")],
)
@pytest.mark.parametrize("path", OPEN_PAGES)
def test_a_stranger_sees_which_environment_it_is(
    client: Client, db: None, settings: Any, path: str, name: str, words: str
) -> None:
    settings.DIP_ENVIRONMENT = name

    page = client.get(path).content.decode()

    assert f'<html lang="en-GB" data-environment="{name}">' in page
    assert words in page
    assert "Simulator" in page


def test_every_page_of_an_account_keeps_to_the_content_security_policy(
    client: Client, pass_gates: Any, dana: User
) -> None:
    pass_gates(dana)

    for path in PAGES:
        answer = client.get(path)
        page = answer.content.decode()
        assert answer.status_code == 200, path
        assert "script-src 'self'" in answer["Content-Security-Policy"]
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page), path
        for script in re.findall(r"<script[^>]*>", page):
            assert "src=" in script or 'type="application/json"' in script, path
        assert 'href="#content"' in page
        assert page.count("<h1") == 1, path


def test_the_navigation_shows_the_admin_to_dip_managers_only(
    client: Client, pass_gates: Any, alice: User, dana: User
) -> None:
    pass_gates(alice)
    assert "DIP Manager’s admin" not in client.get("/").content.decode()
    client.post("/accounts/logout/")

    pass_gates(dana)
    assert "DIP Manager’s admin" in client.get("/").content.decode()


def items(request: Any) -> list[tuple[str, str]]:
    """Stand in for another app's navigation."""
    return [("Market Participant Organisation", "/accounts/")]


def test_an_app_adds_to_the_navigation(
    client: Client, pass_gates: Any, alice: User, settings: Any
) -> None:
    pass_gates(alice)
    settings.NAV_ITEMS = [f"{__name__}.items"]

    page = client.get("/accounts/sessions/").content.decode()

    assert '<a href="/accounts/" aria-current="page">Market Participant Organisation</a>' in page


def test_a_list_says_how_much_of_it_is_shown() -> None:
    request = RequestFactory().get("/", {"page": "2", "search": "sup"})
    template = Template("{% load portal %}{% pagination page %}")

    html = template.render(Context({"request": request, "page": Paginator(range(12), 10).page(2)}))

    assert "Showing items 11 - 12 of 12" in html
    assert 'href="?search=sup&amp;page=1"' in html
    assert 'href="?search=sup&amp;show=all"' in html


def test_too_many_requests_get_a_page_that_says_so(client: Client, db: None) -> None:
    for _ in range(30):
        client.post("/accounts/login/", {"login": "not an address", "password": "x"})

    answer = client.post("/accounts/login/", {"login": "not an address", "password": "x"})

    assert answer.status_code == 429
    assert "Too many attempts" in answer.content.decode()


def test_no_policy_lets_inline_scripts_or_styles_in(client: Client, db: None) -> None:
    portal = client.get("/accounts/login/")["Content-Security-Policy"]
    admin = client.get("/admin/accounts/user/")["Content-Security-Policy"]

    assert "'unsafe-eval'" not in portal
    assert "script-src 'self' 'unsafe-eval';" in f"{admin};"
    for policy in (portal, admin):
        assert "'unsafe-inline'" not in policy
        assert "style-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "object-src 'none'" in policy


def test_the_admin_has_every_colour_of_its_theme() -> None:
    """The theme writes them into its pages, which the policy refuses; the style sheet has them."""
    own = Path("static/css/admin.css").read_text()

    missing = [
        f"--color-{name}-{weight}"
        for name, weights in CONFIG_DEFAULTS["COLORS"].items()
        for weight in weights
        if f"--color-{name}-{weight}: " not in own
    ]

    assert missing == []
