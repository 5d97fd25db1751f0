"""A table of the portal: search, sort, and ten rows at a time or all of them (a thousand)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest

PAGE_SIZE = 10
ALL_AT_ONCE = 1000  # more rows than a browser likes to show
SEARCH_MAX_LENGTH = 200


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table: its heading, and the fields to sort by, if one can."""

    label: str
    key: str = ""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A heading as it stands: `query` sorts by it, `direction` is the word of aria-sort."""

    label: str
    query: str = ""
    direction: str = ""


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What a page shows of a table. `total` counts the rows that a search leaves out as well."""

    page: Page[Any]
    headings: list[Heading]
    search: str
    kept: list[tuple[str, str]]

    @property
    def is_empty(self) -> bool:
        return self.page.paginator.count == 0


def listing(
    request: HttpRequest,
    rows: QuerySet[Any],
    *,
    columns: Sequence[Column],
    search: Callable[[str], Q],
    default: str = "",
) -> Listing:
    """Return the rows that the request asks for: `q` searches, and as `listing_of`.

    Each word of the search has to be found somewhere.
    """
    for word in searched(request).split():
        rows = rows.filter(search(word))
    return listing_of(request, rows, columns=columns, default=default)


def searched(request: HttpRequest) -> str:
    """Return what the request searches for."""
    return request.GET.get("q", "").replace("\x00", "").strip()[:SEARCH_MAX_LENGTH]


def listing_of(
    request: HttpRequest,
    rows: QuerySet[Any, Any],
    *,
    columns: Sequence[Column],
    identity: Sequence[str] = ("pk",),
    default: str = "",
) -> Listing:
    """Return the rows that were found as the request asks for: `sort`, `show=all`, `page`.

    An unknown column sorts as `default` says ('-when' is downwards), or else by the first that
    can be sorted by; `identity` are the fields
    that order what is equal in it.
    """
    column, is_down = _asked_sort(request, columns, default)
    sign = "-" if is_down else ""
    rows = rows.order_by(*(f"{sign}{field}" for field in column.fields), *identity)
    return _shown(request, rows, columns, column, is_down=is_down)


def listing_of_list(
    request: HttpRequest, rows: Sequence[Any], *, columns: Sequence[Column]
) -> Listing:
    """Return rows that are no table of the database, as `listing_of` does.

    The fields of a column are attributes of the rows.
    """
    column, is_down = _asked_sort(request, columns)
    ordered = sorted(rows, key=attrgetter(*column.fields), reverse=is_down)
    return _shown(request, ordered, columns, column, is_down=is_down)


def _asked_sort(
    request: HttpRequest, columns: Sequence[Column], default: str = ""
) -> tuple[Column, bool]:
    """Return the column that the request sorts by, and whether downwards."""
    sortable = {column.key: column for column in columns if column.key}
    asked = request.GET.get("sort", "")
    if asked.removeprefix("-") not in sortable:
        asked = default or next(iter(sortable))
    return sortable[asked.removeprefix("-")], asked.startswith("-")


def _shown(
    request: HttpRequest,
    rows: "QuerySet[Any, Any] | Sequence[Any]",
    columns: Sequence[Column],
    sorted_by: Column,
    *,
    is_down: bool,
) -> Listing:
    size = ALL_AT_ONCE if request.GET.get("show") == "all" else PAGE_SIZE
    return Listing(
        page=Paginator(rows, size).get_page(request.GET.get("page")),
        headings=[_heading(request, column, sorted_by.key, is_down=is_down) for column in columns],
        search=searched(request),
        kept=[(name, request.GET[name]) for name in ("sort", "show") if name in request.GET],
    )


def _heading(request: HttpRequest, column: Column, sorted_by: str, *, is_down: bool) -> Heading:
    if not column.key:
        return Heading(label=column.label)
    is_here = column.key == sorted_by
    query = request.GET.copy()
    query.pop("page", None)
    query["sort"] = f"-{column.key}" if is_here and not is_down else column.key
    direction = ("descending" if is_down else "ascending") if is_here else ""
    return Heading(label=column.label, query=query.urlencode(), direction=direction)
