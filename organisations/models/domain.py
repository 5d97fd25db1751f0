"""The e-mail domains from which a company's members may come."""

from django.db import models
from django.db.models import Q

from dip_portal.lib import validation
from organisations.models.organisation import Organisation


class WhitelistedDomain(models.Model):
    """An e-mail domain of the company's own, in canonical form (validation.canonical_domain).

    Domains that come with a nominated DCP are not rows here: they follow from the
    nomination and end with it (services.domains.allowed_domains).
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="whitelisted_domains"
    )
    domain = models.CharField(max_length=253, validators=[validation.validate_domain])

    class Meta:
        ordering = ["domain"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "domain"],
                name="whitelisted_domain_once_per_organisation",
                violation_error_message="This domain is already whitelisted for the company.",
            ),
            models.CheckConstraint(
                condition=Q(domain__regex=validation.DOMAIN_PATTERN.replace(r"(?=.{4,253}$)", "")),
                name="whitelisted_domain_form",
            ),
        ]

    def __str__(self) -> str:
        return self.domain
