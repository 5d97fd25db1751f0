"""The row that says which environment a database belongs to, and the signs of life."""

from django.db import models


class EnvironmentStamp(models.Model):
    """Written at the first migrate; a process of another environment refuses the database."""

    environment = models.CharField(max_length=30)
    stamped_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="environment_stamp_one_row")
        ]

    def __str__(self) -> str:
        return self.environment


class Heartbeat(models.Model):
    """When a worker, or beat, was last known to work; dip_portal/heartbeat.py writes it.

    `lag_seconds` is how long the task that told of it had waited in the broker.
    """

    class Kind(models.TextChoices):
        """What gives signs of life."""

        WORKER = "WORKER", "Worker"
        BEAT = "BEAT", "Beat"

    kind = models.CharField(max_length=6, choices=Kind.choices)
    name = models.CharField(max_length=100)
    seen_at = models.DateTimeField()
    lag_seconds = models.FloatField(null=True, blank=True)
    version = models.CharField(max_length=30, blank=True)

    class Meta:
        ordering = ["kind", "name"]
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="heartbeat_of_one")]

    def __str__(self) -> str:
        return self.name
