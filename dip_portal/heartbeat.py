"""Signs of life: a worker writes down, every few seconds, that it works and that beat does.

Beat puts its time on each task that it sends. Whichever worker takes the task up writes both
down, and how long the task has waited in the broker: so a row that is fresh says that beat,
broker, worker and database are all there. Beat's sweeps come every five seconds, so that a
worker that has a free process is never silent for long.
"""

import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from celery.signals import beat_embedded_init, beat_init, before_task_publish, task_prerun
from django.apps import apps
from django.db import DatabaseError
from django.utils import timezone

from dip_portal.lib.version import VERSION

logger = logging.getLogger(__name__)

HEADER = "dip_beat_at"  # seconds since 1970, UTC
EVERY_SECONDS = 5.0
FORGET_AFTER = timedelta(days=1)
_in_beat = False
_last = 0.0  # time.monotonic() of the last sign that this process has given


def connect() -> None:
    """Listen to Celery; called once, when the app is ready."""
    beat_init.connect(_be_beat)
    beat_embedded_init.connect(_be_beat)
    before_task_publish.connect(_put_time_on)
    task_prerun.connect(_give_sign)


def _be_beat(**_: Any) -> None:
    global _in_beat  # noqa: PLW0603 - a process is beat or is not
    _in_beat = True


def _put_time_on(headers: dict[str, Any] | None = None, **_: Any) -> None:
    if _in_beat and headers is not None:
        headers[HEADER] = time.time()


def _give_sign(task: Any, **_: Any) -> None:
    global _last  # noqa: PLW0603 - one rhythm for each process
    if time.monotonic() - _last < EVERY_SECONDS:
        return
    _last = time.monotonic()
    sent = task.request.get(HEADER)
    beat_at = datetime.fromtimestamp(sent, UTC) if isinstance(sent, int | float) else None
    try:
        record(worker=task.request.hostname or "worker", beat_at=beat_at, now=timezone.now())
    except DatabaseError as error:
        logger.warning("No sign of life could be written: %s", type(error).__name__)


def record(*, worker: str, beat_at: datetime | None, now: datetime) -> None:
    """Write down that this worker is alive, and that beat was when it sent the task at hand."""
    model = apps.get_model("dip_portal", "Heartbeat")
    signs = [
        model(
            kind=model.Kind.WORKER,
            name=worker[:100],
            seen_at=now,
            lag_seconds=max(0.0, (now - beat_at).total_seconds()) if beat_at else None,
            version=VERSION,
        )
    ]
    if beat_at is not None:
        signs.append(model(kind=model.Kind.BEAT, name="beat", seen_at=beat_at))
    model.objects.bulk_create(
        signs,
        update_conflicts=True,
        unique_fields=["kind", "name"],
        update_fields=["seen_at", "lag_seconds", "version"],
    )
    model.objects.filter(seen_at__lt=now - FORGET_AFTER).delete()
