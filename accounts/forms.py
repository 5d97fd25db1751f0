"""Forms of `accounts`."""

from typing import Any

from allauth.account.forms import UserTokenForm
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as second_factor
from allauth.mfa.models import Authenticator
from django import forms
from django.conf import settings
from django.core.cache import cache

TOTP_PERIOD_SECONDS = 30  # RFC 6238, and what every authenticator app assumes


class AcceptTermsForm(forms.Form):
    """The one box that has to be ticked."""

    accept = forms.BooleanField(
        label="I have read the Terms of Use and accept them",
        error_messages={"required": "Tick the box to accept the Terms of Use."},
    )


class OpenAccountTokenForm(UserTokenForm):
    """The link of a password reset, which opens nothing for an account that is deactivated.

    allauth mails no link to such an account, but one may have been mailed before.
    """

    def _get_user(self, uidb36: str) -> Any:
        user = super()._get_user(uidb36)
        return user if user is not None and user.is_active else None


class _CodeWorksOnce:
    """Lets a code of an authenticator app in once, for as long as it would be let in at all.

    allauth forgets a code after one period; with the tolerance that is set here it is good
    for three (RFC 6238, section 5.2: the second attempt must be refused).
    """

    def clean_code(self) -> str:
        code: str = super().clean_code()  # type: ignore[misc]
        authenticator: Authenticator = self.authenticator  # type: ignore[attr-defined]
        if authenticator.type == Authenticator.Type.TOTP:
            digits = "".join(filter(str.isdigit, code))
            seconds = TOTP_PERIOD_SECONDS * (2 * settings.MFA_TOTP_TOLERANCE + 1)
            if not cache.add(f"totp-used:{authenticator.pk}:{digits}", "y", timeout=seconds):
                raise get_adapter().validation_error("incorrect_code")
        return code


class AuthenticateForm(_CodeWorksOnce, second_factor.AuthenticateForm):
    """The second factor at a sign-in."""


class ReauthenticateForm(_CodeWorksOnce, second_factor.ReauthenticateForm):
    """The second factor before a sensitive change."""
