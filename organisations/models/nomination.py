"""Who connects to the DIP on a company's behalf."""

from django.db import models
from django.db.models import Q

from dip_portal.lib import validation
from organisations.models.dip_id import DcpId, DipId
from organisations.models.organisation import Organisation


class Nomination(models.Model):
    """A company's nomination of a DIP Connection Provider, for all of it or for one DIP ID.

    `dip_id` is empty for the whole company. Until the DCP is in this environment,
    `dcp_id` is empty and `dcp_id_code` names it: the nomination is pending, and is
    completed when the DCP is imported (services.nominations.complete_pending).
    `whitelists_domains` is the form's 'Whitelist DCP's domains'.
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="nominations"
    )
    dip_id = models.ForeignKey(
        DipId, null=True, blank=True, on_delete=models.CASCADE, related_name="nominations"
    )
    dcp_id = models.ForeignKey(
        DcpId, null=True, blank=True, on_delete=models.PROTECT, related_name="nominations"
    )
    dcp_id_code = models.CharField(
        "DCP ID", max_length=10, db_index=True, validators=[validation.validate_dip_id]
    )
    whitelists_domains = models.BooleanField("Whitelist DCP's domains", default=False)

    class Meta:
        ordering = ["dip_id__dip_id", "dcp_id_code"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"],
                condition=Q(dip_id__isnull=True),
                name="nomination_one_per_organisation",
            ),
            models.UniqueConstraint(
                fields=["dip_id"],
                condition=Q(dip_id__isnull=False),
                name="nomination_one_per_dip_id",
            ),
            models.CheckConstraint(
                condition=Q(dcp_id_code__regex=validation.DIP_ID_PATTERN),
                name="nomination_dcp_id_form",
            ),
        ]

    def __str__(self) -> str:
        return f"DCP {self.dcp_id_code}"

    @property
    def is_pending(self) -> bool:
        return self.dcp_id_id is None
