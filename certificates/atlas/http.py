"""What the pages of Atlas share, and what its levers for testers answer in JSON."""

import json
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.forms import Form
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views import View

from accounts.models import User
from certificates.atlas.actors import AtlasActor, actor_for
from certificates.atlas.models import Account


class AccountView(View):
    """A page of one account: `account` and `actor` are those of the person who asks.

    What it shows or changes it takes from `account`, so that what belongs to another one
    is not found.
    """

    account: Account
    actor: AtlasActor

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Send strangers to sign in, and tell a person without an account that it has none."""
        if not isinstance(request.user, User):
            return redirect_to_login(request.get_full_path())
        account = Account.objects.filter(users__user=request.user).first()
        if account is None:
            return render(request, "atlas/no_account.html", status=403)
        self.account = account
        self.actor = actor_for(request.user, request)
        self.load(**kwargs)
        return super().dispatch(request, *args, **kwargs)

    def load(self, **kwargs: Any) -> None:
        """Load what the page is about, from `account`; raises Http404."""

    def ask(
        self,
        request: HttpRequest,
        *,
        question: str,
        consequence: str,
        submit: str,
        cancel_url: str,
        danger: bool = False,
        form: Form | None = None,
    ) -> HttpResponse:
        """Show a page that asks before something is done; its form posts to the same address."""
        context = {
            "question": question,
            "consequence": consequence,
            "submit": submit,
            "cancel_url": cancel_url,
            "danger": danger,
            "form": form,
        }
        return render(request, "components/confirm_page.html", context)


def json_object(request: HttpRequest, *, most_bytes: int) -> dict[str, Any] | None:
    """Return the JSON object that was sent; None for anything else, and for what is larger."""
    body = request.read(most_bytes + 1)
    try:
        sent = json.loads(body) if len(body) <= most_bytes else None
    except (ValueError, RecursionError):
        return None
    return sent if isinstance(sent, dict) else None


def problem(status: int, text: str) -> HttpResponse:
    """Answer a call of a tester's lever with what is wrong with it."""
    return JsonResponse(
        {"description": text}, status=status, content_type="application/problem+json"
    )
