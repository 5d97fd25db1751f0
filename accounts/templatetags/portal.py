"""What the portal's templates share: `{% load portal %}`."""

from typing import Any

from crispy_forms.templatetags.crispy_forms_filters import as_crispy_field
from django import template
from django.core.paginator import Page
from django.forms import BoundField
from django.utils.safestring import SafeString

from dip_portal.lib import correlation
from dip_portal.lib import environment as environments
from dip_portal.lib.environment import Environment

register = template.Library()


@register.simple_tag
def current_environment() -> Environment:
    """Return this environment, also where there is no request (the page of error 500)."""
    return environments.current()


@register.simple_tag
def correlation_id() -> str:
    """Return the id under which the log has this request; empty outside of one."""
    current = correlation.current()
    return "" if current == correlation.NONE else current


@register.simple_tag
def field(
    bound: BoundField, label: str = "", help: str = "", autofocus: bool = False
) -> SafeString:
    """Render a form's field, with another label or help if given; errors stand beside it.

    A placeholder is left out: it is no label, and it goes when one types.
    """
    bound.label = label or bound.label
    bound.help_text = help or bound.help_text
    widget = bound.field.widget
    widget.attrs.pop("placeholder", None)
    if autofocus:
        widget.attrs["autofocus"] = True
    html: SafeString = as_crispy_field(bound)
    return html


@register.inclusion_tag("components/breadcrumbs.html")
def breadcrumbs(*parts: str) -> dict[str, Any]:
    """Render a trail: label, URL, label, URL, …, and at the end the label of this page."""
    *before, here = parts
    return {"trail": list(zip(before[::2], before[1::2], strict=True)), "here": here}


@register.inclusion_tag("components/badge.html")
def badge(label: str, tone: str = "neutral") -> dict[str, str]:
    """Render a state: `tone` is success, warning, danger, info or neutral."""
    return {"label": label, "tone": tone}


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(context: dict[str, Any], page: Page[Any]) -> dict[str, Any]:
    """Render 'Showing items 1 - 2 of 2', and the way to the other pages and to all at once."""
    request = context["request"]
    return {
        "page": page,
        "numbers": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "query": _query_without(request.GET, "page"),
        "query_without_size": _query_without(request.GET, "page", "show"),
        "shows_all": request.GET.get("show") == "all",
    }


def _query_without(query: Any, *names: str) -> str:
    kept = query.copy()
    for name in names:
        kept.pop(name, None)
    return f"{kept.urlencode()}&" if kept else ""
