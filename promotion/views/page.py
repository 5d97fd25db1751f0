"""What every page of the promotion is: a page of the DIP Manager's, in promotion/'s templates."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from dip_portal.lib.text import storable
from organisations import manager_pages
from organisations.manager_pages import page

__all__ = ["page", "searched", "show"]

SEARCH_MAX_LENGTH = 200


def show(
    request: HttpRequest, template: str, title: str, *, status: int = 200, **context: Any
) -> HttpResponse:
    """Render a page of the promotion in the frame of the admin."""
    return manager_pages.show(request, f"promotion/{template}", title, status=status, **context)


def searched(request: HttpRequest) -> str:
    """Return what is searched for (`?q=`), in a form that a database takes."""
    return storable(request.GET.get("q", "").strip(), SEARCH_MAX_LENGTH)
