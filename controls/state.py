"""The test controls as a request or a task sees them: asked of the database once, and only if used.

Outside of both (a command at the terminal) nothing moves the clock. Atlas and environments in
earnest (DIP_DEMONSTRATION=false) have no test controls.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

from celery.signals import task_postrun, task_prerun
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.functional import cached_property

from controls import offsets
from controls.models import TestControls
from dip_portal.lib import clock
from dip_portal.lib import environment as environments
from dip_portal.lib.prepared import Prepared

USUAL = TestControls()
MAIL_REFUSED: dict[str, str] = {
    TestControls.Mail.DEFERRED: "for now",
    TestControls.Mail.REFUSED: "for good",
}
# Asked in nearly every request and call: written once.
_ROW = Prepared(lambda pk: TestControls.objects.filter(pk=pk).order_by(), -1)


def are_here() -> bool:
    """Tell whether this environment has test controls at all."""
    return bool(settings.DEMONSTRATION) and not environments.current().is_certificate_authority


def stored() -> TestControls:
    """Return the controls as they are at this moment: one query."""
    if not are_here():
        return USUAL
    return _ROW.first(1) or USUAL


class _Seen:
    """The controls of one request or task."""

    @cached_property
    def controls(self) -> TestControls:
        return stored()

    def clock_ahead(self) -> timedelta:
        return self.controls.clock_ahead


_seen: ContextVar[_Seen | None] = ContextVar("seen test controls", default=None)


@contextmanager
def following() -> Iterator[None]:
    """Follow the controls within this block, as they are when somebody first asks."""
    seen = _Seen()
    token = _seen.set(seen)
    try:
        with clock.following(seen.clock_ahead):
            yield
    finally:
        _seen.reset(token)


def unasked() -> list[tuple[Prepared[TestControls], tuple[int]]]:
    """Return the query of the controls, to be asked with others, where it is yet to be asked.

    What it finds goes to `take`.
    """
    seen = _seen.get()
    return [] if seen is None or "controls" in vars(seen) or not are_here() else [(_ROW, (1,))]


def take(found: list[TestControls]) -> None:
    """Let this request follow the controls that were found by the query of `unasked`."""
    seen = _seen.get()
    assert seen is not None
    seen.controls = next(iter(found), USUAL)


def followed() -> TestControls:
    """Return the controls that this request or task follows; outside of both, those stored."""
    seen = _seen.get()
    return stored() if seen is None else seen.controls


def sentences() -> list[str]:
    """Return what is not as usual here, a sentence each, for the banner; none outside a request."""
    seen = _seen.get()
    if seen is None:
        return []
    try:
        controls = seen.controls
    except DatabaseError:  # the page that says so has to be shown all the same
        return []
    said = []
    if controls.clock_ahead:
        said.append(
            f"The test clock is {offsets.tell(controls.clock_ahead)} ahead: here it is "
            f"{date_format(clock.now(), 'DATETIME_FORMAT')}."
        )
    if how := MAIL_REFUSED.get(controls.mail):
        said.append(f"E-mails of this environment are refused {how}, on purpose.")
    if controls.webhook_delay:
        said.append(
            f"Test events of webhooks wait for {controls.webhook_delay_seconds} seconds on purpose."
        )
    return said


class ControlsMiddleware:
    """Lets a request follow the test controls."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not are_here():
            return self.get_response(request)
        with following():
            return self.get_response(request)


_tasks: dict[str, ExitStack] = {}


def connect_tasks() -> None:
    """Let every Celery task follow the test controls, from its begin to its end."""
    task_prerun.connect(_begin, dispatch_uid="controls.begin")
    task_postrun.connect(_end, dispatch_uid="controls.end")


def _begin(task_id: str, **_: Any) -> None:
    if are_here():
        _tasks[task_id] = stack = ExitStack()
        stack.enter_context(following())


def _end(task_id: str, **_: Any) -> None:
    if stack := _tasks.pop(task_id, None):
        stack.close()
