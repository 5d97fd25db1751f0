"""The outbox: every e-mail that this environment sent or has yet to send."""

import uuid
from collections.abc import Callable

from django.db import models
from django.db.models import Q

from dip_portal.lib import clock, secrets

PURPOSE = "mail"
SUBJECT_LENGTH = 200
ERROR_LENGTH = 500
REASON_LENGTH = 100
_uuid4: Callable[[], uuid.UUID] = uuid.uuid4


class OutgoingMail(models.Model):
    """One e-mail to one person, and how its delivery stands.

    Its bodies are sealed, for a link in them may be a key to an account; they are erased
    once it is sent, unless the setting SHOW_SENT_MAIL is on. `about` names what it is for
    ('invitation:12'). `claim_token` and `claimed_until` are the lease of the worker that
    is sending it. One that is overtaken goes out no more: what it says does not hold
    any more (its link is dead), and `overtaken_because` says why. After `good_until`, if it
    has one, its link has expired, and it is not tried again.
    """

    class State(models.TextChoices):
        """Where the delivery stands."""

        QUEUED = "QUEUED", "Queued"
        SENT = "SENT", "Sent"
        FAILED = "FAILED", "Failed"
        OVERTAKEN = "OVERTAKEN", "Overtaken"

    UNSENT = (State.QUEUED, State.FAILED)

    id = models.UUIDField(primary_key=True, default=_uuid4, editable=False)
    to = models.EmailField()
    template = models.CharField(max_length=60)
    subject = models.CharField(max_length=SUBJECT_LENGTH)
    message_id = models.CharField("Message-ID", max_length=255, unique=True)
    sealed_text = models.TextField(blank=True)
    sealed_html = models.TextField(blank=True)
    about = models.CharField(max_length=100, blank=True)
    organisation_id = models.BigIntegerField("company id", null=True, blank=True)
    correlation_id = models.CharField(max_length=64)
    state = models.CharField(max_length=9, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=ERROR_LENGTH, blank=True)
    overtaken_because = models.CharField(max_length=REASON_LENGTH, blank=True)
    queued_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    give_up_at = models.DateTimeField()
    good_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    claim_token = models.UUIDField(null=True, blank=True, editable=False)
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "e-mail"
        ordering = ["-queued_at", "-pk"]
        indexes = [
            models.Index(fields=["-queued_at"], name="mail_newest_first"),
            models.Index(
                fields=["next_attempt_at"], name="mail_to_deliver", condition=Q(state="QUEUED")
            ),
            models.Index(fields=["about"], name="mail_about", condition=~Q(about="")),
            models.Index(fields=["correlation_id"], name="mail_of_request"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["QUEUED", "SENT", "FAILED", "OVERTAKEN"]),
                name="mail_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="QUEUED") | Q(next_attempt_at__isnull=False),
                name="mail_queued_has_next_attempt",
            ),
            models.CheckConstraint(
                condition=~Q(state="SENT") | Q(sent_at__isnull=False), name="mail_sent_when"
            ),
            models.CheckConstraint(
                condition=Q(Q(state="OVERTAKEN") & ~Q(overtaken_because=""))
                | Q(~Q(state="OVERTAKEN") & Q(overtaken_because="")),
                name="mail_overtaken_why",
            ),
        ]

    def __str__(self) -> str:
        return f"“{self.subject}” to {self.to}"

    @property
    def is_sent(self) -> bool:
        return self.state == self.State.SENT

    @property
    def is_failed(self) -> bool:
        return self.state == self.State.FAILED

    @property
    def is_overtaken(self) -> bool:
        return self.state == self.State.OVERTAKEN

    @property
    def can_be_sent_again(self) -> bool:
        """Tell whether another attempt makes sense: it is not sent, and what it says holds."""
        return self.state in self.UNSENT and not self.is_out_of_date

    @property
    def is_out_of_date(self) -> bool:
        """Tell whether what it says, such as its link, has expired."""
        return self.good_until is not None and self.good_until <= clock.now()

    @property
    def is_in_trouble(self) -> bool:
        """Tell whether it waits for another attempt after one that did not work."""
        return self.state == self.State.QUEUED and bool(self.last_error)

    @property
    def text(self) -> str:
        """The text part in the clear; empty once erased. Raises UnableToDecrypt."""
        return secrets.decrypt(self.sealed_text, purpose=PURPOSE) if self.sealed_text else ""

    @property
    def html(self) -> str:
        """The HTML part in the clear; empty once erased. Raises UnableToDecrypt."""
        return secrets.decrypt(self.sealed_html, purpose=PURPOSE) if self.sealed_html else ""
