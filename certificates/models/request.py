"""A certificate that a company asked for, on its way through Atlas."""

import uuid

from django.db import models
from django.db.models import Q

from certificates.models.certificate import Certificate
from organisations.models import Organisation

_TONES = {
    "REQUESTED": "info",
    "WAITING": "info",
    "ISSUED": "success",
    "REFUSED": "danger",
    "WITHDRAWN": "neutral",
}


class CertificateRequest(models.Model):
    """A row of work for certificates.services.issuing, which any worker may take up again.

    `serial` is known once Atlas has taken the order; `tried_at` is when the order was sent
    first, from when on an answer may have been lost. `problem` says why it still waits,
    `reason` why it was refused; both are for people.
    """

    class State(models.TextChoices):
        REQUESTED = "REQUESTED", "Requested"
        WAITING = "WAITING", "Waiting for Atlas"
        ISSUED = "ISSUED", "Issued"
        REFUSED = "REFUSED", "Refused"
        WITHDRAWN = "WITHDRAWN", "Withdrawn"

    OPEN = (State.REQUESTED, State.WAITING)

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="certificate_requests"
    )
    purpose = models.CharField(max_length=7, choices=Certificate.Purpose)
    csr_pem = models.TextField()
    dns_names = models.JSONField()
    key_fingerprint = models.CharField(max_length=64)
    renews = models.ForeignKey(
        Certificate, null=True, blank=True, on_delete=models.PROTECT, related_name="renewals"
    )
    requested_at = models.DateTimeField()
    requested_by = models.CharField(max_length=300)
    correlation_id = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.REQUESTED)
    serial = models.CharField(max_length=40, blank=True)
    certificate = models.OneToOneField(
        Certificate, null=True, blank=True, on_delete=models.PROTECT, related_name="request"
    )
    reason = models.TextField(blank=True)
    problem = models.TextField(blank=True)
    attempts = models.PositiveIntegerField(default=0)
    tried_at = models.DateTimeField(null=True, blank=True)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    claim_token = models.UUIDField(null=True, blank=True, default=None)
    claimed_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-requested_at", "-pk"]
        indexes = [models.Index(fields=["state", "next_attempt_at"], name="request_due")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="ISSUED", certificate__isnull=False)
                | (~Q(state="ISSUED") & Q(certificate=None)),
                name="request_issued_with_certificate",
            ),
            models.CheckConstraint(
                condition=~Q(state="REFUSED") | ~Q(reason=""), name="request_refused_with_reason"
            ),
            models.UniqueConstraint(
                fields=["organisation", "key_fingerprint", "purpose"],
                condition=Q(state__in=["REQUESTED", "WAITING"]),
                name="request_open_once_per_key",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} certificate for {', '.join(self.dns_names)}"

    @property
    def is_open(self) -> bool:
        """Tell whether work is left to do."""
        return self.state in self.OPEN

    @property
    def tone(self) -> str:
        """The tone of the badge that shows its state."""
        return _TONES[self.state]

    def claim(self) -> uuid.UUID:
        """Return a new token by which a worker knows that the row is still its own."""
        self.claim_token = uuid.uuid4()
        return self.claim_token
