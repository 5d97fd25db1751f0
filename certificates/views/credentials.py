"""API credentials: entered and validated, then saved; removed (seminar, Step 4.2)."""

from typing import ClassVar

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from certificates import commands
from certificates.errors import UnableToSaveCredentials
from certificates.forms import CredentialsForm
from certificates.models import AtlasCredential
from certificates.services import credentials
from certificates.services.drafts import waiting_draft
from certificates.services.validation import Outcome
from certificates.views.page import CertificatesPage
from dip_portal.lib import clock
from dip_portal.lib import environment as environments
from organisations.policies import Action


class CredentialsView(CertificatesPage):
    """The seven sub-steps with their commands, and the form; 'Validate' shows each result."""

    action: ClassVar[Action] = Action.CERTIFICATE_MANAGE

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._page(request, CredentialsForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = CredentialsForm(request.POST, request.FILES)
        outcome = None
        if form.is_valid():
            try:
                outcome = credentials.validate_credentials(
                    actor=self.actor,
                    organisation=self.organisation,
                    api_key=form.cleaned_data["api_key"],
                    api_secret=form.cleaned_data["api_secret"],
                    pfx=form.file,
                    password=form.cleaned_data["password"],
                    now=timezone.now(),
                )
            except UnableToSaveCredentials as refusal:
                form.add_error(refusal.field or None, str(refusal))
        return self._page(request, form, outcome)

    def _page(
        self, request: HttpRequest, form: CredentialsForm, outcome: Outcome | None = None
    ) -> HttpResponse:
        now = clock.now()
        stem = commands.file_stem(None, environments.current().name)
        return self.show(
            request,
            "credentials.html",
            form=form,
            checks=outcome.checks if outcome else (),
            draft=waiting_draft(actor=self.actor, organisation=self.organisation, now=now),
            credential=AtlasCredential.objects.filter(organisation=self.organisation).first(),
            atlas=settings.ATLAS_SITE_URL,
            here=environments.current(),
            stem=stem,
            make_csr=commands.make_access_csr(stem=stem),
            merge=commands.merge(stem=stem, chain=f"{stem}-chain.pem", pfx=f"{stem}.pfx"),
            look=commands.look_at_pfx(pfx=f"{stem}.pfx"),
        )


class SaveView(CertificatesPage):
    """Save what was validated; in place of a set that is there it asks first."""

    action: ClassVar[Action] = Action.CERTIFICATE_MANAGE

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._ask(request)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        if self.has_credentials() and "confirmed" not in request.POST:
            return self._ask(request)
        try:
            credentials.save_credentials(
                actor=self.actor, organisation=self.organisation, now=timezone.now()
            )
        except UnableToSaveCredentials as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, "The API credentials are saved.")
        return self.back()

    def _ask(self, request: HttpRequest) -> HttpResponse:
        return self.ask(
            request,
            question=f"Replace the API credentials of {self.organisation}?",
            consequence="The DIP uses the validated set from now on, and forgets the former one. "
            "Certificates and domains stay as they are.",
            submit="Replace",
            title="Replace API credentials",
            danger=False,
            hidden={"confirmed": "yes"},
        )


class RemoveView(CertificatesPage):
    """Remove the set; asks first."""

    action: ClassVar[Action] = Action.CERTIFICATE_MANAGE

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.ask(
            request,
            question=f"Remove the API credentials of {self.organisation}?",
            consequence="Without them the DIP cannot register domains, request certificates or "
            "revoke any. The certificates that you have stay valid.",
            submit="Remove",
            title="Remove API credentials",
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        credentials.remove_credentials(
            actor=self.actor, organisation=self.organisation, now=timezone.now()
        )
        messages.success(request, "The API credentials are removed.")
        return self.back()
