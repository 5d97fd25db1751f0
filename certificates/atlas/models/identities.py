"""An identity that Atlas has vetted, in whose name certificates are issued."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from certificates.atlas.models.accounts import Account
from dip_portal.lib import validation

# The longest texts of a distinguished name (RFC 5280, appendix A.1).
ORGANISATION_MAX_LENGTH = 64
PLACE_MAX_LENGTH = 128

validate_profile_name = RegexValidator(
    r"^[A-Za-z0-9][A-Za-z0-9 _.-]*\Z",
    "Use letters, digits, spaces and - _ . and begin with a letter or digit.",
)
validate_country = RegexValidator(r"^[A-Z]{2}\Z", "A country is two capital letters, such as GB.")


class IdentityProfile(models.Model):
    """An organisation as it stands in the subject of its certificates, and how vetting stands.

    While vetting is delayed, `decide_at` is when it will be decided.
    """

    class Status(models.TextChoices):
        PENDING = "PENDING", "Pending vetting"
        ACTIVE = "ACTIVE", "Active"
        REFUSED = "REFUSED", "Refused"

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="profiles")
    name = models.CharField("profile name", max_length=50, validators=[validate_profile_name])
    organisation = models.CharField(
        "organisation name",
        max_length=ORGANISATION_MAX_LENGTH,
        validators=[validation.validate_plain_text],
    )
    locality = models.CharField(
        max_length=PLACE_MAX_LENGTH, validators=[validation.validate_plain_text]
    )
    state = models.CharField(
        "state or county",
        max_length=PLACE_MAX_LENGTH,
        validators=[validation.validate_plain_text],
        blank=True,
    )
    country = models.CharField(max_length=2, validators=[validate_country])
    status = models.CharField(max_length=8, choices=Status, default=Status.PENDING)
    refusal = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    decide_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            # A name that was refused may be asked for again.
            models.UniqueConstraint(
                fields=["account", "name"],
                condition=~Q(status="REFUSED"),
                name="identity_profile_name_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["decide_at"], condition=Q(status="PENDING"), name="identity_profile_due"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        """Tell whether certificates may be issued in this name."""
        return self.status == self.Status.ACTIVE
