"""What operations add to the portal's navigation (setting NAV_ITEMS)."""

from django.http import HttpRequest
from django.urls import reverse

from organisations import acting
from organisations.actors import actor_of
from organisations.policies import Action, decide


def items(request: HttpRequest) -> list[tuple[str, str]]:
    """Return (label, URL) pairs, of what the person may read in the company they act for."""
    shown = []
    if acting.decide_here(request, Action.AUDIT_VIEW):
        shown.append(("Audit", reverse("operations:trail")))
    if decide(actor_of(request), Action.USER_VIEW):
        shown.append(("Users", reverse("admin:accounts_user_changelist")))
    return shown
