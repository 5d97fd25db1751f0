"""The company itself, and the approval that lets it be promoted."""

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils.formats import date_format

from dip_portal.lib import validation
from organisations.roles import DcpStatus, DipRoleCode


class Organisation(models.Model):
    """A market participant; the portal says company.

    Its company types and role codes are those of its DIP IDs and are never stored.
    `setup_changed_at` moves with every change of what a promotion copies, so that the
    pipeline can tell an extract that is out of date. `revision` rises with every edit
    of the details: a form made for an older one is refused.
    """

    name = models.CharField(
        max_length=validation.NAME_MAX_LENGTH, validators=[validation.validate_plain_text]
    )
    company_number = models.CharField(
        max_length=10, unique=True, validators=[validation.validate_company_number]
    )
    description = models.TextField(
        blank=True,
        max_length=validation.DESCRIPTION_MAX_LENGTH,  # of a text field, the forms' business only
        validators=[
            MaxLengthValidator(validation.DESCRIPTION_MAX_LENGTH),
            validation.validate_plain_text,
        ],
    )
    dcp_status = models.CharField(
        "DCP status", max_length=9, choices=DcpStatus.choices, default=DcpStatus.DISABLED
    )
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    created_at = models.DateTimeField()
    setup_changed_at = models.DateTimeField()
    revision = models.PositiveIntegerField(default=1)
    details_verified_at = models.DateTimeField(null=True, blank=True)
    details_verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="verified_organisations",
    )

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(company_number__regex=validation.COMPANY_NUMBER_PATTERN),
                name="organisation_company_number_form",
            ),
            models.CheckConstraint(
                condition=Q(dcp_status__in=DcpStatus.values), name="organisation_dcp_status_known"
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=models.F("pk")),
                name="organisation_not_its_own_parent",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="organisation_has_a_name"),
        ]
        indexes = [models.Index(Upper("name"), name="organisation_by_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_dcp(self) -> bool:
        return self.dcp_status == DcpStatus.APPROVED

    @property
    def role_codes(self) -> list[str]:
        """DIP role codes of the company's DIP IDs, sorted; two queries unless prefetched."""
        return sorted(
            {dip_id.dip_role_code for mpid in self.mpids.all() for dip_id in mpid.dip_ids.all()}
        )

    @property
    def company_types(self) -> list[str]:
        """What the company is in words ('Supplier', 'Distributor'), from its role codes."""
        return [str(DipRoleCode(code).label) for code in self.role_codes]


class PabApproval(models.Model):
    """The Performance Assurance Board's approval of a company, as the DIP Manager recorded it.

    One at a time is in force; withdrawing it keeps the record.
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="pab_approvals"
    )
    reference = models.CharField(max_length=60, validators=[validation.validate_plain_text])
    approved_date = models.DateField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    recorded_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "PAB approval"
        ordering = ["-recorded_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"],
                condition=Q(withdrawn_at__isnull=True),
                name="pab_approval_one_in_force",
                violation_error_message="This company already has a PAB approval in force.",
            ),
            models.CheckConstraint(condition=~Q(reference=""), name="pab_approval_has_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} of {date_format(self.approved_date, 'j M Y')}"
