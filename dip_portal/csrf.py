"""What becomes of a form that is refused because it came without a good token against forgery."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.csrf import csrf_failure

from organisations.views.invitations import SESSION_KEY

ACCEPT = "organisations:accept_invitation"


def refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer with the page of error 403, but where it would hide that the work is done already.

    Who accepts an invitation in one tab is signed in there, and the form of a second tab has an
    old token: it is sent to its page, which says what became of the invitation.
    """
    here = request.resolver_match.view_name if request.resolver_match else ""
    if here == ACCEPT and SESSION_KEY not in request.session:
        return redirect(ACCEPT)
    return csrf_failure(request, reason)
