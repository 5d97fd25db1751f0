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
    by_app = {
        name.partition(".")[0]: import_string(name)(request)
        for name in getattr(settings, "NAV_ITEMS", [])
    }
    items = [item for found in by_app.values() for item in found]
    # A page of an app is under its own item, whatever its address; others go by the address.
    own = by_app.get(request.resolver_match.app_name if request.resolver_match else "", [])
    if len(own) == 1:
        here = own[0][1]
    else:
        within = (url for _, url in items if _is_within(request.path, url))
        here = max(within, key=len, default=None)
    return [(label, url, url == here) for label, url in items]


def _is_within(path: str, url: str) -> bool:
    return path == url or (url != "/" and path.startswith(url))
