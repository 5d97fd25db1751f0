"""Access Credentials: API credentials, whose key and secret are shown once."""

import json
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from certificates.atlas.errors import UnableToCreateCredential
from certificates.atlas.forms.identities import ApiCredentialForm
from certificates.atlas.http import AccountView
from certificates.atlas.models import ApiCredential, DipEnvironment, IdentityProfile
from certificates.atlas.services.credentials import create_api_credential, revoke_api_credential
from certificates.atlas.tables import Cell, Choice, Column, Table, day, when
from dip_portal.lib import secrets

SESSION_KEY = "new API credential"
PURPOSE = "Atlas API credential on its way to the page"


def environment_choice(path: str = "environment") -> Choice:
    """Return the filter by the environment of the DIP."""

    def narrow(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        return rows.filter(**{path: value})

    return Choice(
        key="environment", label="DIP environment", choices=DipEnvironment.choices, narrow=narrow
    )


def _link(credential: ApiCredential) -> Cell:
    return Cell(text=credential.name, url=reverse("api_credential", args=[credential.pk]))


def _status(credential: ApiCredential) -> Cell:
    if credential.is_active:
        return Cell(text="Active", tone="success")
    return Cell(text="Deleted", tone="neutral")


def _in_state(rows: QuerySet[Any], state: str) -> QuerySet[Any]:
    return rows.filter(revoked_at__isnull=state == "active")


class ApiCredentialTable(Table):
    """The API credentials of an account."""

    name = "api-credentials"
    caption = "API Credentials"
    columns = (
        Column(key="name", label="Name", value=_link, fields=("name",)),
        Column(
            key="environment",
            label="DIP Environment",
            value=lambda it: it.get_environment_display(),
            fields=("environment", "name"),
        ),
        Column(
            key="profile",
            label="Identity Profile",
            value=lambda it: it.profile.name,
            fields=("profile__name", "name"),
        ),
        Column(key="key", label="API Key", value=lambda it: f"…{it.hint}"),
        Column(
            key="created",
            label="Date Created",
            value=lambda it: day(it.created_at),
            on_one_line=True,
            fields=("created_at",),
        ),
        Column(
            key="used",
            label="Last Used",
            value=lambda it: when(it.last_used_at) or "Never",
            fields=("last_used_at",),
        ),
        Column(key="status", label="Status", value=_status),
    )
    filters = (
        environment_choice(),
        Choice(
            key="status",
            label="Status",
            choices=(("active", "Active"), ("deleted", "Deleted")),
            narrow=_in_state,
        ),
    )

    def matching(self, word: str) -> Q:
        """Return what finds a credential by a word."""
        return Q(name__icontains=word) | Q(profile__name__icontains=word) | Q(hint=word)


class ApiCredentialsView(AccountView):
    """The list, and the way to a new one."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        return ApiCredentialTable().answer(
            request,
            self.account.credentials.select_related("profile"),
            lambda table: render(
                request,
                "atlas/api_credentials.html",
                {
                    "table": table,
                    "has_identity": self.account.profiles.filter(
                        status=IdentityProfile.Status.ACTIVE
                    ).exists(),
                },
            ),
        )


class CreateApiCredentialView(AccountView):
    """Ask what the credential is for, make it, and go on to the page that shows it once."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(request, ApiCredentialForm(account=self.account))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ApiCredentialForm(request.POST, account=self.account)
        if form.is_valid():
            try:
                new = create_api_credential(
                    actor=self.actor,
                    account=self.account,
                    profile=form.cleaned_data["profile"],
                    environment=form.chosen_environment,
                    name=form.cleaned_data["name"],
                    now=timezone.now(),
                )
            except UnableToCreateCredential as refusal:
                form.add_error(refusal.field or None, str(refusal))
            else:
                shown = [new.credential.pk, new.api_key, new.api_secret]
                request.session[SESSION_KEY] = secrets.encrypt(json.dumps(shown), purpose=PURPOSE)
                return redirect("api_credential", pk=new.credential.pk)
        return self._page(request, form)

    def _page(self, request: HttpRequest, form: ApiCredentialForm) -> HttpResponse:
        return render(request, "atlas/create_api_credential.html", {"form": form})


class CredentialView(AccountView):
    """A page of one credential: `credential`."""

    credential: ApiCredential

    def load(self, **kwargs: Any) -> None:
        """Find the credential among those of the account."""
        own = self.account.credentials.select_related("profile")
        self.credential = get_object_or_404(own, pk=kwargs["pk"])


class ApiCredentialView(CredentialView):
    """One credential; right after it was made, with its key and secret."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        credential = self.credential
        facts = [
            ("DIP environment", credential.get_environment_display()),
            ("Identity profile", credential.profile.name),
            ("API key", f"ends in {credential.hint}"),
            ("Created", when(credential.created_at)),
            ("Last used", when(credential.last_used_at) or "Never"),
            ("Deleted", when(credential.revoked_at) or "No"),
        ]
        return render(
            request,
            "atlas/api_credential.html",
            {"credential": credential, "facts": facts, "new": _take_new(request, credential)},
        )


class RevokeApiCredentialView(CredentialView):
    """Ask, then delete: what was deleted opens nothing any more."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        credential = self.credential
        return self.ask(
            request,
            question=f"Delete the API credential {credential}?",
            consequence="Whoever uses it, the DIP above all, is refused from now on. "
            "Certificates that were issued with it stay valid.",
            submit="Delete",
            danger=True,
            cancel_url=reverse("api_credential", args=[pk]),
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        credential = self.credential
        if revoke_api_credential(actor=self.actor, credential=credential, now=timezone.now()):
            messages.success(request, f"The API credential {credential} is deleted.")
        else:
            messages.info(request, f"The API credential {credential} was deleted already.")
        return redirect("api_credentials")


def _take_new(request: HttpRequest, credential: ApiCredential) -> dict[str, str] | None:
    """Return key and secret the first time that the page of a new credential is shown."""
    sealed = request.session.get(SESSION_KEY)
    if sealed is None:
        return None
    pk, api_key, api_secret = json.loads(secrets.decrypt(sealed, purpose=PURPOSE))
    if pk != credential.pk:
        return None
    del request.session[SESSION_KEY]
    return {"api_key": api_key, "api_secret": api_secret}
