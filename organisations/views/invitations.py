"""The link of an invitation, and the page on which it is accepted.

The token stands in the address of the link alone. It moves into the session, sealed, and
the page has an address that may be logged, shown and referred to. These views are not
behind the sign-in gates: the token is the proof.
"""

from allauth.core.internal.httpkit import get_client_ip
from django.contrib.auth.password_validation import password_validators_help_texts
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.errors import UnableToCreateUser
from accounts.models import User
from accounts.services import sign_in
from dip_portal.lib import clock, secrets
from organisations.forms.accepting import SetPasswordForm
from organisations.models import Invitation
from organisations.services import invitations
from organisations.services.invitations import SignInFirst, UnableToAccept

SESSION_KEY = "invitation"
PURPOSE = "invitation link"


@csrf_exempt  # a refusal would write the address, and so the token, into the log
@never_cache
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Keep the token of the link and go on to a page without it; every token looks alike."""
    request.session[SESSION_KEY] = secrets.encrypt(token, purpose=PURPOSE)
    response = redirect("organisations:accept_invitation")
    response["Referrer-Policy"] = "no-referrer"
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest) -> HttpResponse:
    """Let the invited person accept: with a new password, or signed in to their account."""
    token = _token(request)
    invitation = invitations.find_redeemable(token, now=clock.now())
    if invitation is None:
        return _dead_link(request)
    account = invitations.account_of(invitation)
    if account is None:
        return _accept_as_new_person(request, invitation, token)
    return _accept_as(request, invitation, token, account)


def _accept_as_new_person(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    sent = request.POST if request.method == "POST" else None
    form = SetPasswordForm(sent, invitation=invitation)
    if form.is_valid():
        try:
            user = _accepted(request, token, password=form.cleaned_data["password"])
        except UnableToAccept:
            return _dead_link(request)
        except SignInFirst:
            return redirect("organisations:accept_invitation")
        except UnableToCreateUser as error:
            form.add_error("password" if error.field == "password" else None, str(error))
        else:
            return sign_in(request, user)
    return _page(
        request,
        invitation,
        form=form,
        rules=password_validators_help_texts(),
        other_person=request.user if request.user.is_authenticated else None,
    )


def _accept_as(
    request: HttpRequest, invitation: Invitation, token: str, account: User
) -> HttpResponse:
    """Let the owner of an account accept: its password and second factor prove who they are."""
    is_owner = request.user.is_authenticated and request.user.pk == account.pk
    if request.method == "POST" and is_owner:
        try:
            _accepted(request, token, signed_in=account)
        except UnableToAccept:
            return _dead_link(request)
        return redirect("home")
    other = request.user if request.user.is_authenticated and not is_owner else None
    return _page(request, invitation, has_account=True, is_owner=is_owner, other_person=other)


def _accepted(
    request: HttpRequest, token: str, *, password: str = "", signed_in: User | None = None
) -> User:
    user = invitations.accept(
        invitation_token=token,
        password=password,
        now=clock.now(),
        address=get_client_ip(request),
        signed_in=signed_in,
    )
    request.session.pop(SESSION_KEY, None)
    return user


def _page(request: HttpRequest, invitation: Invitation, **context: object) -> HttpResponse:
    return render(
        request,
        "organisations/accept_invitation.html",
        {"invitation": invitation, "company": invitation.organisation, **context},
    )


def _dead_link(request: HttpRequest) -> HttpResponse:
    """Say what to do next, the same for every link that opens nothing, whatever the reason."""
    request.session.pop(SESSION_KEY, None)
    return render(request, "organisations/dead_link.html", status=404)


def _token(request: HttpRequest) -> str:
    sealed = request.session.get(SESSION_KEY, "")
    try:
        return secrets.decrypt(sealed, purpose=PURPOSE) if sealed else ""
    except secrets.UnableToDecrypt:  # the key was changed since: the link still works
        return ""
