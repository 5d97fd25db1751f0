"""Runs a job so that a worker killed at any point leaves no item half done or done twice.

- A worker claims the job: it writes a new lease token into the row. Whoever held it before
  is fenced off, however slow its clock or its disk.
- Each chunk is one transaction that begins with a lock of the job's row and a look at its
  token, and ends with the items' outcomes, the job's counts and a longer lease. All of it
  is committed, or nothing.
- The lock is held through the chunk: on PostgreSQL a claim skips a locked row, on SQLite it
  waits for the writer. So a chunk that takes longer than the lease is not taken over
  while its worker lives.
- A job that workers died of twice goes on item by item. An item that three of them died
  at is failed, so that it does not hold up the others for ever.
"""

import logging
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from dip_portal.lib import bulk, correlation
from jobs import registry
from jobs.errors import ItemRefused, LeaseLost
from jobs.models import Job, JobItem
from jobs.registry import Kind

logger = logging.getLogger(__name__)

CRASHES_BEFORE_SINGLE_FILE = 2
TRIES_OF_AN_ITEM = 3
UNEXPECTED = "An unexpected error stopped this item. The worker's log tells more, under {}."
CRASHED = "The worker stopped each time it came to this item, so it was left out."
# The database is away or busy: nothing is wrong with the item, the job is tried again.
DATABASE_TROUBLE = (OperationalError, InterfaceError)


def run(job_id: uuid.UUID | str) -> bool:
    """Run a job to its end, and tell whether this call did so.

    Returns False at once if the job is finished, or another worker holds its lease; and
    later, if another worker takes it over. Raises what the database raises when it is
    away: the job then waits for the next sweep.
    """
    job = _claim(job_id)
    if job is None:
        return False
    before = correlation.current()
    correlation.begin(job.correlation_id)
    try:
        return _run_claimed(job)
    finally:
        correlation.begin(before)


def run_stalled() -> int:
    """Run every job that waits or whose worker is gone, oldest first; return how many."""
    count = 0
    now = timezone.now()
    stalled = Q(state=Job.State.QUEUED) | Q(state=Job.State.RUNNING, lease_expires_at__lte=now)
    for job_id in Job.objects.filter(stalled).order_by("created_at").values_list("pk", flat=True):
        try:
            count += run(job_id)
        except Exception:
            logger.exception("Job %s could not be run", job_id)
    return count


def _claim(job_id: uuid.UUID | str) -> Job | None:
    with transaction.atomic():
        now = timezone.now()
        job = (
            Job.objects.select_for_update(skip_locked=True)
            .filter(pk=job_id)
            .exclude(state=Job.State.DONE)
            .first()
        )
        if job is None or (job.lease_expires_at is not None and job.lease_expires_at > now):
            return None
        job.lease_token = uuid.uuid4()
        job.lease_expires_at = _lease_end()
        job.attempts += 1
        job.state = Job.State.RUNNING
        job.started_at = job.started_at or now
        job.save(
            update_fields=["lease_token", "lease_expires_at", "attempts", "state", "started_at"]
        )
    return job


def _run_claimed(job: Job) -> bool:
    assert job.lease_token is not None
    token = job.lease_token
    logger.info("Job %s (%s) begins or goes on, attempt %d", job.pk, job.kind, job.attempts)
    try:
        kind = registry.find(job.kind)
        single_file = job.attempts > CRASHES_BEFORE_SINGLE_FILE
        step = _run_next_item_warily if single_file else _run_next_chunk
        while not step(job.pk, token, kind):
            pass
    except LeaseLost:
        logger.warning("Job %s was taken over by another worker", job.pk)
        return False
    except Exception:
        _release(job.pk, token)
        raise
    logger.info("Job %s is done", job.pk)
    return True


def _run_next_chunk(job_id: uuid.UUID, token: uuid.UUID, kind: Kind) -> bool:
    """Run the next items in one transaction, or else one by one; tell whether it was all."""
    positions: list[int] = []
    try:
        with transaction.atomic():
            job = _lock(job_id, token)
            items = list(_waiting(job)[: kind.chunk_size])
            positions = [item.position for item in items]
            _handle(kind, job, items)
            return _save(job, items)
    except (LeaseLost, *DATABASE_TROUBLE):
        raise
    except Exception as error:  # noqa: BLE001 - each item is run again alone, and tells its own
        logger.info("A chunk of job %s goes on item by item: %r", job_id, type(error).__name__)
    finished = False
    for position in positions:
        finished = _run_item(job_id, token, kind, position)
    return finished


def _run_next_item_warily(job_id: uuid.UUID, token: uuid.UUID, kind: Kind) -> bool:
    """Run the next item, after noting that it is being tried; tell whether it was the last."""
    with transaction.atomic():
        job = _lock(job_id, token)
        item = _waiting(job).first()
        if item is None:
            return _save(job, [])
        if item.tries >= TRIES_OF_AN_ITEM:
            item.fail(CRASHED)
            return _save(job, [item])
        item.tries += 1
        item.save(update_fields=["tries"])
    return _run_item(job_id, token, kind, item.position)


def _run_item(job_id: uuid.UUID, token: uuid.UUID, kind: Kind, position: int) -> bool:
    """Run one item in its own transaction; what it raises becomes its outcome."""

    def handle(job: Job, item: JobItem) -> None:
        _handle(kind, job, [item])

    try:
        return _end_item(job_id, token, position, handle)
    except (LeaseLost, *DATABASE_TROUBLE):
        raise
    except ItemRefused as refusal:
        message, link = str(refusal), refusal.link
        return _end_item(job_id, token, position, lambda _, item: item.refuse(message, link))
    except Exception:
        logger.exception("Item %d of job %s failed", position, job_id)
        message = UNEXPECTED.format(correlation.current())
        return _end_item(job_id, token, position, lambda _, item: item.fail(message))


def _end_item(
    job_id: uuid.UUID, token: uuid.UUID, position: int, act: Callable[[Job, JobItem], None]
) -> bool:
    with transaction.atomic():
        job = _lock(job_id, token)
        item = JobItem.objects.get(job=job, position=position)
        act(job, item)
        return _save(job, [item])


def _lock(job_id: uuid.UUID, token: uuid.UUID) -> Job:
    """Lock the job's row for this transaction. Raises LeaseLost if the token is not ours.

    So it is with a job that is gone altogether: a reset of the environment took it.
    """
    job = Job.objects.select_for_update().filter(pk=job_id).first()
    if job is None or job.lease_token != token or job.is_finished:
        raise LeaseLost
    return job


def _waiting(job: Job) -> QuerySet[JobItem]:
    return JobItem.objects.filter(job=job, state=JobItem.State.WAITING).order_by("position")


def _handle(kind: Kind, job: Job, items: list[JobItem]) -> None:
    if not items:
        return
    kind.handler(job, items)
    left = [item.label for item in items if item.state == JobItem.State.WAITING]
    if left:
        raise RuntimeError(f"The handler of {kind.name} left items unfinished: {left[:3]}")


def _save(job: Job, items: list[JobItem]) -> bool:
    """Store outcomes, counts and a longer lease; end the job with its last item."""
    now = timezone.now()
    for item in items:
        item.finished_at = now
    names = ("state", "outcome", "message", "link", "finished_at")
    bulk.update(
        JobItem, names, [(*(getattr(item, name) for name in names), item.pk) for item in items]
    )
    job.done += len(items)
    job.refused += sum(item.state == JobItem.State.REFUSED for item in items)
    job.failed += sum(item.state == JobItem.State.FAILED for item in items)
    job.outcomes = dict(Counter(job.outcomes) + Counter(item.outcome for item in items))
    job.lease_expires_at = _lease_end()
    if job.done >= job.total:
        job.state = Job.State.DONE
        job.finished_at = now
        job.lease_token = job.lease_expires_at = None
    job.save(
        update_fields=[
            "done",
            "refused",
            "failed",
            "outcomes",
            "lease_expires_at",
            "lease_token",
            "state",
            "finished_at",
        ]
    )
    return job.is_finished


def _release(job_id: uuid.UUID, token: uuid.UUID) -> None:
    """Let the next sweep take the job up at once; if even that fails, its lease runs out."""
    try:
        Job.objects.filter(pk=job_id, lease_token=token).update(lease_expires_at=timezone.now())
    except DATABASE_TROUBLE:
        logger.warning("Job %s could not be released; its lease will run out", job_id)


def _lease_end() -> datetime:
    return timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)
