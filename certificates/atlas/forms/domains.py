"""Claiming a domain, and the records of the test DNS."""

from typing import Any

from django import forms

from certificates.atlas.models import Account, DomainClaim, IdentityProfile, Method, RecordType
from certificates.atlas.models.accounts import DOMAIN_MAX_LENGTH
from certificates.atlas.models.dns import VALUE_MAX_LENGTH
from certificates.atlas.services.domains import authorized_emails


class NewDomainForm(forms.Form):
    """A domain, and the identity that claims it."""

    profile = forms.ModelChoiceField(
        label="Identity profile", queryset=IdentityProfile.objects.none(), empty_label=None
    )
    domain = forms.CharField(
        label="Domain",
        max_length=DOMAIN_MAX_LENGTH,
        help_text="Such as superenergy.co.uk; names under it are covered too.",
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )

    def __init__(self, data: Any = None, *, account: Account) -> None:
        super().__init__(data)
        active = account.profiles.filter(status=IdentityProfile.Status.ACTIVE)
        self.fields["profile"].queryset = active  # type: ignore[attr-defined]


class VerifyForm(forms.Form):
    """How control of the domain is shown, and where."""

    method = forms.ChoiceField(label="Method", choices=Method.choices, widget=forms.RadioSelect)
    authorization_domain = forms.ChoiceField(
        label="Authorization domain",
        help_text="DNS and HTTP: where the code is, at the domain or at what it lies under.",
    )
    address = forms.ChoiceField(
        label="E-mail address", required=False, help_text="E-mail: who gets the link."
    )

    def __init__(self, data: Any = None, *, claim: DomainClaim) -> None:
        super().__init__(data, initial={"method": Method.DNS})
        names = claim.authorization_domains
        self.fields["authorization_domain"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]
        addresses = [address for name in names for address in authorized_emails(claim, name)]
        self.fields["address"].choices = [(address, address) for address in addresses]  # type: ignore[attr-defined]

    @property
    def chosen_method(self) -> Method:
        """The method that was chosen."""
        return Method(self.cleaned_data["method"])


class ZoneForm(forms.Form):
    """A zone of the test DNS."""

    name = forms.CharField(
        label="Domain", max_length=DOMAIN_MAX_LENGTH, help_text="Such as superenergy.co.uk."
    )


class RecordForm(forms.Form):
    """A record of a zone; `name` is @ for the zone itself, or what stands before it."""

    name = forms.CharField(
        label="Name",
        max_length=DOMAIN_MAX_LENGTH,
        initial="@",
        help_text="@ for the zone itself, or what stands before it, such as www.",
    )
    type = forms.ChoiceField(label="Type", choices=RecordType.choices)
    value = forms.CharField(
        label="Value", max_length=VALUE_MAX_LENGTH, help_text="Of a TXT record: without quotes."
    )
