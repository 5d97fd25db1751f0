"""Asking for a certificate with a CSR, as a file or as a text."""

from typing import Any

from django import forms

from certificates.atlas.models import Account, DipEnvironment, IdentityProfile, Reason
from certificates.pki.csr import MAX_BYTES
from certificates.pki.profiles import Purpose

PURPOSE_LABELS = {
    Purpose.BOTH: "mTLS and signing",
    Purpose.MTLS: "mTLS alone",
    Purpose.SIGNING: "Signing alone",
}


class CsrForm(forms.Form):
    """Which identity and environment, and the CSR as a file or as a text."""

    environment = forms.ChoiceField(
        label="DIP environment", choices=DipEnvironment.choices, widget=forms.RadioSelect
    )
    profile = forms.ModelChoiceField(
        label="Identity profile", queryset=IdentityProfile.objects.none(), empty_label=None
    )
    csr_file = forms.FileField(
        label="CSR file", required=False, help_text="PEM or DER, such as atlas.csr; 32 KiB at most."
    )
    csr_text = forms.CharField(
        label="Or the CSR as text",
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "autocomplete": "off"}),
        help_text="From -----BEGIN CERTIFICATE REQUEST----- to the end.",
    )

    def __init__(self, data: Any = None, files: Any = None, *, account: Account) -> None:
        super().__init__(data, files)
        active = account.profiles.filter(status=IdentityProfile.Status.ACTIVE)
        self.fields["profile"].queryset = active  # type: ignore[attr-defined]

    def clean(self) -> None:
        """Ask for one of the two, and not both."""
        file, text = self.cleaned_data.get("csr_file"), self.cleaned_data.get("csr_text")
        if "csr_file" in self.errors or "csr_text" in self.errors:
            return
        if not file and not text:
            self.add_error("csr_file", "Choose the CSR file, or put its text into the field below.")
        if file and text:
            self.add_error("csr_text", "Give the CSR once: as a file or as a text.")

    @property
    def csr(self) -> bytes:
        """What was sent, one byte more than a CSR may have at most."""
        file = self.cleaned_data["csr_file"]
        if file:
            content: bytes = file.read(MAX_BYTES + 1)
            return content
        return str(self.cleaned_data["csr_text"]).encode("utf-8", "replace")[: MAX_BYTES + 1]

    @property
    def chosen_environment(self) -> DipEnvironment:
        """The environment that was chosen."""
        return DipEnvironment(self.cleaned_data["environment"])

    def forget_csr(self) -> None:
        """Leave the text out of the page that shows the form again."""
        self.data = {**self.data, "csr_text": ""}


class RequestCertificateForm(CsrForm):
    """And what the certificate is for."""

    purpose = forms.ChoiceField(
        label="Purpose",
        choices=[(purpose.value, label) for purpose, label in PURPOSE_LABELS.items()],
        widget=forms.RadioSelect,
        initial=Purpose.BOTH.value,
    )
    field_order = ("environment", "profile", "purpose", "csr_file", "csr_text")

    @property
    def chosen_purpose(self) -> Purpose:
        """The purpose that was chosen."""
        return Purpose(self.cleaned_data["purpose"])


class RevokeForm(forms.Form):
    """Why a certificate is revoked."""

    reason = forms.ChoiceField(label="Reason", choices=Reason.choices)

    @property
    def chosen(self) -> Reason:
        """The reason that was chosen."""
        return Reason(self.cleaned_data["reason"])


class QuotaForm(forms.Form):
    """How many certificates may still be issued."""

    quota = forms.IntegerField(label="Certificates left", min_value=0, max_value=1_000_000)
