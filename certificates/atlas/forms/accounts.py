"""Registering a company, and the testers' switches."""

from django import forms
from django.contrib.auth.password_validation import validate_password

from accounts.models import User
from certificates.atlas.models import ApiMood, DnsMood, Issuance, Vetting
from certificates.atlas.models.accounts import COMPANY_NAME_MAX_LENGTH

PASSWORD_MAX_LENGTH = 200


def _password(label: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        strip=False,
        max_length=PASSWORD_MAX_LENGTH,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class RegisterForm(forms.Form):
    """A company, the person who signs in for it, and their password, twice."""

    company = forms.CharField(
        label="Company",
        max_length=COMPANY_NAME_MAX_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    first_name = forms.CharField(
        label="First name",
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    last_name = forms.CharField(
        label="Last name",
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )
    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )
    password = _password("Password")
    password_again = _password("Password again")

    def clean_password(self) -> str:
        """Return the password if it keeps the rules."""
        password: str = self.cleaned_data["password"]
        person = User(
            **{
                name: self.cleaned_data.get(name, "")
                for name in ("email", "first_name", "last_name")
            }
        )
        validate_password(password, person)
        return password

    def clean_password_again(self) -> str:
        """Return the second password if it is the first."""
        again: str = self.cleaned_data["password_again"]
        if self.cleaned_data.get("password", again) != again:
            raise forms.ValidationError("This is not the same password as above.")
        return again


class VettingForm(forms.Form):
    """How Atlas vets identities from now on."""

    vetting = forms.ChoiceField(label="Vetting", choices=Vetting.choices, widget=forms.RadioSelect)

    @property
    def chosen(self) -> Vetting:
        """What was chosen."""
        return Vetting(self.cleaned_data["vetting"])


class IssuanceForm(forms.Form):
    """How certificates are issued from now on."""

    issuance = forms.ChoiceField(
        label="Issuance by the API", choices=Issuance.choices, widget=forms.RadioSelect
    )

    @property
    def chosen(self) -> Issuance:
        """What was chosen."""
        return Issuance(self.cleaned_data["issuance"])


class ApiMoodForm(forms.Form):
    """How the API behaves from now on."""

    api = forms.ChoiceField(label="HVCA API", choices=ApiMood.choices, widget=forms.RadioSelect)

    @property
    def chosen(self) -> ApiMood:
        """What was chosen."""
        return ApiMood(self.cleaned_data["api"])


class DnsMoodForm(forms.Form):
    """What the test DNS serves from now on."""

    dns = forms.ChoiceField(
        label="What it serves", choices=DnsMood.choices, widget=forms.RadioSelect
    )

    @property
    def chosen(self) -> DnsMood:
        """What was chosen."""
        return DnsMood(self.cleaned_data["dns"])
