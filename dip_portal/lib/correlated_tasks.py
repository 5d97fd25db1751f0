"""The correlation id goes with a Celery task: from the page that sends it to the worker's log.

A task that nobody's request has sent (beat's sweeps) begins under an id of its own.
"""

import logging
from contextvars import Token
from typing import Any

from celery.signals import before_task_publish, task_postrun, task_prerun

from dip_portal.lib import correlation

logger = logging.getLogger(__name__)

HEADER = "dip_correlation_id"
# What this process was at before each task that it is running, by the task's id.
_before: dict[str, Token[str]] = {}


def connect() -> None:
    """Listen to Celery; called once, when the app is ready."""
    before_task_publish.connect(_send_along)
    task_prerun.connect(_take_up)
    task_postrun.connect(_put_down)


def _send_along(headers: dict[str, Any] | None = None, **_: Any) -> None:
    if headers is not None and correlation.current() != correlation.NONE:
        headers[HEADER] = correlation.current()


def _take_up(task_id: str, task: Any, **_: Any) -> None:
    came_with = task.request.get(HEADER) or ""
    _before[task_id] = correlation.begin_within(came_with)
    if came_with:  # the sweeps come every few seconds
        logger.info("Task %s %s begins", task.name, task_id)


def _put_down(task_id: str, **_: Any) -> None:
    if (token := _before.pop(task_id, None)) is not None:
        correlation.end(token)
