"""Identity Profiles: the list, one of them, and Request an Identity."""

from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from certificates.atlas.errors import UnableToRequestIdentity
from certificates.atlas.forms.identities import RequestIdentityForm
from certificates.atlas.http import AccountView
from certificates.atlas.models import IdentityProfile
from certificates.atlas.services.identities import request_identity
from certificates.atlas.tables import Cell, Choice, Column, Table, day

TONES = {
    IdentityProfile.Status.PENDING.value: "warning",
    IdentityProfile.Status.ACTIVE.value: "success",
    IdentityProfile.Status.REFUSED.value: "danger",
}


def profile_link(profile: IdentityProfile) -> Cell:
    """Return the name of an identity with the way to its page."""
    return Cell(text=profile.name, url=reverse("identity", args=[profile.pk]))


def _status(profile: IdentityProfile) -> Cell:
    return Cell(text=profile.get_status_display(), tone=TONES[profile.status])


def _of_status(rows: QuerySet[Any], status: str) -> QuerySet[Any]:
    return rows.filter(status=status)


class IdentityTable(Table):
    """The columns of the seminar's slide 'Identity Profiles'."""

    name = "identity-profiles"
    caption = "Identity Profiles"
    columns = (
        Column(key="name", label="Profile Name", value=profile_link, fields=("name",)),
        Column(key="status", label="Status", value=_status, fields=("status", "name")),
        Column(
            key="created",
            label="Date Created",
            value=lambda profile: day(profile.created_at),
            on_one_line=True,
            fields=("created_at",),
        ),
        Column(
            key="organisation",
            label="Org. Name (O)",
            value=lambda profile: profile.organisation,
            fields=("organisation", "name"),
        ),
    )
    filters = (
        Choice(
            key="status", label="Status", choices=IdentityProfile.Status.choices, narrow=_of_status
        ),
    )

    def matching(self, word: str) -> Q:
        """Return what finds an identity by a word."""
        return Q(name__icontains=word) | Q(organisation__icontains=word)


class IdentitiesView(AccountView):
    """The identities of the account."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        return IdentityTable().answer(
            request,
            self.account.profiles.all(),
            lambda table: render(request, "atlas/identities.html", {"table": table}),
        )


class IdentityView(AccountView):
    """One identity, with what stands in its certificates."""

    profile: IdentityProfile

    def load(self, **kwargs: Any) -> None:
        """Find the identity among those of the account."""
        self.profile = get_object_or_404(self.account.profiles, pk=kwargs["pk"])

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        profile = self.profile
        facts = [
            ("Validation Level", "Organization (OV)"),
            ("Organization Name", profile.organisation),
            ("Locality", profile.locality),
            ("State", profile.state),
            ("Country", profile.country),
            ("Created at", day(profile.created_at)),
        ]
        return render(
            request,
            "atlas/identity.html",
            {"profile": profile, "facts": facts, "tone": TONES[profile.status]},
        )


class RequestIdentityView(AccountView):
    """Ask for an organisation, and have it vetted."""

    def get(self, request: HttpRequest) -> HttpResponse:
        form = RequestIdentityForm(
            initial={"organisation": self.account.name[:64], "country": "GB"}
        )
        return self._page(request, form)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = RequestIdentityForm(request.POST)
        if form.is_valid():
            try:
                profile = request_identity(
                    actor=self.actor,
                    account=self.account,
                    **form.cleaned_data,
                    now=timezone.now(),
                )
            except UnableToRequestIdentity as refusal:
                form.add_error(refusal.field or None, str(refusal))
            else:
                _tell(request, profile)
                return redirect("identity", pk=profile.pk)
        return self._page(request, form)

    def _page(self, request: HttpRequest, form: RequestIdentityForm) -> HttpResponse:
        return render(request, "atlas/request_identity.html", {"form": form})


def _tell(request: HttpRequest, profile: IdentityProfile) -> None:
    if profile.is_active:
        messages.success(request, f"The identity {profile} is requested and vetted: it is active.")
    elif profile.status == IdentityProfile.Status.PENDING:
        messages.info(request, f"The identity {profile} is requested. Vetting takes a while.")
    else:
        messages.error(request, f"The identity {profile} was refused.")
