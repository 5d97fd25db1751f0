"""When a session ends by itself: after a while of silence, and some hours after the sign-in.

Both go by the real time: a test clock that is moved ahead signs nobody out.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.serializers import JSONSerializer
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django_htmx.middleware import HtmxDetails

from accounts.middleware import address_to_return_to, is_asked_for_a_session, send_to
from dip_portal.lib import secrets

STARTED_AT = "started_at"
SEEN_AT = "seen_at"
# How exactly silence is measured: so that not every request writes the session.
NOTE_EVERY_SECONDS = 60
PURPOSE = "session"


class SealedSerializer:
    """Seals what a session's row holds (setting SESSION_SERIALIZER).

    An authenticator app's secret is in it while the app is being enrolled.
    """

    def dumps(self, obj: dict[str, Any]) -> bytes:
        """Return the session's data as a sealed text."""
        text = JSONSerializer().dumps(obj).decode("latin-1")
        return secrets.encrypt(text, purpose=PURPOSE).encode("ascii")

    def loads(self, data: bytes) -> dict[str, Any]:
        """Return what `dumps` sealed. Raises UnableToDecrypt: Django then sees no session."""
        text = secrets.decrypt(data.decode("ascii"), purpose=PURPOSE)
        found: dict[str, Any] = JSONSerializer().loads(text.encode("latin-1"))
        return found


class SessionLifeMiddleware:
    """Ends a session that was silent for SESSION_IDLE_MINUTES or is SESSION_HOURS old.

    The person comes to the sign-in, is told why, and goes on from there to the page where
    they were. What asks by itself, as the progress of a job does, does not count as theirs.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_asked_for_a_session(request):
            why = why_it_ends(request.session)
            if why:
                return _end(request, why)
            if not HtmxDetails(request) or request.method != "GET":
                note_activity(request.session)
        return self.get_response(request)


def why_it_ends(session: SessionBase) -> str:
    """Return why the session is over, as a sentence for its owner; empty if it is not."""
    now = time.time()
    silence = timedelta(minutes=settings.SESSION_IDLE_MINUTES)
    if now - session.get(SEEN_AT, now) >= silence.total_seconds():
        return f"You were signed out after {settings.SESSION_IDLE_MINUTES} minutes without a click."
    age = timedelta(hours=settings.SESSION_HOURS)
    if now - session.get(STARTED_AT, now) >= age.total_seconds():
        return f"You were signed out {settings.SESSION_HOURS} hours after your sign-in."
    return ""


def note_activity(session: SessionBase) -> None:
    """Keep that the session's owner did something just now."""
    now = time.time()
    if STARTED_AT not in session:
        session[STARTED_AT] = now
    if now - session.get(SEEN_AT, 0) >= NOTE_EVERY_SECONDS:
        session[SEEN_AT] = now


def start(session: SessionBase) -> None:
    """Begin the session's life: somebody has just signed in."""
    session[STARTED_AT] = session[SEEN_AT] = time.time()


def _end(request: HttpRequest, why: str) -> HttpResponse:
    way_back = address_to_return_to(request) or _page_of_the_form(request)
    logout(request)
    messages.warning(request, f"{why} Sign in, and you go on where you were.")
    return send_to(reverse("account_login"), request, way_back)


def _page_of_the_form(request: HttpRequest) -> str:
    """Return the page of this site from which a form was sent; empty if it is not known."""
    page = urlsplit(request.headers.get("Referer", ""))
    return page._replace(scheme="", netloc="").geturl() if page.netloc == request.get_host() else ""
