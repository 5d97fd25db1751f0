"""What message channels add to the portal's navigation (setting NAV_ITEMS)."""

from django.http import HttpRequest
from django.urls import reverse

from organisations import acting
from organisations.actors import actor_of
from organisations.policies import Action, decide_anywhere


def items(request: HttpRequest) -> list[tuple[str, str]]:
    """Return (label, URL) pairs: the channels of the company one acts for, or the catalogue."""
    if not decide_anywhere(actor_of(request), Action.CHANNEL_VIEW):
        return []
    chosen = acting.acting_id(request)
    url = (
        reverse("channels:catalogue")
        if chosen is None
        else reverse("channels:channels", args=[chosen])
    )
    return [("Message Channels", url)]
