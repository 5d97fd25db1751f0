"""What a member may do, and a person who is invited will."""

from collections.abc import Collection
from typing import Any

from django.db import models
from django.db.models import Q

from organisations.roles import Role

ROLE_FIELDS = {
    Role.USER_ADMIN: "is_user_admin",
    Role.CERTIFICATE_ADMIN: "is_certificate_admin",
    Role.MESSAGE_ADMIN: "is_message_admin",
    Role.ANALYTICS_READER: "is_analytics_reader",
}
HAS_A_ROLE = (
    Q(is_user_admin=True)
    | Q(is_certificate_admin=True)
    | Q(is_message_admin=True)
    | Q(is_analytics_reader=True)
)


class Grant(models.Model):
    """One or more roles in a company, for all of its DIP IDs or for some.

    A concrete model has `dip_ids`, which count only where `all_dip_ids` is false, and an
    `organisation`. `revision` rises with every edit: a form made for an older one is refused.
    """

    is_user_admin = models.BooleanField(default=False)
    is_certificate_admin = models.BooleanField(default=False)
    is_message_admin = models.BooleanField(default=False)
    is_analytics_reader = models.BooleanField(default=False)
    all_dip_ids = models.BooleanField("Member of All DIP IDs", default=True)
    revision = models.PositiveIntegerField(default=1)
    dip_ids: Any  # of DipId, in each concrete model

    class Meta:
        abstract = True

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(role for role in Role if getattr(self, ROLE_FIELDS[role]))

    @roles.setter
    def roles(self, roles: Collection[Role]) -> None:
        for role, field in ROLE_FIELDS.items():
            setattr(self, field, role in roles)

    @property
    def role_labels(self) -> list[str]:
        return [str(role.label) for role in Role if role in self.roles]

    @property
    def role_codes(self) -> str:
        """The DIP role codes of the DIP IDs in words, 'All' for all; no query if prefetched."""
        if self.all_dip_ids:
            return "All"
        return ", ".join(sorted({dip_id.dip_role_code for dip_id in self.dip_ids.all()}))
