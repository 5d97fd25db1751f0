"""A domain that a company claims at GlobalSign, for the names in its certificates."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from organisations.models import Organisation


class DomainRegistration(models.Model):
    """A domain claim at Atlas, as the DIP knew it when it asked last.

    `reference` is Atlas's id of the claim, `token` the verification code for the TXT record,
    which is public once it is in DNS. It is to be shown before `verify_before`.
    `record_added_at` is the tick 'record added'; `verified_until` is empty until it is verified.
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="domain_registrations"
    )
    domain = models.CharField(max_length=253)
    reference = models.CharField(max_length=100)
    token = models.CharField(max_length=200)
    verify_before = models.DateTimeField()
    registered_at = models.DateTimeField()
    record_added_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    verified_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["domain"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "domain"], name="domain_registration_once"
            ),
            models.CheckConstraint(condition=~Q(reference=""), name="domain_registration_is_atlas"),
        ]

    def __str__(self) -> str:
        return self.domain

    def is_verified_at(self, now: datetime) -> bool:
        """Tell whether certificates may be asked for names under the domain."""
        return self.verified_until is not None and now < self.verified_until

    def is_overdue_at(self, now: datetime) -> bool:
        """Tell whether the code's time is over, so that a new one is needed."""
        return not self.is_verified_at(now) and now >= self.verify_before

    def covers(self, name: str) -> bool:
        """Tell whether a DNS name is the domain, or lies under it."""
        return name == self.domain or name.endswith(f".{self.domain}")
