"""Who may act for a company, and how."""

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import Q

from organisations.models.dip_id import DipId
from organisations.models.organisation import Organisation
from organisations.roles import Role


class Membership(models.Model):
    """A person's place in a company: one or more roles, until the expiry date.

    It is offboarded, never deleted. `expires_date` is the first day without access.
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="memberships"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships"
    )
    is_user_admin = models.BooleanField(default=False)
    is_certificate_admin = models.BooleanField(default=False)
    is_message_admin = models.BooleanField(default=False)
    is_analytics_reader = models.BooleanField(default=False)
    all_dip_ids = models.BooleanField("Member of All DIP IDs", default=True)
    dip_ids = models.ManyToManyField(DipId, blank=True, related_name="memberships")
    expires_date = models.DateField()
    created_at = models.DateTimeField()
    offboarded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["user__last_name", "user__first_name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "user"],
                condition=Q(offboarded_at__isnull=True),
                name="membership_one_per_person",
            ),
            models.CheckConstraint(
                condition=Q(is_user_admin=True)
                | Q(is_certificate_admin=True)
                | Q(is_message_admin=True)
                | Q(is_analytics_reader=True),
                name="membership_has_a_role",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.organisation}"

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(role for role in Role if getattr(self, ROLE_FIELDS[role]))

    @property
    def role_labels(self) -> list[str]:
        return [str(role.label) for role in Role if role in self.roles]

    def is_active_on(self, day: date) -> bool:
        """Tell whether the membership gives access on this day."""
        return self.offboarded_at is None and day < self.expires_date


ROLE_FIELDS = {
    Role.USER_ADMIN: "is_user_admin",
    Role.CERTIFICATE_ADMIN: "is_certificate_admin",
    Role.MESSAGE_ADMIN: "is_message_admin",
    Role.ANALYTICS_READER: "is_analytics_reader",
}
