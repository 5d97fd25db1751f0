"""Every certificate that Atlas has issued to a company."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from certificates.atlas.models.accounts import Account
from certificates.atlas.models.authorities import CertificateAuthority
from certificates.atlas.models.credentials import ApiCredential, DipEnvironment
from certificates.atlas.models.identities import IdentityProfile


class Reason(models.TextChoices):
    """Why a certificate is revoked (RFC 5280, 5.3.1), as the HVCA API writes it."""

    UNSPECIFIED = "unspecified", "Unspecified"
    KEY_COMPROMISE = "keyCompromise", "Key compromise"
    AFFILIATION_CHANGED = "affiliationChanged", "Affiliation changed"
    SUPERSEDED = "superseded", "Superseded"
    CESSATION_OF_OPERATION = "cessationOfOperation", "Cessation of operation"
    PRIVILEGE_WITHDRAWN = "privilegeWithdrawn", "Privilege withdrawn"


class Certificate(models.Model):
    """A certificate: for the DIP (mTLS, signing, both), or for access to the HVCA API.

    `serial` is in capital hexadecimal digits, `key_fingerprint` the SHA-256 of its public
    key, `credential` the API credential by which it was asked for.
    """

    class Purpose(models.TextChoices):
        MTLS = "MTLS", "mTLS"
        SIGNING = "SIGNING", "Signing"
        BOTH = "BOTH", "mTLS and signing"
        ACCESS = "ACCESS", "Access to the HVCA API"

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="certificates")
    profile = models.ForeignKey(
        IdentityProfile, on_delete=models.PROTECT, related_name="certificates"
    )
    credential = models.ForeignKey(
        ApiCredential,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="certificates",
    )
    authority = models.ForeignKey(
        CertificateAuthority, on_delete=models.PROTECT, related_name="certificates"
    )
    environment = models.CharField(max_length=10, choices=DipEnvironment)
    purpose = models.CharField(max_length=7, choices=Purpose)
    serial = models.CharField(max_length=40, unique=True)
    thumbprint = models.CharField(max_length=64, unique=True)
    key_fingerprint = models.CharField(max_length=64, unique=True)
    common_name = models.CharField(max_length=253)
    dns_names = models.JSONField(default=list)
    subject = models.TextField()
    pem = models.TextField()
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    issued_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=20, choices=Reason, blank=True)

    class Meta:
        ordering = ["-issued_at", "-pk"]
        indexes = [
            models.Index(fields=["account", "-issued_at"], name="certificate_of_account"),
            models.Index(
                fields=["authority", "revoked_at"],
                condition=Q(revoked_at__isnull=False),
                name="certificate_revoked",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at=None, reason="")
                | (Q(revoked_at__isnull=False) & ~Q(reason="")),
                name="certificate_revoked_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.common_name} ({self.serial})"

    @property
    def is_revoked(self) -> bool:
        """Tell whether it is revoked."""
        return self.revoked_at is not None

    def is_good_at(self, now: datetime) -> bool:
        """Tell whether it is valid at this moment and not revoked."""
        return not self.is_revoked and self.not_before <= now < self.not_after
