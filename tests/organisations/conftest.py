"""Invitations with the link in their e-mail, and browsers in which somebody is signed in."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.db import connections
from django.utils import timezone
from playwright.sync_api import Page, sync_playwright

from accounts.models import User
from mail.models import OutgoingMail
from organisations.actors import actor_for
from organisations.models import Invitation, Organisation
from organisations.services import invitations
from tests.conftest import signed_in
from tests.in_a_browser import QUIET
from tests.leaving_out import need_program

LINK = re.compile(r"/invitations/accept/([\w-]+)/")


def token_in(mail: OutgoingMail) -> str:
    """Return the token of the link in this e-mail; both parts have the same one."""
    tokens = set(LINK.findall(mail.text)) | set(LINK.findall(mail.html))
    assert len(tokens) == 1
    return tokens.pop()


@pytest.fixture
def now() -> datetime:
    return timezone.now().astimezone(UTC)


@pytest.fixture
def as_dana(dana: User, now: datetime) -> Any:
    """Dana, as the actor of a service."""
    return actor_for(dana, day=now.date())


@pytest.fixture
def invite(company: Organisation, as_dana: Any, now: datetime) -> Callable[..., Invitation]:
    """Invite Priya to Super Energy Co, unless told otherwise."""

    def send(**changes: Any) -> Invitation:
        return invitations.send_invitation(
            **{
                "actor": as_dana,
                "organisation": company,
                "first_name": "Priya",
                "last_name": "Admin",
                "email": "priya@superenergy.example",
                "now": now,
                **changes,
            }
        )

    return send


@pytest.fixture
def token_of() -> Callable[[Invitation], str]:
    """Return the token in the newest e-mail about an invitation."""

    def find(invitation: Invitation) -> str:
        mail = invitations.mail_state_of(invitation)
        assert mail is not None
        return token_in(mail)

    return find


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], Page]]:
    """Open a page of this width in Chromium, in a session of its own."""
    chromium = need_program("chromium")
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright runs a loop of its own
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield lambda width: browser.new_page(viewport={"width": width, "height": 800})
        browser.close()
        connections.close_all()  # those of the loop, which nobody sees after it


@pytest.fixture
def as_person(
    live_server: Any, open_page: Callable[[int], Page], settings: Any
) -> Callable[..., Page]:
    """Open a browser in which a person is signed in, on the page of this path."""

    def go(user: User, path: str, *, width: int = 1280) -> Page:
        session = signed_in(user).session
        UserSession.objects.create(
            user=user, session_key=session.session_key, ip="127.0.0.1", user_agent="a test"
        )
        page = open_page(width)
        page.context.add_cookies(
            [
                {
                    "name": settings.SESSION_COOKIE_NAME,
                    "value": str(session.session_key),
                    "url": live_server.url,
                }
            ]
        )
        page.goto(f"{live_server.url}{path}")
        return page

    return go
