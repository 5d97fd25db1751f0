"""With what the DIP calls Atlas for a company: the API credentials of Step 4.2."""

from datetime import datetime

from cryptography import x509
from django.conf import settings
from django.db import models

from organisations.models import Organisation


class SealedLogin(models.Model):
    """API key, secret and the PFX's key, sealed together; the certificate beside them.

    `sealed` opens with certificates.services.logins alone. The PFX's password is never kept.
    """

    sealed = models.TextField()
    key_hint = models.CharField(max_length=8)  # how the API key ends, to tell it by
    certificate_pem = models.TextField()
    chain_pem = models.TextField(blank=True)
    thumbprint = models.CharField(max_length=64)
    not_after = models.DateTimeField()

    class Meta:
        abstract = True

    @property
    def x509(self) -> x509.Certificate:
        """The certificate of the PFX."""
        return x509.load_pem_x509_certificate(self.certificate_pem.encode())


class AtlasCredential(SealedLogin):
    """The API credentials that a company has uploaded and saved: one set in an environment.

    `problem` is what Atlas said when it refused them last; empty while it takes them.
    """

    organisation = models.OneToOneField(
        Organisation, on_delete=models.PROTECT, related_name="atlas_credential"
    )
    saved_at = models.DateTimeField()
    saved_by = models.CharField(max_length=300)
    problem = models.TextField(blank=True)
    reminded_days = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["thumbprint"], name="atlas_credential_one_company")
        ]

    def __str__(self) -> str:
        return f"API credentials ending in {self.key_hint}"

    def is_good_at(self, now: datetime) -> bool:
        """Tell whether the certificate is in its dates and Atlas has not refused the set."""
        return not self.problem and now < self.not_after


class CredentialDraft(SealedLogin):
    """A set that passed 'Validate' and waits for 'Save': one for each person and company."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    validated_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "user"], name="credential_draft_one_per_person"
            )
        ]

    def __str__(self) -> str:
        return f"Validated set ending in {self.key_hint}"
