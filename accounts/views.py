"""The pages of `accounts` that are not allauth's: the gates, and the Terms of Use."""

from allauth.account.utils import get_next_redirect_url
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actors import actor_of, signed_in_user
from accounts.forms import AcceptTermsForm
from accounts.second_factor import has_second_factor, remember_way_back, take_way_back
from accounts.services import accept_terms, has_accepted_terms


@require_safe
@login_required
def second_factor(request: HttpRequest) -> HttpResponse:
    """Show the two kinds of second factor to a person who has none yet."""
    if has_second_factor(signed_in_user(request)):
        return redirect("mfa_index")
    remember_way_back(request, get_next_redirect_url(request) or "")
    return render(request, "accounts/second_factor.html")


@require_safe
@login_required
def continue_(request: HttpRequest) -> HttpResponse:
    """Go on, after an enrolment, to where the person was going before it."""
    return HttpResponseRedirect(take_way_back(request) or _home())


@require_http_methods(["GET", "HEAD", "POST"])
def terms(request: HttpRequest) -> HttpResponse:
    """Show the Terms of Use to anybody, and let a signed-in person accept them."""
    to_accept = request.user.is_authenticated and not has_accepted_terms(signed_in_user(request))
    form = AcceptTermsForm(request.POST if request.method == "POST" else None)
    if to_accept and form.is_valid():
        user = signed_in_user(request)
        accept_terms(user=user, actor=actor_of(request, user), now=timezone.now())
        return HttpResponseRedirect(get_next_redirect_url(request) or _home())
    return render(
        request,
        "accounts/terms.html",
        {
            "form": form if to_accept else None,
            "next": get_next_redirect_url(request),
            "version": settings.TERMS_OF_USE_VERSION,
        },
    )


def _home() -> str:
    return redirect(settings.LOGIN_REDIRECT_URL).url
