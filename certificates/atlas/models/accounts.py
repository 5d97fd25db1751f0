"""A customer of Atlas, and the people who sign in for it."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from dip_portal.lib import validation

COMPANY_NAME_MAX_LENGTH = 200
DOMAIN_MAX_LENGTH = 253


class Vetting(models.TextChoices):
    """How Atlas vets the identities of an account: a switch for testers."""

    INSTANT = "INSTANT", "Instant: an identity is active at once"
    DELAYED = "DELAYED", "Delayed: an identity is pending first, then active"
    REFUSED = "REFUSED", "Refused: every identity is refused"


class Issuance(models.TextChoices):
    """How Atlas issues what an account asks for by the API: a switch for testers."""

    AT_ONCE = "AT_ONCE", "At once: a certificate can be retrieved when it was requested"
    DELAYED = "DELAYED", "Delayed: it is pending first (202), then it can be retrieved"
    REFUSED = "REFUSED", "Refused: every request for a certificate is refused (422)"


class ApiMood(models.TextChoices):
    """How the API behaves towards an account: a switch for testers."""

    NORMAL = "NORMAL", "Normal"
    SLOW = "SLOW", "Slow: every call takes its time"
    DOWN = "DOWN", "Down: every call is answered with 503, log-ins too"


class DnsMood(models.TextChoices):
    """What the test DNS serves of an account's zones: a switch for testers."""

    NORMAL = "NORMAL", "Normal: the records as they are"
    EMPTY = "EMPTY", "Empty: the zones are there, and have no records"


class Account(models.Model):
    """A company that is a customer of Atlas: everything here belongs to one."""

    name = models.CharField(
        "company",
        max_length=COMPANY_NAME_MAX_LENGTH,
        validators=[validation.validate_plain_text],
    )
    vetting = models.CharField(max_length=8, choices=Vetting, default=Vetting.INSTANT)
    issuance = models.CharField(max_length=7, choices=Issuance, default=Issuance.AT_ONCE)
    api = models.CharField(max_length=6, choices=ApiMood, default=ApiMood.NORMAL)
    dns = models.CharField(max_length=6, choices=DnsMood, default=DnsMood.NORMAL)
    # How many certificates may still be issued; a tester may want to see what happens at none.
    quota = models.PositiveIntegerField(default=100_000)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def unusual(self) -> list[str]:
        """What testers have switched from its usual state, a sentence each."""
        switches = (
            ("Vetting", Vetting(self.vetting), Vetting.INSTANT),
            ("Certificates by the API", Issuance(self.issuance), Issuance.AT_ONCE),
            ("API", ApiMood(self.api), ApiMood.NORMAL),
            ("Test DNS", DnsMood(self.dns), DnsMood.NORMAL),
        )
        return [
            f"{what}: {is_now.label.replace(': ', ' (', 1)})."
            for what, is_now, usual in switches
            if is_now != usual
        ]


class AccountUser(models.Model):
    """That a person signs in to Atlas for one account."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="users")
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="atlas_user"
    )

    class Meta:
        ordering = ["account", "pk"]

    def __str__(self) -> str:
        return f"{self.user} for {self.account}"
