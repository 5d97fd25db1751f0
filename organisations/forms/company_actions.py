"""The forms of what a User Admin does with the company itself."""

from collections.abc import Sequence
from typing import Any

from django import forms

from dip_portal.lib import validation
from organisations.models import Mpid, Organisation, RoleRequest
from organisations.roles import DipRoleCode

NOTE_MAX_LENGTH = 500


class DescriptionForm(forms.Form):
    """What the company says of itself; `revision` tells whether it has changed meanwhile."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    description = forms.CharField(
        label="Description",
        max_length=validation.DESCRIPTION_MAX_LENGTH,
        validators=[validation.validate_plain_text],
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="What your company does. It goes to Production with the company setup.",
    )

    def __init__(self, data: Any = None, *, company: Organisation) -> None:
        super().__init__(
            data, initial={"revision": company.revision, "description": company.description}
        )


class ChildForm(forms.Form):
    """A new child organisation."""

    name = forms.CharField(label="Company name", max_length=validation.NAME_MAX_LENGTH)
    company_number = forms.CharField(
        label="Company number",
        max_length=10,
        help_text="Six to ten letters or digits, as at Companies House.",
    )
    description = forms.CharField(
        label="Description",
        max_length=validation.DESCRIPTION_MAX_LENGTH,
        validators=[validation.validate_plain_text],
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="What the company does.",
    )


class CreateDcpIdForm(forms.Form):
    """How many DCP IDs the page showed, by which a form that is sent twice is known."""

    known = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class RoleRequestForm(forms.Form):
    """An MPID of the company, the DIP role that it shall have, and why."""

    mpid = forms.ModelChoiceField(label="MPID", queryset=Mpid.objects.none(), empty_label=None)
    dip_role_code = forms.ChoiceField(
        label="DIP role",
        choices=[(role.value, f"{role.value} – {role.label}") for role in DipRoleCode],
    )
    mpr_role_code = forms.CharField(
        label="Market participant role code",
        max_length=1,
        required=False,
        help_text="One letter, such as X for a supplier, if the role has one.",
    )
    note = forms.CharField(
        label="Note for the DIP Manager",
        max_length=NOTE_MAX_LENGTH,
        required=False,
        validators=[validation.validate_plain_text],
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="On what grounds the MPID is qualified for the role.",
    )

    def __init__(self, data: Any = None, *, company: Organisation) -> None:
        super().__init__(data)
        self.fields["mpid"].queryset = company.mpids.all()  # type: ignore[attr-defined]


class CreateDipIdForm(forms.Form):
    """One of the approved pairs of MPID and DIP role that have no DIP ID yet."""

    qualified = forms.TypedChoiceField(
        label="MPID and DIP role", coerce=int, widget=forms.RadioSelect
    )

    def __init__(self, data: Any = None, *, qualified: Sequence[RoleRequest]) -> None:
        super().__init__(data)
        self.fields["qualified"].choices = [  # type: ignore[attr-defined]
            (it.pk, f"{it.mpid}, {it.dip_role_code} – {it.get_dip_role_code_display()}")
            for it in qualified
        ]


class DomainRequestForm(forms.Form):
    """An e-mail domain, and why the company needs it."""

    domain = forms.CharField(
        label="Domain",
        max_length=300,
        help_text="The part of the e-mail addresses after the @, for example superenergy.co.uk. "
        "Sub-domains are domains of their own.",
    )
    note = forms.CharField(
        label="Note for the DIP Manager",
        max_length=NOTE_MAX_LENGTH,
        required=False,
        validators=[validation.validate_plain_text],
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Who uses the domain, and for what.",
    )
