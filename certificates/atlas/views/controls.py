"""Test controls: what GlobalSign does not have, and a tester needs."""

from django.conf import settings
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from certificates.atlas.forms.accounts import ApiMoodForm, IssuanceForm, VettingForm
from certificates.atlas.forms.certificates import QuotaForm
from certificates.atlas.http import AccountView
from certificates.atlas.models import DomainClaim
from certificates.atlas.services.certificates import set_quota
from certificates.atlas.services.controls import set_api, set_issuance
from certificates.atlas.services.identities import set_vetting
from mail.models import OutgoingMail

MAILS_SHOWN = 20


class ControlsView(AccountView):
    """The switches of the account: vetting, what is left to be issued, and the API."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = VettingForm(request.POST)
        if not form.is_valid():
            return self.show(request, vetting=form)
        set_vetting(actor=self.actor, account=self.account, vetting=form.chosen, now=timezone.now())
        messages.success(request, f"Vetting is set. {form.chosen.label}.")
        return redirect("controls")

    def show(
        self,
        request: HttpRequest,
        *,
        vetting: VettingForm | None = None,
        quota: QuotaForm | None = None,
        issuance: IssuanceForm | None = None,
        api: ApiMoodForm | None = None,
    ) -> HttpResponse:
        """Show the switches; a form that was sent may have something to tell."""
        account = self.account
        return render(
            request,
            "atlas/controls.html",
            {
                "form": vetting or VettingForm(initial={"vetting": account.vetting}),
                "quota": quota or QuotaForm(initial={"quota": account.quota}),
                "issuance": issuance or IssuanceForm(initial={"issuance": account.issuance}),
                "issuance_delay": settings.ATLAS_ISSUANCE_DELAY_SECONDS,
                "api": api or ApiMoodForm(initial={"api": account.api}),
                "slow": settings.ATLAS_SLOW_SECONDS,
                "delay": settings.ATLAS_VETTING_DELAY_SECONDS,
                "shows_mail": settings.SHOW_SENT_MAIL,
            },
        )


class QuotaView(ControlsView):
    """Set how many certificates may still be issued."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return redirect("controls")

    def post(self, request: HttpRequest) -> HttpResponse:
        form = QuotaForm(request.POST)
        if not form.is_valid():
            return self.show(request, quota=form)
        set_quota(
            actor=self.actor,
            account=self.account,
            quota=form.cleaned_data["quota"],
            now=timezone.now(),
        )
        messages.success(request, "The issuance quota is set.")
        return redirect("controls")


class IssuanceView(ControlsView):
    """Set how certificates are issued to the company by the API."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return redirect("controls")

    def post(self, request: HttpRequest) -> HttpResponse:
        form = IssuanceForm(request.POST)
        if not form.is_valid():
            return self.show(request, issuance=form)
        set_issuance(
            actor=self.actor, account=self.account, issuance=form.chosen, now=timezone.now()
        )
        messages.success(request, f"Issuance is set. {form.chosen.label}.")
        return redirect("controls")


class ApiMoodView(ControlsView):
    """Set how the API behaves towards the company."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return redirect("controls")

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ApiMoodForm(request.POST)
        if not form.is_valid():
            return self.show(request, api=form)
        set_api(actor=self.actor, account=self.account, mood=form.chosen, now=timezone.now())
        messages.success(request, f"The API is set. {form.chosen.label}.")
        return redirect("controls")


class SentMailView(AccountView):
    """The latest e-mails to the company and about its domains, where none leaves this machine."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if not settings.SHOW_SENT_MAIL:
            raise Http404
        addresses = list(self.account.users.values_list("user__email", flat=True))
        claims = DomainClaim.objects.filter(profile__account=self.account)
        about = [f"claim:{key}" for key in claims.values_list("pk", flat=True)]
        mails = OutgoingMail.objects.filter(Q(to__in=addresses) | Q(about__in=about))
        mails = mails.order_by("-queued_at", "pk")
        return render(request, "atlas/sent_mail.html", {"mails": mails[:MAILS_SHOWN]})
