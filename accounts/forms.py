"""Forms of `accounts`."""

from typing import Any

from allauth.account.forms import UserTokenForm
from django import forms


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
