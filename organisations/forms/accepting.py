"""The form behind an invitation's link."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password

from accounts.models import User
from organisations.models import Invitation

PASSWORD_MAX_LENGTH = 200


def _password(label: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        strip=False,
        max_length=PASSWORD_MAX_LENGTH,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class SetPasswordForm(forms.Form):
    """A new password, twice. The address is shown for the person and their password manager."""

    email = forms.EmailField(
        label="Your e-mail address",
        disabled=True,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "readonly": True}),
    )
    password = _password("Password")
    password_again = _password("Password again")

    def __init__(self, data: Mapping[str, Any] | None = None, *, invitation: Invitation) -> None:
        super().__init__(data, initial={"email": invitation.email})
        self.invitation = invitation

    def clean_password(self) -> str:
        """Return the password if it keeps the rules."""
        password: str = self.cleaned_data["password"]
        invited = self.invitation
        person = User(
            email=invited.email, first_name=invited.first_name, last_name=invited.last_name
        )
        validate_password(password, person)
        return password

    def clean_password_again(self) -> str:
        """Return the second password if it is the first."""
        again: str = self.cleaned_data["password_again"]
        if self.cleaned_data.get("password", again) != again:
            raise forms.ValidationError("This is not the same password as above.")
        return again
