"""Users of one environment, and the Terms of Use they accepted."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from dip_portal.lib import validation


class UserManager(BaseUserManager["User"]):
    """Makes users; an e-mail address is always stored in lower case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a user; without a password, one who cannot sign in until it is set."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a DIP Manager (the name of this method is Django's)."""
        return self.create_user(email, password, **{"is_staff": True, **fields})

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Return the one stored form of an address: trimmed, all in lower case."""
        return (email or "").strip().lower()

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the user of this e-mail address, in whatever case it is written."""
        return self.get(email=self.normalize_email(username))


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in to this environment, known by their e-mail address.

    `is_staff` marks a DIP Manager. What anybody may do is decided by the policies of
    `organisations`; Django's own permissions are unused, and `has_perm` refuses all, so
    that an admin page that asks no policy is nobody's.
    """

    email = models.EmailField(
        "e-mail address",
        unique=True,
        error_messages={"unique": "Somebody with this e-mail address already has an account."},
    )
    first_name = models.CharField(max_length=100, validators=[validation.validate_plain_text])
    last_name = models.CharField(max_length=100, validators=[validation.validate_plain_text])
    is_active = models.BooleanField("may sign in", default=True)
    is_staff = models.BooleanField("DIP Manager", default=False)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["first_name", "last_name"]

    class Meta:
        ordering = ["email"]
        constraints = [
            # With the unique column: two addresses that differ only in case are one user.
            models.CheckConstraint(
                condition=Q(email=Lower(F("email"))), name="user_email_in_lower_case"
            ),
        ]

    def __str__(self) -> str:
        return self.full_name or self.email

    def clean(self) -> None:
        """Bring the address into its stored form before it is validated as unique."""
        self.email = UserManager.normalize_email(self.email)

    @property
    def full_name(self) -> str:
        """The first and the last name; empty if neither is known."""
        return f"{self.first_name} {self.last_name}".strip()

    def get_full_name(self) -> str:
        """Return the name that the admin shows (the name of this method is Django's)."""
        return self.full_name

    @property
    def initials(self) -> str:
        """One or two capital letters that stand for the person at the top right."""
        letters = self.first_name[:1] + self.last_name[:1]
        return (letters or self.email[:1]).upper()

    @property
    def is_dip_manager(self) -> bool:
        """Tell whether the person operates the DIP in this environment."""
        return self.is_active and self.is_staff

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Refuse: rights are the policies' alone."""
        return False

    def has_module_perms(self, app_label: str) -> bool:
        """Let a DIP Manager see an app in the admin; its pages still ask the policies."""
        return self.is_dip_manager


class TermsAcceptance(models.Model):
    """That a person accepted one version of the Terms of Use, when, and from where."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="terms_acceptances",
    )
    version = models.CharField(max_length=20)
    accepted_at = models.DateTimeField(default=timezone.now)
    address = models.GenericIPAddressField("from address", null=True, blank=True)

    class Meta:
        verbose_name = "acceptance of the Terms of Use"
        verbose_name_plural = "acceptances of the Terms of Use"
        ordering = ["-accepted_at"]
        constraints = [
            models.UniqueConstraint(fields=["user", "version"], name="terms_accepted_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} accepted version {self.version}"
