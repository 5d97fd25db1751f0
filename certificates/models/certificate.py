"""A certificate with which a company, or its DIP Connection Provider, meets the DIP."""

from datetime import datetime

from cryptography import x509
from django.db import models
from django.db.models import Q

from organisations.models import Organisation


class Certificate(models.Model):
    """A certificate that Atlas issued for a company when the DIP asked for it.

    `serial` is in capital hexadecimal digits, `thumbprint` the SHA-256 of its DER in
    hexadecimal digits, `chain_pem` the issuing CA and the root, `revocation_reason` as RFC 5280
    (5.3.1) writes it. The private key is never here.
    """

    class Purpose(models.TextChoices):
        MTLS = "MTLS", "mTLS"
        SIGNING = "SIGNING", "Signing"
        BOTH = "BOTH", "mTLS and signing"

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="certificates"
    )
    purpose = models.CharField(max_length=7, choices=Purpose)
    serial = models.CharField(max_length=40)
    thumbprint = models.CharField(max_length=64, unique=True)
    subject = models.TextField()
    dns_names = models.JSONField(default=list)
    pem = models.TextField()
    chain_pem = models.TextField()
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    issued_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revocation_reason = models.CharField(max_length=20, blank=True)
    # Where the issuing CA says what is revoked (RFC 5280, 4.2.1.13), as the certificate has it.
    crl_url = models.URLField(max_length=500, blank=True)
    reminded_days = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["-issued_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(purpose__in=["MTLS", "SIGNING", "BOTH"]),
                name="dip_certificate_purpose_known",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None, revocation_reason="")
                | (Q(revoked_at__isnull=False) & ~Q(revocation_reason="")),
                name="dip_certificate_revoked_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} certificate {self.serial}"

    @property
    def is_revoked(self) -> bool:
        """Tell whether it is revoked, as far as the DIP knows."""
        return self.revoked_at is not None

    @property
    def is_for_mtls(self) -> bool:
        """Tell whether a TLS client may show it."""
        return self.purpose != self.Purpose.SIGNING

    @property
    def is_for_signing(self) -> bool:
        """Tell whether calls may be signed with its key."""
        return self.purpose != self.Purpose.MTLS

    def is_good_at(self, now: datetime) -> bool:
        """Tell whether it is valid at this moment and not revoked."""
        return not self.is_revoked and self.not_before <= now < self.not_after

    @property
    def x509(self) -> x509.Certificate:
        """The certificate itself."""
        return x509.load_pem_x509_certificate(self.pem.encode())
