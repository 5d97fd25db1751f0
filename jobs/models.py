"""A job and its items: the whole state of long work, safe in the database."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q

from dip_portal.lib.text import storable
from jobs.registry import title_of

LABEL_LENGTH = 255
MESSAGE_LENGTH = 2000
_uuid4: Callable[[], uuid.UUID] = uuid.uuid4


@dataclass(frozen=True, kw_only=True)
class JobActor:
    """Who started a job, as the audit trail wants to know it."""

    user_id: int | None
    label: str
    address: str | None


class Job(models.Model):
    """One piece of long work: a list of items of one kind, done by the handler of that kind.

    A worker holds a lease: it writes only while `lease_token` is still its own.
    `attempts` counts how often a worker took the job up. `outcomes` counts the finished
    items by their outcome.
    """

    class State(models.TextChoices):
        """Where a job stands."""

        QUEUED = "QUEUED", "Queued"
        RUNNING = "RUNNING", "Running"
        DONE = "DONE", "Done"

    id = models.UUIDField(primary_key=True, default=_uuid4, editable=False)
    kind = models.CharField(max_length=60)
    label = models.CharField(max_length=LABEL_LENGTH, blank=True)
    back = models.CharField("URL to go back to", max_length=500, blank=True)
    state = models.CharField(max_length=7, choices=State.choices, default=State.QUEUED)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField("finished items", default=0)
    refused = models.PositiveIntegerField("refused items", default=0)
    failed = models.PositiveIntegerField("failed items", default=0)
    outcomes = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    actor_user_id = models.BigIntegerField(null=True, blank=True)
    actor_label = models.CharField("started by", max_length=LABEL_LENGTH)
    actor_address = models.GenericIPAddressField(null=True, blank=True)
    correlation_id = models.CharField(max_length=64)
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    lease_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    attempts = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["-created_at"], name="job_newest_first"),
            models.Index(fields=["created_at"], name="job_unfinished", condition=~Q(state="DONE")),
            models.Index(fields=["correlation_id"], name="job_of_request"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["QUEUED", "RUNNING", "DONE"]), name="job_state_known"
            ),
            models.CheckConstraint(condition=Q(done__lte=F("total")), name="job_done_within_total"),
            models.CheckConstraint(
                condition=~Q(state="DONE") | Q(done=F("total")), name="job_done_when_all_are"
            ),
        ]

    def __str__(self) -> str:
        return self.label or self.title

    @property
    def actor(self) -> JobActor:
        """Who started the job, usable as the actor of an audit event."""
        return JobActor(
            user_id=self.actor_user_id, label=self.actor_label, address=self.actor_address
        )

    @property
    def title(self) -> str:
        """What jobs of this kind are called."""
        return title_of(self.kind)

    @property
    def is_finished(self) -> bool:
        return self.state == self.State.DONE

    @property
    def succeeded(self) -> int:
        """How many items were done, neither refused nor failed."""
        return self.done - self.refused - self.failed

    @property
    def percent(self) -> int:
        """How much is finished, 0 to 100; 100 only when everything is."""
        if self.is_finished:
            return 100
        return min(99, self.done * 100 // self.total) if self.total else 0


class JobItem(models.Model):
    """One thing of a job, with what became of it.

    A handler calls `finish` or `refuse`, which set attributes; the runner saves them in
    the handler's own transaction.
    """

    class State(models.TextChoices):
        """What became of an item."""

        WAITING = "WAITING", "Waiting"
        DONE = "DONE", "Done"
        REFUSED = "REFUSED", "Refused"
        FAILED = "FAILED", "Failed"

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveIntegerField()
    label = models.CharField(max_length=LABEL_LENGTH)
    payload = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    outcome = models.CharField(max_length=60, blank=True)
    message = models.TextField(blank=True)
    link = models.CharField(max_length=500, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    # How often it was begun alone, in a job that workers died of.
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["job", "position"]
        constraints = [
            models.UniqueConstraint(fields=["job", "position"], name="job_item_position"),
            models.CheckConstraint(
                condition=Q(state__in=["WAITING", "DONE", "REFUSED", "FAILED"]),
                name="job_item_state_known",
            ),
        ]
        indexes = [
            models.Index(fields=["job", "state", "position"], name="job_item_by_state"),
        ]

    def __str__(self) -> str:
        return self.label

    def finish(self, outcome: str, message: str = "", link: str = "") -> None:
        """Say that the item is done: `outcome` is one word for the count ('imported')."""
        self._end(self.State.DONE, outcome, message, link)

    def refuse(self, message: str, link: str = "") -> None:
        """Say that the item is refused, without undoing the rest of the chunk."""
        self._end(self.State.REFUSED, "refused", message, link)

    def fail(self, message: str) -> None:
        """Say that the item failed for a reason that is not its reader's; the runner's word."""
        self._end(self.State.FAILED, "failed", message, "")

    def _end(self, state: State, outcome: str, message: str, link: str) -> None:
        self.state = state
        self.outcome = outcome
        self.message = storable(message, MESSAGE_LENGTH)
        self.link = link
