"""A worker that starts takes up what a dead one left."""

from typing import Any

from celery.signals import worker_ready

from dip_portal.lib import wake
from jobs.tasks import resume_stalled


def connect() -> None:
    """Listen to Celery; called once, when the app is ready."""
    worker_ready.connect(_on_worker_ready)


def _on_worker_ready(**_: Any) -> None:
    wake.now(resume_stalled)
