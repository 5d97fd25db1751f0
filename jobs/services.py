"""The verb of `jobs`: start."""

import itertools
import uuid
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from django.db import transaction
from django.utils import timezone

from dip_portal.lib import bulk, correlation, wake
from dip_portal.lib.text import storable, storable_json
from jobs import registry
from jobs.models import LABEL_LENGTH, Job, JobItem
from jobs.tasks import run

BATCH = 1000


class Actor(Protocol):
    """Who starts a job."""

    @property
    def user_id(self) -> int | None: ...
    @property
    def label(self) -> str: ...
    @property
    def address(self) -> str | None: ...


@transaction.atomic
def start(
    *,
    kind: str,
    actor: Actor,
    items: Iterable[tuple[str, Mapping[str, Any]]],
    label: str = "",
    back: str = "",
) -> Job:
    """Create a job with its items, in the caller's transaction; a worker is woken on commit.

    `items` are (label for people, payload of JSON for the handler). `back` is the URL of
    the page that started it. Raises UnknownKind.
    """
    registry.find(kind)
    job = Job.objects.create(
        kind=kind,
        label=storable(label, LABEL_LENGTH),
        back=back,
        created_at=timezone.now(),
        actor_user_id=actor.user_id,
        actor_label=storable(actor.label, LABEL_LENGTH),
        actor_address=actor.address,
        correlation_id=_correlation_id(),
    )
    numbered = enumerate(items, start=1)
    while batch := list(itertools.islice(numbered, BATCH)):
        bulk.insert_all(
            [
                JobItem(
                    job=job,
                    position=position,
                    label=storable(item_label, LABEL_LENGTH),
                    payload=storable_json(dict(payload)),
                )
                for position, (item_label, payload) in batch
            ]
        )
        job.total += len(batch)
    job.save(update_fields=["total"])
    wake.on_commit(run, str(job.pk))
    return job


def _correlation_id() -> str:
    """Return the id of the request, or for a job that no request starts one of its own."""
    current = correlation.current()
    return uuid.uuid4().hex if current == correlation.NONE else current
