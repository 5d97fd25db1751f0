"""Requesting an identity, and making an API credential of it."""

from typing import Any

from django import forms

from certificates.atlas.models import Account, DipEnvironment, IdentityProfile
from certificates.atlas.models.identities import ORGANISATION_MAX_LENGTH, PLACE_MAX_LENGTH


class RequestIdentityForm(forms.Form):
    """An organisation as it is to stand in certificates."""

    name = forms.CharField(
        label="Profile name",
        max_length=50,
        help_text="How you call it here, such as ELEXON-FLEX.",
    )
    organisation = forms.CharField(
        label="Organisation name",
        max_length=ORGANISATION_MAX_LENGTH,
        help_text="The registered name: it stands in the subject of every certificate.",
    )
    locality = forms.CharField(label="Locality", max_length=PLACE_MAX_LENGTH)
    state = forms.CharField(
        label="State or county", max_length=PLACE_MAX_LENGTH, required=False, help_text="Optional."
    )
    country = forms.CharField(
        label="Country", max_length=2, initial="GB", help_text="Two letters (ISO 3166), such as GB."
    )


class ApiCredentialForm(forms.Form):
    """Which identity and which environment of the DIP the credential is for."""

    name = forms.CharField(
        label="Name", max_length=60, help_text="By which you know it again, such as dip_uit."
    )
    environment = forms.ChoiceField(
        label="DIP environment",
        choices=DipEnvironment.choices,
        widget=forms.RadioSelect,
        help_text="Each environment needs credentials of its own.",
    )
    profile = forms.ModelChoiceField(
        label="Identity profile", queryset=IdentityProfile.objects.none(), empty_label=None
    )

    def __init__(self, data: Any = None, *, account: Account) -> None:
        super().__init__(data)
        active = account.profiles.filter(status=IdentityProfile.Status.ACTIVE)
        self.fields["profile"].queryset = active  # type: ignore[attr-defined]

    @property
    def chosen_environment(self) -> DipEnvironment:
        """The environment that was chosen."""
        return DipEnvironment(self.cleaned_data["environment"])
