"""The two API keys of a DIP ID."""

from django.db import models

from organisations.models.dip_id import DipId


class ApiKey(models.Model):
    """A DIP ID's primary or secondary API key: encrypted, and found by its blind index.

    The key itself is 32 hexadecimal digits (the seminar's DIP ID slide).
    """

    class Kind(models.TextChoices):
        PRIMARY = "PRIMARY", "Primary key"
        SECONDARY = "SECONDARY", "Secondary key"

    dip_id = models.ForeignKey(DipId, on_delete=models.CASCADE, related_name="api_keys")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    ciphertext = models.TextField()
    blind_index = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "API key"
        ordering = ["dip_id", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["dip_id", "kind"], name="api_key_one_of_each_kind"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["PRIMARY", "SECONDARY"]), name="api_key_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.dip_id}"
