"""Domains: the list, New Domain, one of them with its code; Verify, Reset DVC, Delete."""

from typing import Any

from allauth.core.internal.httpkit import get_client_ip
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views import View

from certificates.atlas.errors import UnableToClaim
from certificates.atlas.forms.domains import NewDomainForm, VerifyForm
from certificates.atlas.http import AccountView
from certificates.atlas.limits import is_within
from certificates.atlas.models import ClaimLog, DomainClaim, IdentityProfile, Method
from certificates.atlas.services import domains
from certificates.atlas.tables import Cell, Choice, Column, Table, day
from certificates.atlas.verification import HTTP_PATH

LOG_LINES = 20
MOST_CHECKS = 30  # a minute, for one company: each asks the network
LOG_TONES = {
    ClaimLog.Status.SUCCESS.value: "success",
    ClaimLog.Status.ERROR.value: "danger",
    ClaimLog.Status.INFO.value: "info",
}


def _link(claim: DomainClaim) -> Cell:
    return Cell(text=claim.domain, url=reverse("domain", args=[claim.pk]))


def _status(claim: DomainClaim) -> Cell:
    now = timezone.now()
    if claim.is_verified_at(now):
        return Cell(text="Verified", tone="success")
    if claim.expires_at is not None:
        return Cell(text="Expired", tone="danger")
    return Cell(text="Pending", tone="warning")


def _in_state(rows: QuerySet[Any], state: str) -> QuerySet[Any]:
    is_verified = Q(expires_at__gt=timezone.now())
    return rows.filter(is_verified if state == "verified" else ~is_verified | Q(expires_at=None))


def _of_method(rows: QuerySet[Any], method: str) -> QuerySet[Any]:
    return rows.filter(last_method=method)


def _verify_before(claim: DomainClaim) -> str:
    """Until when the code has to be used: nothing to be told while the domain is verified."""
    return "" if claim.is_verified_at(timezone.now()) else day(claim.assert_by)


class DomainTable(Table):
    """The columns of the seminar's slide 'Domains'."""

    name = "domains"
    caption = "Domains"
    columns = (
        Column(key="domain", label="Domain", value=_link, fields=("domain",)),
        Column(
            key="profile",
            label="Identity Profile Name",
            value=lambda claim: claim.profile.name,
            fields=("profile__name", "domain"),
        ),
        Column(
            key="expires",
            label="Expiration Date",
            value=lambda claim: day(claim.expires_at),
            on_one_line=True,
            fields=("expires_at", "domain"),
        ),
        Column(
            key="before",
            label="Verify Before Date",
            value=_verify_before,
            fields=("assert_by", "domain"),
        ),
        Column(
            key="method",
            label="Last Verification Method",
            value=lambda claim: claim.get_last_method_display(),
            fields=("last_method", "domain"),
        ),
        Column(key="status", label="Status", value=_status),
    )
    filters = (
        Choice(
            key="status",
            label="Status",
            choices=(("verified", "Verified"), ("pending", "Pending or expired")),
            narrow=_in_state,
        ),
        Choice(
            key="method",
            label="Last verification method",
            choices=Method.choices,
            narrow=_of_method,
        ),
    )

    def matching(self, word: str) -> Q:
        """Return what finds a domain by a word."""
        return Q(domain__icontains=word) | Q(profile__name__icontains=word)


def claims_of(view: AccountView) -> QuerySet[DomainClaim]:
    """Return the claims of the account, each with its identity."""
    return DomainClaim.objects.filter(profile__account=view.account).select_related("profile")


class DomainsView(AccountView):
    """The domains of the account."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        active = self.account.profiles.filter(status=IdentityProfile.Status.ACTIVE)
        return DomainTable().answer(
            request,
            claims_of(self),
            lambda table: render(
                request, "atlas/domains.html", {"table": table, "has_identity": active.exists()}
            ),
        )


class NewDomainView(AccountView):
    """Claim a domain."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(request, NewDomainForm(account=self.account))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = NewDomainForm(request.POST, account=self.account)
        if form.is_valid():
            try:
                claim = domains.submit_claim(
                    actor=self.actor, **form.cleaned_data, now=timezone.now()
                )
            except UnableToClaim as refusal:
                form.add_error(refusal.field or None, str(refusal))
            else:
                messages.success(
                    request, f"{claim} is claimed. Put the verification code in place, then verify."
                )
                return redirect("domain", pk=claim.pk)
        return self._page(request, form)

    def _page(self, request: HttpRequest, form: NewDomainForm) -> HttpResponse:
        return render(request, "atlas/new_domain.html", {"form": form})


class ClaimView(AccountView):
    """A page of one claim: `claim`."""

    claim: DomainClaim

    def load(self, **kwargs: Any) -> None:
        """Find the claim among those of the account."""
        self.claim = get_object_or_404(claims_of(self), pk=kwargs["pk"])


class DomainView(ClaimView):
    """One domain with its verification code, what was tried, and the identity."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.show(request, VerifyForm(claim=self.claim))

    def show(self, request: HttpRequest, form: VerifyForm) -> HttpResponse:
        """Show the domain; the form may have something to tell."""
        claim, now = self.claim, timezone.now()
        profile = claim.profile
        log = list(claim.log.all()[:LOG_LINES])
        return render(
            request,
            "atlas/domain.html",
            {
                "claim": claim,
                "form": form,
                "status": _status(claim),
                "is_code_good": claim.is_code_good_at(now),
                "rechecks": claim.recheck_until is not None and claim.recheck_until > now,
                "http_url": f"http://{claim.domain}{HTTP_PATH}",
                "facts": [
                    ("Expiration date", day(claim.expires_at)),
                    ("Verify before", day(claim.assert_by)),
                    ("Last verification method", claim.get_last_method_display()),
                ],
                "identity": [
                    ("Profile Name", profile.name),
                    ("Validation Level", "Organization (OV)"),
                    ("Organization Name", profile.organisation),
                    ("Locality", profile.locality),
                    ("State", profile.state),
                    ("Country", profile.country),
                    ("Created at", day(claim.created_at)),
                ],
                "log": [(line, LOG_TONES[line.status]) for line in log],
            },
        )


class VerifyDomainView(DomainView):
    """Look for the code, or send the e-mail."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return redirect("domain", pk=pk)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = VerifyForm(request.POST, claim=self.claim)
        if not form.is_valid():
            return self.show(request, form)
        if not is_within("verify", self.account.pk, most=MOST_CHECKS, seconds=60):
            raise PermissionDenied("That were many checks. Wait a minute, and then try again.")
        try:
            self._verify(request, form)
        except UnableToClaim as refusal:
            form.add_error(refusal.field or None, str(refusal))
            return self.show(request, form)
        return redirect("domain", pk=pk)

    def _verify(self, request: HttpRequest, form: VerifyForm) -> None:
        now, method = timezone.now(), form.chosen_method
        if method == Method.EMAIL:
            address = form.cleaned_data["address"]
            domains.send_approval(actor=self.actor, claim=self.claim, address=address, now=now)
            messages.info(request, f"An e-mail with a link goes to {address}.")
        elif domains.verify(
            actor=self.actor,
            claim=self.claim,
            method=method,
            authorization_domain=form.cleaned_data["authorization_domain"],
            now=now,
        ):
            messages.success(request, f"{self.claim} is verified by {method.label}.")
        else:
            messages.warning(
                request,
                f"{self.claim} is not verified yet: the log below says why. Atlas looks again by "
                "itself for ten minutes.",
            )


class ResetCodeView(ClaimView):
    """Ask, then give the claim a new code."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.ask(
            request,
            question=f"Reset the verification code of {self.claim}?",
            consequence="The present code is good for nothing any more; a new one is to be put in "
            "its place within thirty days. A verified domain stays verified until it expires.",
            submit="Reset DVC",
            cancel_url=reverse("domain", args=[pk]),
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        domains.reset_code(actor=self.actor, claim=self.claim, now=timezone.now())
        messages.success(request, f"{self.claim} has a new verification code.")
        return redirect("domain", pk=pk)


class DeleteDomainView(ClaimView):
    """Ask, then delete the claim."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.ask(
            request,
            question=f"Delete the domain {self.claim}?",
            consequence="No certificate is issued for it any more. Those that were stay valid.",
            submit="Delete domain",
            danger=True,
            cancel_url=reverse("domain", args=[pk]),
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        domains.delete_claim(actor=self.actor, claim=self.claim, now=timezone.now())
        messages.success(request, f"The domain {self.claim} is deleted.")
        return redirect("domains")


class ApproveView(View):
    """The link of an e-mail: whoever has it owns the domain's mailbox. No sign-in is asked for."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        claim = domains.find_approvable(token, now=timezone.now())
        return self._page(request, {"claim": claim})

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        claim = domains.approve(token, address=get_client_ip(request), now=timezone.now())
        return self._page(request, {"claim": claim, "is_done": claim is not None})

    def _page(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        status = 200 if context["claim"] else 404
        response = render(request, "atlas/approve_domain.html", context, status=status)
        response["Referrer-Policy"] = "no-referrer"
        response["Cache-Control"] = "no-store"
        return response
