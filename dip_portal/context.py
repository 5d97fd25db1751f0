"""What every template knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.module_loading import import_string

from dip_portal.lib import environment as environments
from organisations.acting import switcher


def environment(request: HttpRequest) -> dict[str, Any]:
    """Give `environment`, `nav_items` and `switcher`.

    `nav_items` is a list of (label, URL, whether one is there now), `switcher` the company
    that somebody in several acts for, or None, and all that they can choose.

    Each function of the setting NAV_ITEMS takes the request and returns (label, URL)
    pairs. They run only if a page shows its navigation.
    """
    return {
        "environment": environments.current(),
        "nav_items": SimpleLazyObject(lambda: _nav_items(request)),
        "switcher": SimpleLazyObject(lambda: switcher(request)),
    }


def _nav_items(request: HttpRequest) -> list[tuple[str, str, bool]]:
    items = [
        item for name in getattr(settings, "NAV_ITEMS", []) for item in import_string(name)(request)
    ]
    here = max((url for _, url in items if _is_within(request.path, url)), key=len, default=None)
    return [(label, url, url == here) for label, url in items]


def _is_within(path: str, url: str) -> bool:
    return path == url or (url != "/" and path.startswith(url))
