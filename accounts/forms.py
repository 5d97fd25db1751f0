"""Forms of `accounts`."""

from django import forms


class AcceptTermsForm(forms.Form):
    """The one box that has to be ticked."""

    accept = forms.BooleanField(
        label="I have read the Terms of Use and accept them",
        error_messages={"required": "Tick the box to accept the Terms of Use."},
    )
