"""What a company asks the DIP Manager for."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from dip_portal.lib import validation
from organisations.models.dip_id import DipId, Mpid
from organisations.models.organisation import Organisation
from organisations.roles import DipRoleCode


class CompanyRequest(models.Model):
    """What all requests of a company have. `reason` says why one was declined."""

    class State(models.TextChoices):
        PENDING = "PENDING", "Waiting for the DIP Manager"
        APPROVED = "APPROVED", "Approved"
        DECLINED = "DECLINED", "Declined"
        WITHDRAWN = "WITHDRAWN", "Withdrawn"

    note = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.PENDING)
    requested_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        abstract = True

    @property
    def is_pending(self) -> bool:
        return self.state == self.State.PENDING


class DomainRequest(CompanyRequest):
    """A company's request that an e-mail domain be whitelisted; the DIP Manager decides.

    `domain` is in canonical form (validation.canonical_domain). Of one company and domain at
    most one request is pending.
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="domain_requests"
    )
    domain = models.CharField(max_length=253, validators=[validation.validate_domain])
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="domain_requests"
    )

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


class RoleRequest(CompanyRequest):
    """A company's request for a DIP role of one of its MPIDs; the DIP Manager decides.

    Approved, the MPID is qualified for the role: a User Admin creates the DIP ID, which is
    `dip_id` from then on.
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="role_requests"
    )
    mpid = models.ForeignKey(Mpid, on_delete=models.CASCADE, related_name="role_requests")
    dip_role_code = models.CharField("DIP role code", max_length=5, choices=DipRoleCode.choices)
    mpr_role_code = models.CharField(
        "market participant role code",
        max_length=1,
        blank=True,
        validators=[validation.validate_mpr_role_code],
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="role_requests"
    )
    dip_id = models.OneToOneField(
        DipId, null=True, blank=True, on_delete=models.SET_NULL, related_name="role_request"
    )

    class Meta:
        verbose_name = "DIP role request"
        ordering = ["-requested_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["mpid", "dip_role_code"],
                condition=Q(state="PENDING"),
                name="role_request_one_pending",
            ),
            models.CheckConstraint(
                condition=Q(state="PENDING", decided_at__isnull=True)
                | (~Q(state="PENDING") & Q(decided_at__isnull=False)),
                name="role_request_decided_or_pending",
            ),
            models.CheckConstraint(
                condition=Q(dip_id__isnull=True) | Q(state="APPROVED"),
                name="role_request_used_if_approved",
            ),
            models.CheckConstraint(
                condition=Q(dip_role_code__in=DipRoleCode.values), name="role_request_role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dip_role_code} for MPID {self.mpid}"
