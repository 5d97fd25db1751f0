"""The forms of what a User Admin does with the company itself."""

from typing import Any

from django import forms

from dip_portal.lib import validation
from organisations.models import Organisation

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
