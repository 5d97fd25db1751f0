"""The forms by which webhooks are set, one or many."""

from collections.abc import Sequence

from django import forms

from channels import callback_urls, plans
from channels.services.webhooks import LIMIT_MAX
from organisations.models import DipId

NOT_USED = "Stored and shown, as in the DIP; nothing is done by it."


class WebhookForm(forms.Form):
    """One webhook; `version` tells whether somebody else has changed it meanwhile."""

    version = forms.CharField(required=False, widget=forms.HiddenInput)
    callback_url = forms.CharField(
        label="Webhook URL",
        max_length=callback_urls.MAX_LENGTH,
        widget=forms.URLInput,
        help_text="https, and reachable from the internet, "
        "such as https://hooks.superenergy.co.uk/dip.",
    )
    max_message_count = forms.IntegerField(
        label="Maximum message count",
        min_value=0,
        max_value=LIMIT_MAX,
        required=False,
        help_text=NOT_USED,
    )
    max_payload_size = forms.IntegerField(
        label="Maximum payload size",
        min_value=0,
        max_value=LIMIT_MAX,
        required=False,
        help_text=NOT_USED,
    )


class ManyForm(forms.Form):
    """What both ways to set many webhooks ask: for which DIP IDs, and whether to overwrite."""

    dip_ids = forms.MultipleChoiceField(label="DIP IDs", widget=forms.CheckboxSelectMultiple)
    overwrites = forms.BooleanField(label="Overwrite webhooks that are set already", required=False)
    fingerprint = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: object, known: Sequence[DipId], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        choices = [(it.dip_id, f"{it.dip_id} ({it.mpid} {it.dip_role_code})") for it in known]
        self.fields["dip_ids"].choices = choices  # type: ignore[attr-defined]


class PatternForm(ManyForm):
    """A URL with placeholders for each webhook."""

    text = forms.CharField(
        label="Pattern",
        max_length=callback_urls.MAX_LENGTH,
        help_text="{dip_id}, {mpid}, {role} and {publication} stand for those of each webhook, "
        "such as https://hooks.superenergy.co.uk/{dip_id}/{publication}.",
    )
    field_order = ("text", "dip_ids", "overwrites")

    def wanted(self) -> plans.Wanted:
        """Return what the valid form asks for."""
        said = self.cleaned_data
        return plans.Pattern(
            text=said["text"], dip_ids=frozenset(said["dip_ids"]), overwrites=said["overwrites"]
        )


class CopyForm(ManyForm):
    """The webhooks of one DIP ID for others."""

    source = forms.ChoiceField(label="Copy from DIP ID")
    adapts = forms.BooleanField(
        label="Put the other DIP ID where the URL names the first",
        required=False,
        initial=True,
    )
    field_order = ("source", "dip_ids", "adapts", "overwrites")

    def __init__(self, *args: object, known: Sequence[DipId], **kwargs: object) -> None:
        super().__init__(*args, known=known, **kwargs)
        self.fields["source"].choices = self.fields["dip_ids"].choices  # type: ignore[attr-defined]
        self.fields["dip_ids"].label = "To DIP IDs"

    def wanted(self) -> plans.Wanted:
        """Return what the valid form asks for."""
        said = self.cleaned_data
        return plans.Copy(
            source=said["source"],
            dip_ids=frozenset(said["dip_ids"]),
            overwrites=said["overwrites"],
            adapts=said["adapts"],
        )


class RemoveAllForm(forms.Form):
    """The company's name, typed to be sure."""

    name = forms.CharField(label="Name of the company", max_length=300)
