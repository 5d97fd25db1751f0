"""Domains at GlobalSign: registered, verified by a TXT record, deleted."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from certificates import commands
from certificates.errors import UnableToRegisterDomain
from certificates.forms import RegisterDomainForm, SubmitDomainForm
from certificates.models import DomainRegistration
from certificates.services import domains
from certificates.views.page import CertificatesPage
from certificates.views.tab import domain_state
from dip_portal.lib import clock
from organisations import queries
from organisations.policies import Action, Stranger, decide


class RegisterView(CertificatesPage):
    """Claim one of the company's whitelisted domains, or another."""

    action: ClassVar[Action] = Action.CERTIFICATE_MANAGE

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._page(request, RegisterDomainForm(domains=self._choices()))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = RegisterDomainForm(request.POST, domains=self._choices())
        if form.is_valid():
            try:
                made = domains.register_domain(
                    actor=self.actor,
                    organisation=self.organisation,
                    domain=form.domain,
                    now=timezone.now(),
                )
            except UnableToRegisterDomain as refusal:
                is_other = refusal.field == "domain" and not form.cleaned_data["choice"]
                field = "other" if is_other else "choice" if refusal.field else None
                form.add_error(field, str(refusal))
            else:
                messages.success(request, f"{made} is registered. Put its TXT record into DNS now.")
                return redirect("certificates:domain", pk=pk, key=made.pk)
        return self._page(request, form)

    def _choices(self) -> list[str]:
        have = {row.domain for row in self.organisation.domain_registrations.all()}
        own = [str(domain) for domain in queries.own_domains(self.organisation)]
        return [domain for domain in own if domain not in have]

    def _page(self, request: HttpRequest, form: RegisterDomainForm) -> HttpResponse:
        return self.show(
            request,
            "register_domain.html",
            form=form,
            has_credentials=self.has_credentials(),
        )


class DomainPage(CertificatesPage, is_base=True):
    """A page of one domain: `key` in the URL."""

    registration: DomainRegistration

    def load(self, **kwargs: Any) -> None:
        """Load the company and its domain."""
        super().load(**kwargs)
        found = self.organisation.domain_registrations.filter(pk=kwargs["key"]).first()
        if found is None:
            raise Stranger
        self.registration = found

    def own_address(self) -> str:
        """Return the address of the domain's page."""
        return reverse("certificates:domain", args=[self.organisation.pk, self.registration.pk])


class DomainView(DomainPage):
    """The TXT record, and how far the verification is; POST is 'Submit'."""

    action: ClassVar[Action] = Action.CERTIFICATE_VIEW

    def get(self, request: HttpRequest, pk: int, key: int) -> HttpResponse:
        return self._page(request, SubmitDomainForm())

    def post(self, request: HttpRequest, pk: int, key: int) -> HttpResponse:
        form = SubmitDomainForm(request.POST)
        if form.is_valid():
            try:
                is_verified = domains.submit_domain(
                    actor=self.actor,
                    registration=self.registration,
                    now=timezone.now(),
                    **form.cleaned_data,
                )
            except UnableToRegisterDomain as refusal:
                form.add_error(refusal.field or None, str(refusal))
            else:
                if is_verified:
                    messages.success(request, f"{self.registration} is verified.")
                else:
                    messages.warning(
                        request,
                        "The record was not found yet: DNS may take a while. Check again later.",
                    )
                return redirect(self.own_address())
        return self._page(request, form)

    def _page(self, request: HttpRequest, form: SubmitDomainForm) -> HttpResponse:
        now = clock.now()
        return self.show(
            request,
            "domain.html",
            form=form,
            registration=self.registration,
            state=domain_state(self.registration, now),
            is_verified=self.registration.is_verified_at(now),
            is_overdue=self.registration.is_overdue_at(now),
            look=commands.txt_record(
                domain=self.registration.domain, server=settings.ATLAS_DNS_SERVER
            ),
            may_manage=decide(self.actor, Action.CERTIFICATE_MANAGE, self.organisation),
        )


class CheckView(DomainPage):
    """Let GlobalSign look now."""

    action: ClassVar[Action] = Action.CERTIFICATE_MANAGE

    def post(self, request: HttpRequest, pk: int, key: int) -> HttpResponse:
        try:
            is_verified, note = domains.check_domain(
                actor=self.actor, registration=self.registration, now=timezone.now()
            )
        except UnableToRegisterDomain as refusal:
            messages.error(request, str(refusal))
        else:
            if is_verified:
                messages.success(request, f"{self.registration} is verified.")
            else:
                messages.warning(request, f"Not verified yet. {note}".strip())
        return redirect(self.own_address())


class NewCodeView(DomainPage):
    """Get a new verification code."""

    action: ClassVar[Action] = Action.CERTIFICATE_MANAGE

    def get(self, request: HttpRequest, pk: int, key: int) -> HttpResponse:
        return self.ask(
            request,
            question=f"Get a new verification code for {self.registration}?",
            consequence="The TXT record has to have the new one then. GlobalSign has one code for "
            "UIT and Production.",
            submit="Get a new code",
            title="New code",
            danger=False,
            cancel_url=self.own_address(),
        )

    def post(self, request: HttpRequest, pk: int, key: int) -> HttpResponse:
        try:
            domains.renew_code(actor=self.actor, registration=self.registration, now=timezone.now())
        except UnableToRegisterDomain as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, "There is a new code: put it into the TXT record.")
        return redirect(self.own_address())


class DeleteView(DomainPage):
    """Give a domain up; asks first."""

    action: ClassVar[Action] = Action.CERTIFICATE_MANAGE

    def get(self, request: HttpRequest, pk: int, key: int) -> HttpResponse:
        return self.ask(
            request,
            question=f"Delete the domain {self.registration}?",
            consequence="GlobalSign forgets the claim, for UIT and Production alike: no further "
            "certificate is issued for names under it until it is registered and verified again. "
            "Certificates that there are stay valid.",
            submit="Delete",
            title="Delete",
            cancel_url=self.own_address(),
        )

    def post(self, request: HttpRequest, pk: int, key: int) -> HttpResponse:
        name = str(self.registration)
        try:
            domains.delete_domain(
                actor=self.actor, registration=self.registration, now=timezone.now()
            )
        except UnableToRegisterDomain as refusal:
            messages.error(request, str(refusal))
            return redirect(self.own_address())
        messages.success(request, f"The domain {name} is deleted.")
        return self.back()
