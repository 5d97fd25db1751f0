"""Who may act for a company, and how."""

from datetime import date, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q

from organisations.models.dip_id import DipId
from organisations.models.grant import HAS_A_ROLE, Grant
from organisations.models.organisation import Organisation

EXPIRES_SOON = timedelta(days=30)


def active_on(day: date) -> Q:
    """Return what finds the memberships that let people in on a day, whose accounts are open."""
    return Q(offboarded_at=None, expires_date__gt=day, user__is_active=True)


class Membership(Grant):
    """A person's place in a company: one or more roles, until the expiry date.

    It is offboarded, never deleted. `expires_date` is the first day without access;
    `reminded_days` says which reminder of it went last: that of 30, 7 or 1 days before.
    `kept_domain` is an e-mail domain of the person's that is not whitelisted any more, in
    spite of which a User Admin keeps them.
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="memberships"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships"
    )
    dip_ids = models.ManyToManyField(DipId, blank=True, related_name="memberships")
    expires_date = models.DateField()
    reminded_days = models.PositiveSmallIntegerField(null=True, blank=True)
    kept_domain = models.CharField(max_length=253, blank=True)
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
            models.CheckConstraint(condition=HAS_A_ROLE, name="membership_has_a_role"),
        ]
        indexes = [
            models.Index(
                fields=["expires_date"],
                condition=Q(offboarded_at__isnull=True),
                name="membership_by_expiry",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.organisation}"

    def is_active_on(self, day: date) -> bool:
        """Tell whether the membership gives access on this day."""
        return self.offboarded_at is None and day < self.expires_date

    def state_on(self, day: date) -> str:
        """Return 'offboarded', 'expired', 'expiring' (within 30 days) or 'active'."""
        if self.offboarded_at is not None:
            return "offboarded"
        if day >= self.expires_date:
            return "expired"
        return "expiring" if self.expires_date <= day + EXPIRES_SOON else "active"
