"""A domain that a customer claims, and how its verification went."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q

from certificates.atlas.models.accounts import DOMAIN_MAX_LENGTH
from certificates.atlas.models.identities import IdentityProfile
from dip_portal.lib.validation import validate_domain

VERIFY_WITHIN = timedelta(days=30)  # seminar, 'Domains': created 7/3/2025, verify before 8/2/2025
VERIFIED_FOR = timedelta(days=397)
DESCRIPTION_MAX_LENGTH = 300


class Method(models.TextChoices):
    """How the control of a domain is shown."""

    DNS = "DNS", "DNS"
    HTTP = "HTTP", "HTTP"
    EMAIL = "EMAIL", "E-mail"


class DomainClaim(models.Model):
    """That an identity claims a domain, with the verification code (DVC) that proves it.

    A domain is verified until `expires_at`; it can be verified again before, by the same
    code or by a new one. `assert_by` is until when the present code may be used.
    `recheck_until` is set while Atlas looks again by itself, by `recheck_method` at
    `recheck_domain`. `approval_index` finds the claim by the link of its e-mail.
    """

    reference = models.CharField(max_length=32, unique=True)
    profile = models.ForeignKey(IdentityProfile, on_delete=models.PROTECT, related_name="claims")
    domain = models.CharField(max_length=DOMAIN_MAX_LENGTH, validators=[validate_domain])
    dvc = models.CharField("verification code", max_length=64)
    created_at = models.DateTimeField()
    assert_by = models.DateTimeField("verify before")
    expires_at = models.DateTimeField(null=True, blank=True)
    last_verified_at = models.DateTimeField(null=True, blank=True)
    last_method = models.CharField(max_length=5, choices=Method, blank=True)
    recheck_until = models.DateTimeField(null=True, blank=True)
    recheck_method = models.CharField(max_length=5, choices=Method, blank=True)
    recheck_domain = models.CharField(max_length=DOMAIN_MAX_LENGTH, blank=True)
    approval_index = models.CharField(max_length=64, null=True, blank=True, unique=True)
    approval_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["domain", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["profile", "domain"], name="domain_claimed_once"),
        ]
        indexes = [
            models.Index(
                fields=["recheck_until"],
                condition=Q(recheck_until__isnull=False),
                name="domain_claim_to_recheck",
            )
        ]

    def __str__(self) -> str:
        return self.domain

    def is_verified_at(self, now: datetime) -> bool:
        """Tell whether certificates may be issued for the domain at this moment."""
        return self.expires_at is not None and now < self.expires_at

    def is_code_good_at(self, now: datetime) -> bool:
        """Tell whether the present verification code may still be used."""
        return now < self.assert_by

    @property
    def authorization_domains(self) -> list[str]:
        """The names at which control may be shown: the domain, and what it lies under."""
        labels = self.domain.split(".")
        return [".".join(labels[start:]) for start in range(len(labels) - 1)]


class ClaimLog(models.Model):
    """One line of what happened to a claim."""

    class Status(models.TextChoices):
        SUCCESS = "SUCCESS", "Success"
        ERROR = "ERROR", "Error"
        INFO = "INFO", "Info"

    claim = models.ForeignKey(DomainClaim, on_delete=models.CASCADE, related_name="log")
    status = models.CharField(max_length=7, choices=Status)
    description = models.CharField(max_length=DESCRIPTION_MAX_LENGTH)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return self.description
