"""The forms of the Certificates tab."""

from typing import Any

from django import forms

from certificates.models import Certificate
from certificates.pki import pfx as pfx_files
from certificates.pki.csr import MAX_BYTES
from certificates.pki.revoke import REASONS

SECRET_MAX_LENGTH = 500
REASON_LABELS = {
    "unspecified": "Unspecified",
    "keyCompromise": "Key compromise: somebody else may have the key",
    "affiliationChanged": "Affiliation changed: the name in it is not right any more",
    "superseded": "Superseded: another certificate is in its place",
    "cessationOfOperation": "Cessation of operation: it is not needed any more",
    "privilegeWithdrawn": "Privilege withdrawn: whoever has it may not use it any more",
}


class _Unshown(forms.TextInput):
    """A text field whose value never goes back to the page."""

    def format_value(self, value: Any) -> str | None:
        return None


class CredentialsForm(forms.Form):
    """API key, secret and PFX, as GlobalSign Atlas gave them (seminar, Step 4.2)."""

    api_key = forms.CharField(
        label="API Key",
        max_length=SECRET_MAX_LENGTH,
        widget=_Unshown(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    api_secret = forms.CharField(
        label="API Secret",
        max_length=SECRET_MAX_LENGTH,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="GlobalSign Atlas shows it once, when it is created.",
    )
    pfx = forms.FileField(
        label="PFX file",
        help_text="Of the mTLS certificate and its key, such as atlas.pfx; 64 KiB at most.",
    )
    password = forms.CharField(
        label="PFX password",
        max_length=pfx_files.PASSWORD_MAX_BYTES,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="The export password that was chosen when the PFX was made. It is not kept.",
    )

    @property
    def file(self) -> bytes:
        """What was sent, one byte more than a PFX may have at most."""
        content: bytes = self.cleaned_data["pfx"].read(pfx_files.MAX_BYTES + 1)
        return content


class RegisterDomainForm(forms.Form):
    """One of the company's whitelisted domains, or another."""

    OTHER = ""
    choice = forms.ChoiceField(label="Domain", widget=forms.RadioSelect, required=False)
    other = forms.CharField(
        label="Another domain",
        max_length=300,
        required=False,
        help_text="For example superenergy.co.uk: names under it are then yours too.",
    )

    def __init__(self, data: Any = None, *, domains: list[str]) -> None:
        super().__init__(data, initial={"choice": domains[0] if domains else self.OTHER})
        choices = [*((domain, domain) for domain in domains), (self.OTHER, "Another domain")]
        self.fields["choice"].choices = choices  # type: ignore[attr-defined]
        if not domains:
            self.fields["choice"].widget = forms.HiddenInput()

    def clean(self) -> None:
        """Ask for one domain."""
        if not self.domain and "other" not in self.errors:
            self.add_error("other", "Enter the domain.")
        elif self.cleaned_data.get("choice") and self.cleaned_data.get("other"):
            self.add_error("other", "Choose a domain of the list or enter another one, not both.")

    @property
    def domain(self) -> str:
        """The domain that is meant."""
        chosen: str = self.cleaned_data.get("choice") or self.cleaned_data.get("other") or ""
        return chosen


class SubmitDomainForm(forms.Form):
    """The tick that the TXT record is there."""

    is_record_added = forms.BooleanField(
        label="I have added the TXT record to the DNS of the domain", required=False
    )


class CsrForm(forms.Form):
    """A CSR, as a file or as a text."""

    csr_file = forms.FileField(
        label="CSR file", required=False, help_text="PEM or DER; 32 KiB at most."
    )
    csr_text = forms.CharField(
        label="Or the CSR as text",
        required=False,
        strip=False,
        max_length=MAX_BYTES,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "autocomplete": "off"}),
        help_text="From -----BEGIN CERTIFICATE REQUEST----- to the end.",
    )

    def clean(self) -> None:
        """Ask for one of the two, and not both."""
        if "csr_file" in self.errors or "csr_text" in self.errors:
            return
        file, text = self.cleaned_data.get("csr_file"), self.cleaned_data.get("csr_text")
        if not file and not (text or "").strip():
            self.add_error("csr_file", "Choose the CSR file, or put its text into the field below.")
        elif file and text:
            self.add_error("csr_text", "Give the CSR once: as a file or as a text.")

    @property
    def csr(self) -> bytes:
        """What was sent, one byte more than a CSR may have at most."""
        file = self.cleaned_data["csr_file"]
        if file:
            content: bytes = file.read(MAX_BYTES + 1)
            return content
        return str(self.cleaned_data["csr_text"]).encode("utf-8", "replace")[: MAX_BYTES + 1]

    def refuse(self, field: str, text: str, *, exposes_key: bool) -> None:
        """Add what a service said; a private key in the text is left out of the page."""
        if field == "csr":
            field = "csr_file" if self.cleaned_data.get("csr_file") else "csr_text"
        self.add_error(field or None, text)
        if exposes_key:
            self.data = {**self.data, "csr_text": ""}


class RequestCertificateForm(CsrForm):
    """And what the certificate is for."""

    purpose = forms.ChoiceField(
        label="The certificate is for",
        choices=[
            (Certificate.Purpose.BOTH.value, "mTLS and signing"),
            (Certificate.Purpose.MTLS.value, "mTLS alone"),
            (Certificate.Purpose.SIGNING.value, "Signing alone"),
        ],
        widget=forms.RadioSelect,
        initial=Certificate.Purpose.BOTH.value,
    )
    field_order = ("purpose", "csr_file", "csr_text")


class RevokeForm(forms.Form):
    """Why a certificate is revoked (RFC 5280, 5.3.1)."""

    reason = forms.ChoiceField(
        label="Reason", choices=[(reason, REASON_LABELS[reason]) for reason in REASONS]
    )
