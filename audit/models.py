"""One event of the audit trail. Rows are added, and never changed or deleted."""

from typing import Any, ClassVar, NoReturn

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from audit.errors import UnableToChangeAuditTrail

LABEL_LENGTH = 255


def _refuse() -> NoReturn:
    raise UnableToChangeAuditTrail("An audit event is neither changed nor deleted.")


class EventQuerySet(models.QuerySet["Event"]):
    """Events; what would change or delete them is refused here and in the database."""

    def update(self, **values: Any) -> NoReturn:
        """Refuse: raises UnableToChangeAuditTrail."""
        _refuse()

    def delete(self) -> NoReturn:
        """Refuse: raises UnableToChangeAuditTrail."""
        _refuse()


class Event(models.Model):
    """That somebody did something to something: who, when, what before and after, from where.

    Actor, subject and company are copied in as they were, with no foreign key, so that an
    event outlives what it tells of. `before` and `after` hold only what differs. The
    database refuses UPDATE and DELETE by triggers (migration 0001).
    """

    at = models.DateTimeField()
    actor_user_id = models.BigIntegerField(null=True, blank=True)
    actor_label = models.CharField("who", max_length=LABEL_LENGTH)
    address = models.GenericIPAddressField("from address", null=True, blank=True)
    action = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=100)
    subject_id = models.CharField(max_length=64)
    subject_label = models.CharField("what", max_length=LABEL_LENGTH)
    organisation_id = models.BigIntegerField("company id", null=True, blank=True)
    before = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    correlation_id = models.CharField(max_length=64)

    objects: ClassVar[models.Manager["Event"]] = EventQuerySet.as_manager()

    class Meta:
        verbose_name = "audit event"
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["-at", "-id"], name="event_newest_first"),
            models.Index(fields=["organisation_id", "-at", "-id"], name="event_of_company"),
            models.Index(fields=["subject_type", "subject_id"], name="event_of_subject"),
            models.Index(fields=["actor_user_id", "-at"], name="event_of_actor"),
            models.Index(fields=["correlation_id"], name="event_of_request"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_label} {self.action} {self.subject_label}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the event. Raises UnableToChangeAuditTrail for one that is recorded already."""
        if not self._state.adding:
            _refuse()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: raises UnableToChangeAuditTrail."""
        _refuse()
