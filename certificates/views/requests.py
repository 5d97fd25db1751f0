"""Requesting a certificate with a CSR, and what can be done while it is on its way."""

from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from certificates import commands, queries
from certificates.errors import UnableToRequestCertificate
from certificates.forms import CsrForm, RequestCertificateForm
from certificates.models import Certificate, CertificateRequest
from certificates.pki.profiles import Purpose
from certificates.services import requests
from certificates.views.inventory import CertificatePage
from certificates.views.page import CertificatesPage
from dip_portal.lib import clock
from dip_portal.lib import environment as environments
from organisations.policies import Action, Stranger

ON_ITS_WAY = "The request is on its way to GlobalSign. The certificate is listed here in a moment."


class RequestView(CertificatesPage):
    """Choose mTLS, signing or both, and load the CSR (seminar, Step 4.5)."""

    action: ClassVar[Action] = Action.CERTIFICATE_MANAGE

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._page(request, RequestCertificateForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = RequestCertificateForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                requests.request_certificate(
                    actor=self.actor,
                    organisation=self.organisation,
                    purpose=Certificate.Purpose(form.cleaned_data["purpose"]),
                    csr=form.csr,
                    now=timezone.now(),
                )
            except UnableToRequestCertificate as refusal:
                form.refuse(refusal.field, str(refusal), exposes_key=refusal.exposes_key)
            else:
                messages.success(request, ON_ITS_WAY)
                return self.back()
        return self._page(request, form)

    def _page(self, request: HttpRequest, form: RequestCertificateForm) -> HttpResponse:
        held = queries.holdings(self.organisation, now=clock.now())
        verified = held.verified(clock.now())
        name = f"dip.{verified[0].domain}" if verified else ""
        environment = environments.current().name
        made = [
            (
                Certificate.Purpose(purpose).label,
                commands.WORDS[purpose],
                commands.make_csr(stem=commands.file_stem(purpose, environment), names=[name]),
            )
            for purpose in (Purpose.BOTH, Purpose.MTLS, Purpose.SIGNING)
        ]
        return self.show(
            request,
            "request.html",
            form=form,
            has_credentials=held.credential is not None,
            verified=verified,
            commands=made if name else [],
        )


class RenewView(CertificatePage):
    """Load a new CSR for the names of a certificate, of a new key."""

    action: ClassVar[Action] = Action.CERTIFICATE_MANAGE

    def get(self, request: HttpRequest, pk: int, key: int) -> HttpResponse:
        return self._page(request, CsrForm())

    def post(self, request: HttpRequest, pk: int, key: int) -> HttpResponse:
        form = CsrForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                requests.request_certificate(
                    actor=self.actor,
                    organisation=self.organisation,
                    purpose=Certificate.Purpose(self.certificate.purpose),
                    csr=form.csr,
                    renews=self.certificate,
                    now=timezone.now(),
                )
            except UnableToRequestCertificate as refusal:
                form.refuse(refusal.field, str(refusal), exposes_key=refusal.exposes_key)
            else:
                messages.success(request, ON_ITS_WAY)
                return self.back()
        return self._page(request, form)

    def _page(self, request: HttpRequest, form: CsrForm) -> HttpResponse:
        it = self.certificate
        stem = commands.file_stem(Purpose(it.purpose), environments.current().name)
        names = it.dns_names
        return self.show(
            request,
            "renew.html",
            form=form,
            certificate=it,
            command=commands.make_csr(stem=f"{stem}-new", names=names) if names else "",
            cancel_url=self.own_address(),
        )


class RequestPage(CertificatesPage, is_base=True):
    """What is done with one request: `key` in the URL."""

    found: CertificateRequest

    def load(self, **kwargs: Any) -> None:
        """Load the company and its request."""
        super().load(**kwargs)
        found = self.organisation.certificate_requests.filter(pk=kwargs["key"]).first()
        if found is None:
            raise Stranger
        self.found = found


class RetryView(RequestPage):
    """Let a request that waits for its next attempt have it now."""

    action: ClassVar[Action] = Action.CERTIFICATE_RETRY

    def post(self, request: HttpRequest, pk: int, key: int) -> HttpResponse:
        requests.retry_request(actor=self.actor, request=self.found, now=timezone.now())
        messages.success(request, "GlobalSign is asked again now.")
        return self.back()


class WithdrawView(RequestPage):
    """Take back a request that GlobalSign has not taken yet; asks first."""

    action: ClassVar[Action] = Action.CERTIFICATE_MANAGE

    def get(self, request: HttpRequest, pk: int, key: int) -> HttpResponse:
        return self.ask(
            request,
            question=f"Withdraw the request for the {self.found}?",
            consequence="No certificate is issued of its CSR.",
            submit="Withdraw",
            title="Withdraw",
        )

    def post(self, request: HttpRequest, pk: int, key: int) -> HttpResponse:
        try:
            requests.withdraw_request(actor=self.actor, request=self.found, now=timezone.now())
        except UnableToRequestCertificate as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, "The request is withdrawn.")
        return self.back()
