"""The two API keys of a DIP ID."""

from django.db import models

from organisations.models.dip_id import DipId


class ApiKey(models.Model):
    """A DIP ID's primary or secondary API key: encrypted, and found by its blind index.

    The key itself is 32 hexadecimal digits (the seminar's DIP ID slide). `first_shown_at` is
    when the company first took it out of the portal, `last_used_at` when a call last came with
    it, to the minute, and `last_used_address` from where.
    """

    class Kind(models.TextChoices):
        PRIMARY = "PRIMARY", "Primary key"
        SECONDARY = "SECONDARY", "Secondary key"

    dip_id = models.ForeignKey(DipId, on_delete=models.CASCADE, related_name="api_keys")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    ciphertext = models.TextField()
    blind_index = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    first_shown_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_address = models.GenericIPAddressField(null=True, blank=True)

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
