"""What the companies add to the portal's navigation (setting NAV_ITEMS)."""

from django.http import HttpRequest
from django.urls import reverse


def items(request: HttpRequest) -> list[tuple[str, str]]:
    """Return (label, URL) pairs."""
    return [("Market Participant Organisation", reverse("organisations:list"))]
