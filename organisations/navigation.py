"""What the companies add to the portal's navigation (setting NAV_ITEMS)."""

from django.http import HttpRequest
from django.urls import reverse

from organisations import acting


def items(request: HttpRequest) -> list[tuple[str, str]]:
    """Return (label, URL) pairs: to the company that one acts for, or else to the list."""
    chosen = acting.acting_id(request)
    url = (
        reverse("organisations:list")
        if chosen is None
        else reverse("organisations:dip_ids", args=[chosen])
    )
    return [("Market Participant Organisation", url)]
