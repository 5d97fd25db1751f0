"""Opening an account: open to everybody, as at GlobalSign."""

from typing import Any

from allauth.core import ratelimit
from allauth.core.internal.httpkit import get_client_ip
from django.contrib.auth.password_validation import password_validators_help_texts
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views import View

from accounts.services import sign_in
from certificates.atlas.errors import UnableToRegister
from certificates.atlas.forms.accounts import RegisterForm
from certificates.atlas.services.accounts import register


class RegisterView(View):
    """Register a company with its first person, who is signed in at once."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Lead a person who is signed in already to their account."""
        if request.user.is_authenticated:
            return redirect("home")
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(request, RegisterForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        if not ratelimit.consume(request, action="signup"):
            return ratelimit.respond_429(request)
        form = RegisterForm(request.POST)
        if form.is_valid():
            fields = {key: form.cleaned_data[key] for key in form.fields if key != "password_again"}
            try:
                user = register(**fields, address=get_client_ip(request), now=timezone.now())
            except UnableToRegister as refusal:
                form.add_error(refusal.field or None, str(refusal))
            else:
                return sign_in(request, user)
        return self._page(request, form)

    def _page(self, request: HttpRequest, form: RegisterForm) -> HttpResponse:
        rules = password_validators_help_texts()
        return render(request, "atlas/register.html", {"form": form, "rules": rules})
