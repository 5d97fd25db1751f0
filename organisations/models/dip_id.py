"""The identities under which a company acts on the DIP."""

from datetime import date

from django.db import models
from django.db.models import F, Q

from dip_portal.lib import validation
from organisations.models.organisation import Organisation
from organisations.roles import DipRoleCode


class Mpid(models.Model):
    """A market participant identifier, four characters, held by one company."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="mpids")
    code = models.CharField(
        "MPID", max_length=4, unique=True, validators=[validation.validate_mpid]
    )

    class Meta:
        verbose_name = "MPID"
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(code__regex=validation.MPID_PATTERN), name="mpid_form"
            )
        ]

    def __str__(self) -> str:
        return self.code


class DipId(models.Model):
    """The ten-digit identity of one (MPID, role) pair.

    The effective dates (MPR) are copied from UIT as they are, and count in Production
    only once the DIP Manager has set them there under PAB guidance:
    `effective_dates_set_at` says when.
    """

    mpid = models.ForeignKey(Mpid, on_delete=models.PROTECT, related_name="dip_ids")
    dip_id = models.CharField(
        "DIP ID", max_length=10, unique=True, validators=[validation.validate_dip_id]
    )
    mpr_role_code = models.CharField(
        "market participant role code",
        max_length=1,
        blank=True,
        validators=[validation.validate_mpr_role_code],
    )
    dip_role_code = models.CharField("DIP role code", max_length=5, choices=DipRoleCode.choices)
    effective_from_date = models.DateField("effective from date (MPR)", null=True, blank=True)
    effective_to_date = models.DateField("effective to date (MPR)", null=True, blank=True)
    effective_dates_set_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "DIP ID"
        ordering = ["dip_id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(dip_id__regex=validation.DIP_ID_PATTERN), name="dip_id_form"
            ),
            models.CheckConstraint(
                condition=Q(mpr_role_code__regex=validation.MPR_ROLE_CODE_PATTERN),
                name="dip_id_mpr_role_code_form",
            ),
            models.CheckConstraint(
                condition=Q(dip_role_code__in=DipRoleCode.values), name="dip_id_role_known"
            ),
            models.CheckConstraint(
                condition=Q(effective_to_date__isnull=True)
                | Q(effective_to_date__gt=F("effective_from_date")),
                name="dip_id_effective_from_before_to",
                violation_error_message="The effective to date must be after the from date.",
            ),
            models.UniqueConstraint(
                fields=["mpid", "dip_role_code"],
                name="dip_id_one_per_mpid_and_role",
                violation_error_message="This MPID already has a DIP ID for that role.",
            ),
        ]

    def __str__(self) -> str:
        return self.dip_id

    def is_operational_on(self, day: date) -> bool:
        """Tell whether the DIP ID may act on this day."""
        return self.state_on(day) == "operational"

    def state_on(self, day: date) -> str:
        """Return what the effective dates make of the DIP ID on this day, in words."""
        if self.effective_from_date is None:
            return "no effective from date"
        if self.effective_dates_set_at is None:
            return "awaiting DIP Manager"
        if day < self.effective_from_date:
            return "not yet effective"
        if self.effective_to_date is not None and day > self.effective_to_date:
            return "ended"
        return "operational"


class DcpId(models.Model):
    """A DIP Connection Provider's identity, ten digits, shared with those that nominate it."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="dcp_ids")
    dcp_id = models.CharField(
        "DCP ID", max_length=10, unique=True, validators=[validation.validate_dip_id]
    )

    class Meta:
        verbose_name = "DCP ID"
        ordering = ["dcp_id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(dcp_id__regex=validation.DIP_ID_PATTERN), name="dcp_id_form"
            )
        ]

    def __str__(self) -> str:
        return self.dcp_id
