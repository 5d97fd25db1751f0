"""The one row that says which environment a database belongs to."""

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
