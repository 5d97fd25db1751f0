"""Certificates: Request Certificates, the Issuance Inventory, one of them; and mTLS Certificate."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from certificates.atlas.errors import UnableToIssue, UnableToRevoke
from certificates.atlas.forms.certificates import CsrForm, RequestCertificateForm, RevokeForm
from certificates.atlas.http import AccountView
from certificates.atlas.models import Certificate, DomainClaim, IdentityProfile
from certificates.atlas.services import certificates
from certificates.atlas.tables import Cell, Choice, Column, Table, day, when
from certificates.atlas.views.credentials import environment_choice
from certificates.pki import formats

Purpose = Certificate.Purpose
STATES = (("valid", "Valid"), ("expired", "Expired"), ("revoked", "Revoked"))


def state_of(certificate: Certificate, now: datetime) -> Cell:
    """Return how a certificate stands: label and tone."""
    if certificate.is_revoked:
        return Cell(text="Revoked", tone="danger")
    if not certificate.is_good_at(now):
        return Cell(text="Expired", tone="neutral")
    return Cell(text="Valid", tone="success")


def _in_state(rows: QuerySet[Any], state: str) -> QuerySet[Any]:
    if state == "revoked":
        return rows.filter(revoked_at__isnull=False)
    is_over = Q(not_after__lte=timezone.now())
    return rows.filter(is_over if state == "expired" else ~is_over, revoked_at=None)


def _of_purpose(rows: QuerySet[Any], purpose: str) -> QuerySet[Any]:
    return rows.filter(purpose=purpose)


def _link(certificate: Certificate) -> Cell:
    name = "mtls_certificate" if certificate.purpose == Purpose.ACCESS else "certificate"
    return Cell(text=certificate.common_name, url=reverse(name, args=[certificate.pk]))


class CertificateTable(Table):
    """The Issuance Inventory."""

    name = "issuance-inventory"
    caption = "Issuance Inventory"
    newest_first = True
    columns: ClassVar[Sequence[Column]] = (
        Column(
            key="issued",
            label="Date Issued",
            value=lambda it: day(it.issued_at),
            on_one_line=True,
            fields=("issued_at",),
        ),
        Column(key="name", label="Common Name", value=_link, fields=("common_name",)),
        Column(
            key="purpose",
            label="Purpose",
            value=lambda it: it.get_purpose_display(),
            fields=("purpose", "issued_at"),
        ),
        Column(
            key="environment",
            label="DIP Environment",
            value=lambda it: it.get_environment_display(),
            fields=("environment", "issued_at"),
        ),
        Column(
            key="profile",
            label="Identity Profile Name",
            value=lambda it: it.profile.name,
            fields=("profile__name", "issued_at"),
        ),
        Column(
            key="expires",
            label="Expiration Date",
            value=lambda it: day(it.not_after),
            on_one_line=True,
            fields=("not_after",),
        ),
        Column(key="serial", label="Serial Number", value=lambda it: it.serial),
        Column(key="status", label="Status", value=lambda it: state_of(it, timezone.now())),
    )
    filters: ClassVar[Sequence[Choice]] = (
        Choice(key="status", label="Status", choices=STATES, narrow=_in_state),
        environment_choice(),
        Choice(
            key="purpose",
            label="Purpose",
            choices=[pair for pair in Purpose.choices if pair[0] != Purpose.ACCESS],
            narrow=_of_purpose,
        ),
    )

    def matching(self, word: str) -> Q:
        """Return what finds a certificate by a word: a name, an identity, a serial number."""
        return (
            Q(common_name__icontains=word)
            | Q(subject__icontains=word)
            | Q(profile__name__icontains=word)
            | Q(serial__istartswith=word.replace(":", ""))
        )


class AccessTable(CertificateTable):
    """The mTLS certificates of an account."""

    name = "mtls-certificates"
    caption = "mTLS Certificates"
    columns = tuple(it for it in CertificateTable.columns if it.key != "purpose")
    filters = tuple(it for it in CertificateTable.filters if it.key != "purpose")


class InventoryView(AccountView):
    """The certificates that were issued to the account for the DIP."""

    table: ClassVar[type[CertificateTable]] = CertificateTable
    template: ClassVar[str] = "atlas/certificates.html"

    def rows(self) -> QuerySet[Certificate]:
        """Return what the table is of."""
        return self.account.certificates.exclude(purpose=Purpose.ACCESS)

    def get(self, request: HttpRequest) -> HttpResponseBase:
        return self.table().answer(
            request,
            self.rows().select_related("profile").defer("pem"),
            lambda table: render(
                request,
                self.template,
                {
                    "table": table,
                    "has_identity": self.account.profiles.filter(
                        status=IdentityProfile.Status.ACTIVE
                    ).exists(),
                },
            ),
        )


class AccessCertificatesView(InventoryView):
    """The mTLS certificates for the HVCA API."""

    table = AccessTable
    template = "atlas/mtls_certificates.html"

    def rows(self) -> QuerySet[Certificate]:
        """Return what the table is of."""
        return self.account.certificates.filter(purpose=Purpose.ACCESS)


class CsrView(AccountView):
    """Ask for a CSR, and have a certificate issued of it."""

    form: ClassVar[type[CsrForm]]
    template: ClassVar[str]
    page: ClassVar[str]

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(request, self.form(account=self.account))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self.form(request.POST, request.FILES, account=self.account)
        if form.is_valid():
            try:
                issued = self.issue(form)
            except UnableToIssue as refusal:
                field = "csr_text" if form.cleaned_data["csr_text"] else "csr_file"
                form.add_error(
                    field if refusal.field == "csr" else refusal.field or None, str(refusal)
                )
                if refusal.exposes_key:
                    form.forget_csr()
            else:
                messages.success(request, "The certificate is issued. Download the CER.")
                return redirect(self.page, pk=issued.pk)
        return self._page(request, form)

    def issue(self, form: Any) -> Certificate:
        """Have the certificate issued. Raises UnableToIssue."""
        raise NotImplementedError

    def _page(self, request: HttpRequest, form: CsrForm) -> HttpResponse:
        claims = DomainClaim.objects.filter(
            profile__account=self.account, expires_at__gt=timezone.now()
        )
        domain = claims.values_list("domain", flat=True).first() or "superenergy.example"
        return render(request, self.template, {"form": form, "example": f"dip.{domain}"})


class RequestCertificateView(CsrView):
    """Request Certificates."""

    form = RequestCertificateForm
    template = "atlas/request_certificate.html"
    page = "certificate"

    def issue(self, form: RequestCertificateForm) -> Certificate:
        """Have a certificate for the DIP issued. Raises UnableToIssue."""
        return certificates.issue_certificate(
            actor=self.actor,
            profile=form.cleaned_data["profile"],
            environment=form.chosen_environment,
            purpose=form.chosen_purpose,
            csr=certificates.read_request(form.csr),
            now=timezone.now(),
        )


class RequestAccessView(CsrView):
    """Generate an mTLS certificate."""

    form = CsrForm
    template = "atlas/request_mtls.html"
    page = "mtls_certificate"

    def issue(self, form: CsrForm) -> Certificate:
        """Have a certificate for the HVCA API issued. Raises UnableToIssue."""
        return certificates.issue_access_certificate(
            actor=self.actor,
            profile=form.cleaned_data["profile"],
            environment=form.chosen_environment,
            csr=certificates.read_request(form.csr),
            now=timezone.now(),
        )


class CertificateView(AccountView):
    """One certificate, for the DIP."""

    certificate: Certificate
    is_access: ClassVar[bool] = False

    def load(self, **kwargs: Any) -> None:
        """Find it among those of the account."""
        own = self.account.certificates.select_related("profile", "credential", "authority__parent")
        of_kind = Q(purpose=Purpose.ACCESS) if self.is_access else ~Q(purpose=Purpose.ACCESS)
        self.certificate = get_object_or_404(own, of_kind, pk=kwargs["pk"])

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        it = self.certificate
        return render(
            request,
            "atlas/certificate.html",
            {
                "certificate": it,
                "is_access": self.is_access,
                "state": state_of(it, timezone.now()),
                "urls": self._urls(),
                "file": file_name(it),
                "facts": [
                    ("Subject", it.subject),
                    ("DNS names", ", ".join(it.dns_names)),
                    ("Purpose", it.get_purpose_display()),
                    ("DIP environment", it.get_environment_display()),
                    ("Identity profile", it.profile.name),
                    ("Issued by", str(it.authority)),
                    ("Serial number", it.serial),
                    ("SHA-256 thumbprint", it.thumbprint),
                    ("Valid from", when(it.not_before)),
                    ("Valid until", when(it.not_after)),
                    (
                        "Asked for by",
                        f"API credential {it.credential}" if it.credential else "This site",
                    ),
                    (
                        "Revoked",
                        f"{when(it.revoked_at)}: {it.get_reason_display()}"
                        if it.revoked_at
                        else "No",
                    ),
                ],
            },
        )

    def _urls(self) -> dict[str, str]:
        start = "mtls_certificate" if self.is_access else "certificate"
        pk = self.certificate.pk
        files = {
            kind: reverse(f"{start}_file", args=[pk, kind]) for kind in ("pem", "der", "chain")
        }
        lists = "mtls_certificates" if self.is_access else "certificates"
        return {
            "list": reverse(lists),
            "revoke": reverse(f"revoke_{start}", args=[pk]),
            **files,
        }


class AccessCertificateView(CertificateView):
    """One certificate for the HVCA API."""

    is_access = True


class CertificateFileView(CertificateView):
    """The certificate as a file: `pem`, `der`, or `chain` (with its CAs, as PEM)."""

    def get(self, request: HttpRequest, pk: int, kind: str = "pem") -> HttpResponse:
        it = self.certificate
        if kind == "chain":
            return _download(certificates.chain_pem(it), f"{file_name(it)}-chain.pem")
        if kind == "der":
            return _download(formats.der_of_pem(it.pem), f"{file_name(it)}-der.cer")
        if kind == "pem":
            return _download(it.pem.encode(), f"{file_name(it)}.cer")
        raise Http404


class AccessCertificateFileView(CertificateFileView):
    """The same of a certificate for the HVCA API."""

    is_access = True


class RevokeCertificateView(CertificateView):
    """Ask why, then revoke."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._ask(request, RevokeForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = RevokeForm(request.POST)
        if not form.is_valid():
            return self._ask(request, form)
        try:
            certificates.revoke_certificate(
                actor=self.actor,
                certificate=self.certificate,
                reason=form.chosen,
                now=timezone.now(),
            )
        except UnableToRevoke as refusal:
            messages.info(request, str(refusal))
        else:
            messages.success(request, f"The certificate {self.certificate} is revoked.")
        return redirect("mtls_certificate" if self.is_access else "certificate", pk=pk)

    def _ask(self, request: HttpRequest, form: RevokeForm) -> HttpResponse:
        return self.ask(
            request,
            question=f"Revoke the certificate of {self.certificate.common_name}?",
            consequence="It is for good. Within a minute the CRL and OCSP say so, and whoever "
            "looks refuses the certificate.",
            submit="Revoke",
            danger=True,
            cancel_url=self._urls()["list"],
            form=form,
        )


class RevokeAccessCertificateView(RevokeCertificateView):
    """The same of a certificate for the HVCA API."""

    is_access = True


def file_name(certificate: Certificate) -> str:
    """Return what its files are called: purpose, environment, the end of its serial number."""
    words = (certificate.purpose, certificate.environment, certificate.serial[-8:])
    return "-".join(words).lower()


def _download(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
