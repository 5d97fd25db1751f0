"""The one row of an environment's test controls."""

from datetime import timedelta

from django.db import models

from controls.offsets import LONGEST

MOST_WEBHOOK_DELAY_SECONDS = 3600


class TestControls(models.Model):
    """What is not as usual in this environment, on purpose. Without the row all is as usual."""

    __test__ = False  # pytest takes classes of this name for its own

    class Mail(models.TextChoices):
        """What becomes of the e-mails that this environment sends."""

        DELIVERED = "DELIVERED", "Delivered as usual"
        DEFERRED = "DEFERRED", "Refused for now (451): tried again later"
        REFUSED = "REFUSED", "Refused for good (550)"

    mail = models.CharField("outgoing mail", max_length=9, choices=Mail, default=Mail.DELIVERED)
    webhook_delay_seconds = models.PositiveIntegerField(
        "seconds until a webhook’s test event is sent", default=0
    )
    clock_ahead_seconds = models.PositiveBigIntegerField("test clock", default=0)

    class Meta:
        verbose_name = "test controls"
        verbose_name_plural = "test controls"
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="test_controls_one_row"),
            models.CheckConstraint(
                condition=models.Q(mail__in=["DELIVERED", "DEFERRED", "REFUSED"]),
                name="test_controls_mail_known",
            ),
            models.CheckConstraint(
                condition=models.Q(webhook_delay_seconds__lte=MOST_WEBHOOK_DELAY_SECONDS),
                name="test_controls_webhook_delay_at_most",
            ),
            models.CheckConstraint(
                condition=models.Q(clock_ahead_seconds__lte=int(LONGEST.total_seconds())),
                name="test_controls_clock_at_most",
            ),
        ]

    def __str__(self) -> str:
        return "test controls"

    @property
    def clock_ahead(self) -> timedelta:
        """How far the test clock is ahead of the real one."""
        return timedelta(seconds=self.clock_ahead_seconds)

    @property
    def webhook_delay(self) -> timedelta:
        """How long a webhook's test event waits before it is sent."""
        return timedelta(seconds=self.webhook_delay_seconds)
