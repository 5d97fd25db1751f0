"""The forms of a company in the admin: the shape of what the DIP Manager types.

What may be so is the services' and the database's to say.
"""

from typing import Any

from django import forms

from dip_portal.lib import validation
from dip_portal.lib.keys import RowsField
from organisations.admin_lists import DateInput
from organisations.models import DipId, Mpid, Organisation
from organisations.roles import DcpStatus, DipRoleCode

ID_LENGTH = 10  # of a DIP ID and of a DCP ID


class DetailsForm(forms.Form):
    """What a company is called, its number, what it says of itself, and its DCP status."""

    name = forms.CharField(label="Company name", max_length=validation.NAME_MAX_LENGTH)
    company_number = forms.CharField(
        label="Company number",
        max_length=ID_LENGTH,
        help_text="Six to ten letters or digits, as at Companies House.",
    )
    description = forms.CharField(
        label="Description",
        max_length=validation.DESCRIPTION_MAX_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    dcp_status = forms.ChoiceField(
        label="DCP status",
        choices=DcpStatus.choices,
        initial=DcpStatus.DISABLED,
        help_text="Whether the company acts as a DIP Connection Provider.",
    )


class CompanyForm(forms.Form):
    """A form on the page of one company, `company`; its fields' ids begin with its own name."""

    def __init__(self, data: Any = None, *, company: Organisation, **options: Any) -> None:
        super().__init__(data, auto_id=f"{type(self).__name__}_%s", **options)
        self.company = company


class EditDetailsForm(CompanyForm, DetailsForm):
    """The details as they stand; `revision` tells whether they have changed meanwhile."""

    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, company: Organisation, **options: Any) -> None:
        initial = {name: getattr(company, name) for name in self.base_fields}
        super().__init__(data, company=company, initial=initial, **options)


class ApprovalForm(CompanyForm):
    """The PAB's approval: its reference and its day."""

    reference = forms.CharField(label="PAB reference", max_length=60)
    approved_date = forms.DateField(label="Approved on", widget=DateInput())


class DomainForm(CompanyForm):
    """A domain from which members may come."""

    domain = forms.CharField(
        label="Domain",
        max_length=300,
        help_text="The part after the @, such as superenergy.co.uk. Its sub-domains are not "
        "included.",
    )


class MpidForm(CompanyForm):
    """A market participant identifier."""

    code = forms.CharField(
        label="MPID", max_length=4, help_text="Four letters or digits, such as SUPR."
    )


class DipIdForm(CompanyForm):
    """A DIP ID: the MPID and the role it stands for."""

    mpid = forms.ModelChoiceField(label="MPID", queryset=Mpid.objects.none(), empty_label=None)
    dip_role_code = forms.ChoiceField(
        label="DIP role",
        choices=[(role.value, f"{role.value} {role.label}") for role in DipRoleCode],
    )
    mpr_role_code = forms.CharField(
        label="Market participant role code",
        max_length=1,
        required=False,
        help_text="One letter or digit, such as X for a supplier. It may be left empty.",
    )
    dip_id = forms.CharField(
        label="DIP ID",
        max_length=ID_LENGTH,
        required=False,
        help_text="Ten digits. Leave it empty to be given a free one.",
    )

    def __init__(self, data: Any = None, *, company: Organisation, **options: Any) -> None:
        super().__init__(data, company=company, **options)
        mpids: forms.ModelChoiceField[Mpid] = self.fields["mpid"]  # type: ignore[assignment]
        mpids.queryset = company.mpids.select_related("organisation")


class EffectiveDatesForm(CompanyForm):
    """The effective dates of the DIP IDs that are ticked."""

    dip_ids = RowsField(
        label="DIP IDs",
        queryset=DipId.objects.none(),
        error_messages={"required": "Tick the DIP IDs that these dates are for."},
    )
    effective_from_date = forms.DateField(label="Effective from date (MPR)", widget=DateInput())
    effective_to_date = forms.DateField(
        label="Effective to date (MPR)",
        widget=DateInput(),
        required=False,
        help_text="Leave it empty for no end.",
    )

    def __init__(self, data: Any = None, *, company: Organisation, **options: Any) -> None:
        super().__init__(data, company=company, **options)
        chosen: forms.ModelMultipleChoiceField[DipId] = self.fields["dip_ids"]  # type: ignore[assignment]
        chosen.queryset = DipId.objects.filter(mpid__organisation=company)

    @property
    def ticked(self) -> set[str]:
        """The DIP IDs that were ticked when the form came in, as the browser names them."""
        data: Any = self.data
        return set(data.getlist("dip_ids")) if self.is_bound else set()


class DcpIdForm(CompanyForm):
    """A DCP ID of a company that acts as a DIP Connection Provider."""

    dcp_id = forms.CharField(
        label="DCP ID",
        max_length=ID_LENGTH,
        required=False,
        help_text="Ten digits. Leave it empty to be given a free one.",
    )


class DcpDecisionForm(forms.Form):
    """Why a company that asked for DCP status does not get it; its User Admins read it."""

    reason = forms.CharField(
        label="Reason, if you decline",
        max_length=500,
        required=False,
        validators=[validation.validate_plain_text],
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="The company’s User Admins are told this by e-mail.",
    )


class DcpForm(forms.Form):
    """A DIP Connection Provider, named by its DCP ID."""

    dcp_id_code = forms.CharField(
        label="DCP ID",
        max_length=ID_LENGTH,
        widget=forms.TextInput(attrs={"list": "known-dcp-ids", "autocomplete": "off"}),
        help_text="Ten digits, shared by the DCP. One that is not in this environment yet is "
        "kept, and completes when that DCP comes.",
    )
    whitelists_domains = forms.BooleanField(label="Whitelist DCP’s domains", required=False)


class NominationForm(CompanyForm, DcpForm):
    """Which DIP Connection Provider connects on the company's behalf, and for what."""

    dip_id = forms.ModelChoiceField(
        label="Nominate for",
        queryset=DipId.objects.none(),
        required=False,
        empty_label="All of the company",
    )
    field_order = ("dip_id", "dcp_id_code", "whitelists_domains")

    def __init__(self, data: Any = None, *, company: Organisation, **options: Any) -> None:
        super().__init__(data, company=company, **options)
        dip_ids: forms.ModelChoiceField[DipId] = self.fields["dip_id"]  # type: ignore[assignment]
        dip_ids.queryset = DipId.objects.filter(mpid__organisation=company).select_related("mpid")
        dip_ids.label_from_instance = _dip_id_with_role  # type: ignore[method-assign, assignment]


def _dip_id_with_role(dip_id: DipId) -> str:
    return f"DIP ID {dip_id.dip_id} ({dip_id.mpid} {dip_id.dip_role_code})"
