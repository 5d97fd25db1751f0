"""The inventory of a company's certificates: one of them, its files, its revocation, the CSV."""

from datetime import datetime
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from certificates import commands, queries
from certificates.errors import UnableToRevokeCertificate
from certificates.forms import REASON_LABELS, RevokeForm
from certificates.models import Certificate
from certificates.pki import formats
from certificates.pki.profiles import Purpose
from certificates.services import revocation
from certificates.views.page import CertificatesPage
from dip_portal.lib import clock
from dip_portal.lib import environment as environments
from dip_portal.lib.spreadsheet import csv_response
from organisations.actors import Actor
from organisations.listing import Column, searched
from organisations.models import Organisation
from organisations.policies import Action, Stranger, decide

COLUMNS = [
    Column(label="Subject", key="subject", fields=("subject", "-issued_at")),
    Column(label="Purposes", key="purpose", fields=("purpose", "-issued_at")),
    Column(label="Serial Number", key="serial", fields=("serial",)),
    Column(label="Thumbprint"),
    Column(label="Valid From", key="from", fields=("not_before",)),
    Column(label="Valid Until", key="until", fields=("not_after",)),
    Column(label="State"),
]
CSV_COLUMNS = ["Subject", "DNS Names", "Purposes", "Serial Number", "SHA-256 Thumbprint"]
CSV_COLUMNS += ["Valid From", "Valid Until", "State", "Revoked", "Reason"]


def wanted_rows(
    request: HttpRequest, actor: Actor, organisation: Organisation, *, now: datetime
) -> tuple[QuerySet[Certificate], dict[str, str]]:
    """Return the certificates that `state` and `purpose` of a request leave, and these two."""
    wanted = {name: request.GET.get(name, "") for name in ("state", "purpose")}
    rows = queries.inventory(actor, organisation).filter(queries.in_state(wanted["state"], now=now))
    if wanted["purpose"] in Certificate.Purpose.values:
        rows = rows.filter(purpose=wanted["purpose"])
    return rows, wanted


class ExportView(CertificatesPage):
    """The rows that the search and the filters leave, as CSV."""

    action: ClassVar[Action] = Action.CERTIFICATE_VIEW

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        now = clock.now()
        rows, _ = wanted_rows(request, self.actor, self.organisation, now=now)
        for word in searched(request).split():
            rows = rows.filter(queries.matching(word))
        name = f"certificates-{self.organisation.company_number}"
        found = rows.order_by("not_after", "pk").iterator()
        return csv_response(name, CSV_COLUMNS, (_csv_row(row, now) for row in found))


class CertificatePage(CertificatesPage, is_base=True):
    """A page of one certificate: `key` in the URL."""

    certificate: Certificate

    def load(self, **kwargs: Any) -> None:
        """Load the company and its certificate."""
        super().load(**kwargs)
        found = self.organisation.certificates.filter(pk=kwargs["key"]).first()
        if found is None:
            raise Stranger
        self.certificate = found

    def own_address(self) -> str:
        """Return the address of the certificate's page."""
        return reverse("certificates:certificate", args=[self.organisation.pk, self.certificate.pk])


class CertificateView(CertificatePage):
    """The certificate in full, with its files and what to do with them."""

    action: ClassVar[Action] = Action.CERTIFICATE_VIEW

    def get(self, request: HttpRequest, pk: int, key: int) -> HttpResponse:
        it = self.certificate
        stem = commands.file_stem(Purpose(it.purpose), environments.current().name)
        pfx = f"{file_name(it)}.pfx"
        renewed_by = it.renewals.filter(certificate__isnull=False).order_by("-pk").first()
        return self.show(
            request,
            "certificate.html",
            certificate=it,
            state=queries.state_of(it, now=clock.now()),
            stem=stem,
            chain_file=f"{file_name(it)}-chain.pem",
            merge=commands.merge(stem=stem, chain=f"{file_name(it)}-chain.pem", pfx=pfx),
            look=commands.look_at_pfx(pfx=pfx),
            renewed_by=renewed_by,
            may_manage=decide(self.actor, Action.CERTIFICATE_MANAGE, self.organisation),
            facts=[
                ("Subject", it.subject),
                ("DNS names", ", ".join(it.dns_names)),
                ("Purposes", it.get_purpose_display()),
                ("Serial number", it.serial),
                ("SHA-256 thumbprint", it.thumbprint),
                ("Valid from", f"{it.not_before:%Y-%m-%d %H:%M} UTC"),
                ("Valid until", f"{it.not_after:%Y-%m-%d %H:%M} UTC"),
                ("Issued", f"{it.issued_at:%Y-%m-%d %H:%M} UTC"),
                ("Revoked", _revoked(it)),
            ],
        )


class FileView(CertificatePage):
    """The certificate as a file: `pem`, `der`, or `chain` (with its CAs, as PEM)."""

    action: ClassVar[Action] = Action.CERTIFICATE_VIEW

    def get(self, request: HttpRequest, pk: int, key: int, kind: str) -> HttpResponse:
        it = self.certificate
        match kind:
            case "pem":
                return _download(it.pem.encode(), f"{file_name(it)}.cer")
            case "der":
                return _download(formats.der_of_pem(it.pem), f"{file_name(it)}-der.cer")
            case "chain":
                return _download((it.pem + it.chain_pem).encode(), f"{file_name(it)}-chain.pem")
        raise Http404


class RevokeView(CertificatePage):
    """Ask why, then revoke."""

    action: ClassVar[Action] = Action.CERTIFICATE_MANAGE

    def get(self, request: HttpRequest, pk: int, key: int) -> HttpResponse:
        if self.certificate.is_revoked:
            messages.info(request, "This certificate is revoked already.")
            return redirect(self.own_address())
        return self._ask(request, RevokeForm())

    def post(self, request: HttpRequest, pk: int, key: int) -> HttpResponse:
        form = RevokeForm(request.POST)
        if form.is_valid():
            try:
                revocation.revoke_certificate(
                    actor=self.actor,
                    certificate=self.certificate,
                    reason=form.cleaned_data["reason"],
                    now=timezone.now(),
                )
            except UnableToRevokeCertificate as refusal:
                form.add_error(refusal.field or None, str(refusal))
            else:
                messages.success(request, f"The certificate {self.certificate.serial} is revoked.")
                return redirect(self.own_address())
        return self._ask(request, form)

    def _ask(self, request: HttpRequest, form: RevokeForm) -> HttpResponse:
        return self.ask(
            request,
            question=f"Revoke the {self.certificate.get_purpose_display()} certificate of "
            f"{', '.join(self.certificate.dns_names) or self.certificate.subject}?",
            consequence="It is for good, and at once: the DIP refuses calls with it, and within a "
            "minute the CRL and OCSP of GlobalSign say so to everybody else.",
            submit="Revoke",
            title="Revoke",
            form=form,
            cancel_url=self.own_address(),
        )


def file_name(certificate: Certificate) -> str:
    """Return what its files are called: purpose, environment, the end of its serial number."""
    stem = commands.file_stem(Purpose(certificate.purpose), environments.current().name)
    return f"{stem}-{certificate.serial[-8:].lower()}"


def _revoked(certificate: Certificate) -> str:
    if certificate.revoked_at is None:
        return "No"
    reason = REASON_LABELS.get(certificate.revocation_reason, certificate.revocation_reason)
    return f"{certificate.revoked_at:%Y-%m-%d %H:%M} UTC. {reason}"


def _csv_row(row: Certificate, now: datetime) -> list[str]:
    return [
        row.subject,
        " ".join(row.dns_names),
        str(row.get_purpose_display()),
        row.serial,
        row.thumbprint,
        row.not_before.isoformat(),
        row.not_after.isoformat(),
        queries.state_of(row, now=now)[0],
        row.revoked_at.isoformat() if row.revoked_at else "",
        row.revocation_reason,
    ]


def _download(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
