"""The form in which the Primary User Admin verifies the company."""

from collections.abc import Mapping
from typing import Any

from django import forms

from dip_portal.lib import validation
from organisations.models import Organisation


def _confirmation(label: str, what: str) -> forms.BooleanField:
    return forms.BooleanField(
        label=label, error_messages={"required": f"Tick the box to confirm the {what}."}
    )


class VerifyCompanyForm(forms.Form):
    """Name, number and description to confirm (all mandatory), and whether it acts as a DCP."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    name_is_right = _confirmation("The company name is right", "company name")
    company_number_is_right = _confirmation("The company number is right", "company number")
    description = forms.CharField(
        label="Description",
        max_length=validation.DESCRIPTION_MAX_LENGTH,
        validators=[validation.validate_plain_text],
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Describe the company in a sentence or two."},
        help_text="What your company does. You can correct it here.",
    )
    description_is_right = _confirmation("The description is right", "description")
    acts_as_dcp = forms.BooleanField(
        label="The company acts as a DIP Connection Provider (DCP)", required=False
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, organisation: Organisation
    ) -> None:
        super().__init__(
            data,
            initial={
                "revision": organisation.revision,
                "description": organisation.description,
                "acts_as_dcp": organisation.dcp_status != "DISABLED",
            },
        )
        dcp = self.fields["acts_as_dcp"]
        if organisation.is_dcp:
            dcp.disabled = True
            dcp.help_text = "Approved by the DIP Manager."
        else:
            dcp.help_text = (
                "It connects to the DIP on behalf of other companies. "
                "Tick this to ask the DIP Manager for DCP status."
            )
