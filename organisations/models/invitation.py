"""An invitation to join a company, sent by e-mail."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from organisations.models.dip_id import DipId
from organisations.models.grant import HAS_A_ROLE, Grant
from organisations.models.membership import Membership
from organisations.models.organisation import Organisation

IS_OPEN = Q(accepted_at__isnull=True, revoked_at__isnull=True)


class Invitation(Grant):
    """The invitation of a person to be a member with these roles, for these DIP IDs.

    `is_primary` marks the DIP Manager's invitation of the Primary User Admin; all others
    are a User Admin's. Only a hash of the link's token is kept. At most one per address,
    and one of the Primary User Admin, is open (neither accepted nor revoked). `sent_at`
    is when the newest link was made. `replaces` is the User Admin whose place the Primary
    User Admin takes: that membership ends when the invitation is accepted.
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="invitations"
    )
    is_primary = models.BooleanField("of the Primary User Admin", default=False)
    dip_ids = models.ManyToManyField(DipId, blank=True, related_name="invitations")
    first_name = models.CharField(max_length=100)
    last_name = models.CharField(max_length=100)
    email = models.EmailField("e-mail address")
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="sent_invitations",
    )
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="accepted_invitations",
    )
    revoked_at = models.DateTimeField(null=True, blank=True)
    replaces = models.ForeignKey(
        Membership, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["-sent_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"],
                condition=IS_OPEN & Q(is_primary=True),
                name="invitation_one_open_primary",
            ),
            models.UniqueConstraint(
                fields=["organisation", "email"],
                condition=IS_OPEN,
                name="invitation_one_open_per_address",
            ),
            models.CheckConstraint(condition=HAS_A_ROLE, name="invitation_has_a_role"),
            models.CheckConstraint(
                condition=Q(is_primary=True) | Q(replaces__isnull=True),
                name="invitation_only_primary_replaces",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("sent_at")), name="invitation_expires_after_sent"
            ),
            models.CheckConstraint(
                condition=Q(email=Lower("email")), name="invitation_email_lower_case"
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | Q(revoked_at__isnull=True),
                name="invitation_not_accepted_and_revoked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.full_name} <{self.email}>"

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def is_open(self) -> bool:
        return self.accepted_at is None and self.revoked_at is None

    def is_redeemable_at(self, moment: datetime) -> bool:
        """Tell whether the link opens at this moment."""
        return self.is_open and moment < self.expires_at

    def state_at(self, moment: datetime) -> str:
        """Return 'accepted', 'revoked', 'expired' or 'invited'."""
        if self.accepted_at:
            return "accepted"
        if self.revoked_at:
            return "revoked"
        return "invited" if moment < self.expires_at else "expired"
