"""The time by which the business of the DIP goes: memberships, effective dates, certificates.

It is the real time, unless a test clock moves it ahead. What proves who somebody is (sessions,
second factors, TLS, signatures of calls) and what keeps the machinery going (jobs, mail, leases)
asks `django.utils.timezone` and stays on real time.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, timedelta

from django.utils import timezone

_ahead: ContextVar[Callable[[], timedelta] | None] = ContextVar("test clock", default=None)


def now() -> datetime:
    """Return the time of the DIP's business, aware, in UTC."""
    return timezone.now() + ahead()


def today() -> date:
    """Return the day of `now`, in UTC."""
    return now().date()


def ahead() -> timedelta:
    """Return how far the test clock is ahead of the real time: not at all, as a rule."""
    asked = _ahead.get()
    return asked() if asked else timedelta()


@contextmanager
def following(asked: Callable[[], timedelta]) -> Iterator[None]:
    """Let the clock be ahead by what `asked` returns, within this block and this thread."""
    token = _ahead.set(asked)
    try:
        yield
    finally:
        _ahead.reset(token)
