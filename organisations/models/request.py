"""What a company asks the DIP Manager for."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from dip_portal.lib import validation
from organisations.models.organisation import Organisation


class DomainRequest(models.Model):
    """A company's request that an e-mail domain be whitelisted; the DIP Manager decides.

    `domain` is in canonical form (validation.canonical_domain), `reason` why a request was
    declined. Of one company and domain at most one request is pending.
    """

    class State(models.TextChoices):
        PENDING = "PENDING", "Waiting for the DIP Manager"
        APPROVED = "APPROVED", "Approved"
        DECLINED = "DECLINED", "Declined"
        WITHDRAWN = "WITHDRAWN", "Withdrawn"

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="domain_requests"
    )
    domain = models.CharField(max_length=253, validators=[validation.validate_domain])
    note = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.PENDING)
    requested_at = models.DateTimeField()
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="domain_requests"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = "domain request"
        ordering = ["-requested_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "domain"],
                condition=Q(state="PENDING"),
                name="domain_request_one_pending",
            ),
            models.CheckConstraint(
                condition=Q(state="PENDING", decided_at__isnull=True)
                | (~Q(state="PENDING") & Q(decided_at__isnull=False)),
                name="domain_request_decided_or_pending",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.domain} for {self.organisation}"

    @property
    def is_pending(self) -> bool:
        return self.state == self.State.PENDING
