"""The forms of a company's members: the shape of what a User Admin enters."""

from collections.abc import Collection
from typing import Any

from django import forms

from dip_portal.lib.keys import RowsField
from organisations.admin_lists import DateInput
from organisations.models import DipId, Organisation
from organisations.models.grant import Grant
from organisations.roles import Role
from organisations.services.invitations import EMAIL_MAX_LENGTH, NAME_MAX_LENGTH
from organisations.services.members import Extension


class DipIdsField(RowsField):
    """DIP IDs of one company, each with its MPID and its role."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, dip_id: DipId) -> str:
        """Return what stands beside the box of a DIP ID."""
        return f"{dip_id.dip_id} ({dip_id.mpid} {dip_id.dip_role_code})"


class GrantForm(forms.Form):
    """Roles, and all DIP IDs of `company` or a choice of them."""

    all_dip_ids = forms.BooleanField(label="Member of All DIP IDs", required=False, initial=True)
    dip_ids = DipIdsField(
        label="DIP IDs",
        queryset=DipId.objects.none(),
        required=False,
        help_text="If not a member of all: the DIP IDs that the member acts for.",
    )
    roles = forms.MultipleChoiceField(
        label="Select Organisation Role",
        choices=Role.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="One or more.",
    )

    def __init__(self, data: Any = None, *, company: Organisation, **options: Any) -> None:
        super().__init__(data, **options)
        own = DipId.objects.filter(mpid__organisation=company).select_related("mpid")
        self.fields["dip_ids"].queryset = own  # type: ignore[attr-defined]
        if not own.exists():
            del self.fields["dip_ids"]
            self.fields["all_dip_ids"].disabled = True
            self.initial["all_dip_ids"] = True

    def clean(self) -> None:
        """Ask for a DIP ID of a member who does not have all."""
        if self.errors or self.cleaned_data["all_dip_ids"]:
            return
        if not self.cleaned_data["dip_ids"]:
            self.add_error("dip_ids", "Choose at least one DIP ID, or Member of All DIP IDs.")

    @property
    def chosen_roles(self) -> frozenset[Role]:
        return frozenset(Role(code) for code in self.cleaned_data["roles"])

    @property
    def chosen_dip_ids(self) -> Collection[DipId] | None:
        """The DIP IDs, or None for all of them."""
        return None if self.cleaned_data["all_dip_ids"] else list(self.cleaned_data["dip_ids"])


class CreateMemberForm(GrantForm):
    """A person to be invited, with roles and DIP IDs."""

    first_name = forms.CharField(label="First Name", max_length=NAME_MAX_LENGTH)
    last_name = forms.CharField(label="Last Name", max_length=NAME_MAX_LENGTH)
    email = forms.EmailField(label="Email Address", max_length=EMAIL_MAX_LENGTH)
    field_order = ("first_name", "last_name", "email")


class EditMemberForm(GrantForm):
    """The roles and DIP IDs of a member, or of an invited person, as they stand in `grant`."""

    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, data: Any = None, *, company: Organisation, grant: Grant) -> None:
        initial = {
            "revision": grant.revision,
            "roles": [role for role in Role if role in grant.roles],
            "all_dip_ids": grant.all_dip_ids,
            "dip_ids": grant.dip_ids.all(),
        }
        super().__init__(data, company=company, initial=initial)


class ExtendMemberForm(forms.Form):
    """The new expiry date of a membership: the first day without access."""

    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    expires_date = forms.DateField(label="New expiry date", widget=DateInput())

    def __init__(self, data: Any = None, *, bounds: Extension, revision: int) -> None:
        initial = {"revision": revision, "expires_date": bounds.default}
        super().__init__(data, initial=initial)
        field = self.fields["expires_date"]
        field.help_text = (
            f"The first day without access: from {bounds.first} to {bounds.last}, at most two "
            "years from today. One year is usual."
        )
        field.widget.attrs |= {"min": bounds.first.isoformat(), "max": bounds.last.isoformat()}
