"""Lists in pages: `page` and `per_page`, with the headers Total-Count and Links."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest, JsonResponse
from django.http.request import QueryDict

from certificates.atlas.hvca.bodies import moment_of
from certificates.atlas.hvca.problems import Invalid

PER_PAGE = 100
MOST_PER_PAGE = 1000  # more is cut to this
LAST_PAGE = 1_000_000
Row = TypeVar("Row", bound=Model)


def page_of(
    request: HttpRequest, rows: QuerySet[Row], show: Callable[[Row], dict[str, Any]]
) -> JsonResponse:
    """Return the page of the rows that a request asks for. Raises Invalid."""
    page = number(request, "page", default=1, most=LAST_PAGE)
    per_page = min(number(request, "per_page", default=PER_PAGE, most=2**31), MOST_PER_PAGE)
    total = rows.count()
    last = max(1, -(-total // per_page))
    first = (page - 1) * per_page
    shown = [show(row) for row in rows[first : first + per_page]] if first < total else []
    links = []
    for rel, target in (("previous", page - 1), ("next", page + 1), ("last", last)):
        if 1 <= target <= last:
            query = request.GET.copy()
            query["page"] = str(target)
            links.append(f'<{request.path}?{query.urlencode()}>; rel="{rel}"')
    return JsonResponse(
        shown, safe=False, headers={"Total-Count": str(total), "Links": ", ".join(links)}
    )


def number(request: HttpRequest, field: str, *, default: int, most: int) -> int:
    """Return a whole number of the query, from 1 on. Raises Invalid."""
    value = _integer(request.GET, field)
    if value is None:
        return default
    if not 1 <= value <= most:
        raise Invalid(field, f"This is a number from 1 to {most}.")
    return value


def window(request: HttpRequest) -> tuple[datetime | None, datetime | None]:
    """Return the times `from` and `to` of the query, None where they are not given."""
    begin, end = (
        None if value is None else moment_of(value, field)
        for field, value in ((name, _integer(request.GET, name)) for name in ("from", "to"))
    )
    return begin, end


def _integer(query: QueryDict, field: str) -> int | None:
    text = query.get(field)
    if text is None or text == "":
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid(field, "This is a whole number.")
    return int(text)
