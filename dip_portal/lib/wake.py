"""Telling a worker that a row waits for it."""

import logging
from typing import Any

from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def on_commit(task: Any, *args: str) -> None:
    """Send a Celery task once the transaction at hand is committed.

    The work itself is a row. A broker that does not answer is logged and forgiven: the
    periodic sweep finds the row.
    """
    transaction.on_commit(lambda: now(task, *args))


def now(task: Any, *args: str) -> None:
    """Send a Celery task at once; a broker that does not answer is logged and forgiven."""
    try:
        task.apply_async(args, retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("The broker did not take %s%s: %s", task.name, args, error)
