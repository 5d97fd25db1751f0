"""What a company shows to the HVCA API: an API key with its secret, and an mTLS certificate."""

from django.db import models

from certificates.atlas.models.accounts import Account
from certificates.atlas.models.identities import IdentityProfile
from dip_portal.lib import validation


class DipEnvironment(models.TextChoices):
    """The environment of the DIP that a credential or a certificate is for."""

    UIT = "UIT", "UIT"
    PRODUCTION = "PRODUCTION", "Production"


class ApiCredential(models.Model):
    """An API key and its secret, for one identity and one environment of the DIP.

    Neither is kept: they are found and compared by their blind indexes. `index_key` names the
    encryption key of these, empty where that is not known. `hint` is the end of the API key, by
    which people know it again.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="credentials")
    profile = models.ForeignKey(
        IdentityProfile, on_delete=models.PROTECT, related_name="credentials"
    )
    environment = models.CharField(max_length=10, choices=DipEnvironment)
    name = models.CharField(max_length=60, validators=[validation.validate_plain_text])
    key_index = models.CharField(max_length=64, unique=True)
    secret_index = models.CharField(max_length=64)
    index_key = models.CharField(max_length=8, blank=True)
    hint = models.CharField(max_length=4)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API credential"
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        """Tell whether one can log in with it."""
        return self.revoked_at is None
