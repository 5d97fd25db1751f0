"""One correlation id per request or task, in every log line and audit event."""

import logging
import uuid
from collections.abc import Callable
from contextvars import ContextVar, Token

from django.http import HttpRequest, HttpResponse

NONE = "-"
_current: ContextVar[str] = ContextVar("correlation_id", default=NONE)
HEADER = "X-Correlation-ID"


def current() -> str:
    """Return the correlation id of the work at hand, or NONE outside any."""
    return _current.get()


def begin(correlation_id: str = "") -> str:
    """Start a piece of work under this id, or under a new one, and return it."""
    correlation_id = correlation_id or uuid.uuid4().hex
    _current.set(correlation_id)
    return correlation_id


def begin_within(correlation_id: str = "") -> Token[str]:
    """Start a piece of work within another one; `end` with what this returns goes back to that."""
    return _current.set(correlation_id or uuid.uuid4().hex)


def end(token: Token[str]) -> None:
    """Go back to what was at hand before `begin_within`."""
    _current.reset(token)


class CorrelationMiddleware:
    """Gives each request an id of our own making and returns it in X-Correlation-ID."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        correlation_id = begin()
        response = self.get_response(request)
        response[HEADER] = correlation_id
        return response


class CorrelationFilter(logging.Filter):
    """Adds `correlation_id` to every log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.correlation_id = current()
        return True
