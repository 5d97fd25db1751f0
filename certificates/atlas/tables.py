"""A table of Atlas with its toolbar: columns, filters, density, export, rows per page.

Everything stands in the query string, so that a table works without JavaScript and its
address can be kept: `q` searches, `sort` sorts, `hide` leaves columns out, `rows` is how
many at a time, `density` how close, and each filter has a name of its own.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase

from dip_portal.lib.spreadsheet import csv_response

ROWS = (10, 25, 50, 100)
DENSITIES = ("compact", "standard", "comfortable")
TEXT_MAX_LENGTH = 200
EXPORT = "export"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What a table shows in one place: a text, as you like a link or a state with its tone."""

    text: str
    url: str = ""
    tone: str = ""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column: `value` gives a row's text or Cell, `fields` what it is sorted by, if it can be.

    `on_one_line` keeps short texts such as dates from being broken.
    """

    key: str
    label: str
    value: Callable[[Any], "str | Cell"]
    fields: tuple[str, ...] = ()
    on_one_line: bool = False


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A filter: `choices` are (value, label), `narrow` keeps the rows of one of them."""

    key: str
    label: str
    choices: Sequence[tuple[str, str]]
    narrow: Callable[[QuerySet[Any], str], QuerySet[Any]]


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A heading as it stands: `query` sorts by it, `direction` is the word of aria-sort."""

    label: str
    query: str
    direction: str


@dataclass(frozen=True, kw_only=True)
class Option:
    """One of several to choose from, in the toolbar."""

    label: str
    value: str
    is_chosen: bool
    query: str = ""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A table as it is shown. `kept` is the query, name by name, that a form must send again."""

    caption: str
    headings: list[Heading]
    rows: list[list[tuple[Column, Cell]]]
    page: Page[Any]
    search: str
    is_narrowed: bool
    columns: list[Option]
    filters: list[tuple[Choice, list[Option]]]
    densities: list[Option]
    sizes: list[Option]
    density: str
    export_query: str
    kept: dict[str, list[tuple[str, str]]]
    before_query: str
    after_query: str


class Table:
    """What a list of Atlas consists of; a subclass says which columns and how to find rows."""

    name: ClassVar[str]
    caption: ClassVar[str]
    columns: ClassVar[Sequence[Column]]
    filters: ClassVar[Sequence[Choice]] = ()
    newest_first: ClassVar[bool] = False

    def matching(self, word: str) -> Q:
        """Return what finds a row by a word."""
        raise NotImplementedError

    def answer(
        self, request: HttpRequest, rows: QuerySet[Any, Any], page: Callable[[Shown], Any]
    ) -> HttpResponseBase:
        """Return `page` of the table, or what is found as a CSV file if that is asked for."""
        found, search, narrowed = self._find(request, rows)
        key, sign = self._sorting(request)
        by_key = {column.key: column for column in self.columns}
        last = "-" if sign else ""
        found = found.order_by(*(f"{sign}{field}" for field in by_key[key].fields), f"{last}pk")
        shown = [column for column in self.columns if column.key not in self._hidden(request)]
        if EXPORT in request.GET:
            return self._export(found, shown)
        size = self._size(request)
        paged = Paginator(found, size).get_page(request.GET.get("page"))
        density = self._density(request)
        answer: HttpResponseBase = page(
            Shown(
                caption=self.caption,
                headings=[self._heading(request, it, key, sign) for it in shown],
                rows=[[(it, _cell(it.value(row))) for it in shown] for row in paged],
                page=paged,
                search=search,
                is_narrowed=bool(search or narrowed),
                columns=[
                    Option(label=it.label, value=it.key, is_chosen=it in shown)
                    for it in self.columns
                ],
                filters=[(it, self._options(request, it)) for it in self.filters],
                densities=[
                    Option(
                        label=it.capitalize(),
                        value=it,
                        is_chosen=it == density,
                        query=_query(request, density=it),
                    )
                    for it in DENSITIES
                ],
                sizes=[
                    Option(
                        label=str(it),
                        value=str(it),
                        is_chosen=it == size,
                        query=_query(request, rows=str(it), page=None),
                    )
                    for it in ROWS
                ],
                density=density,
                export_query=_query(request, **{EXPORT: "csv", "page": None}),
                kept={
                    "filters": _kept(request, "q", "page", *(it.key for it in self.filters)),
                    "columns": _kept(request, "hide", "page", "show"),
                },
                before_query=_query(request, page=str(paged.number - 1)),
                after_query=_query(request, page=str(paged.number + 1)),
            )
        )
        return answer

    def _find(
        self, request: HttpRequest, rows: QuerySet[Any, Any]
    ) -> tuple[QuerySet[Any, Any], str, bool]:
        search = _text(request, "q")
        for word in search.split():
            rows = rows.filter(self.matching(word))
        narrowed = False
        for choice in self.filters:
            asked = request.GET.get(choice.key, "")
            if asked in {value for value, _ in choice.choices}:
                rows = choice.narrow(rows, asked)
                narrowed = True
        return rows, search, narrowed

    def _sorting(self, request: HttpRequest) -> tuple[str, str]:
        """Return the column to sort by and the sign of its direction."""
        asked = request.GET.get("sort", "")
        key = asked.removeprefix("-")
        sortable = [column.key for column in self.columns if column.fields]
        if key in sortable:
            return key, "-" if asked.startswith("-") else ""
        return sortable[0], "-" if self.newest_first else ""

    def _hidden(self, request: HttpRequest) -> set[str]:
        """Return the columns left out: those of `hide`, or all but those of the form's `show`."""
        keys = {column.key for column in self.columns}
        if "columns" in request.GET:
            return keys - (set(request.GET.getlist("show")) & keys or {self.columns[0].key})
        hidden = keys & set(request.GET.getlist("hide"))
        return hidden if hidden != keys else hidden - {self.columns[0].key}

    def _size(self, request: HttpRequest) -> int:
        asked = request.GET.get("rows", "")
        return next((size for size in ROWS if str(size) == asked), ROWS[0])

    def _density(self, request: HttpRequest) -> str:
        asked = request.GET.get("density", "")
        return asked if asked in DENSITIES else "standard"

    def _heading(self, request: HttpRequest, column: Column, key: str, sign: str) -> Heading:
        if not column.fields:
            return Heading(label=column.label, query="", direction="")
        is_here = column.key == key
        wanted = f"-{column.key}" if is_here and not sign else column.key
        return Heading(
            label=column.label,
            query=_query(request, sort=wanted, page=None),
            direction=("descending" if sign else "ascending") if is_here else "",
        )

    def _options(self, request: HttpRequest, choice: Choice) -> list[Option]:
        asked = request.GET.get(choice.key, "")
        return [
            Option(label=label, value=value, is_chosen=value == asked)
            for value, label in choice.choices
        ]

    def _export(self, rows: QuerySet[Any, Any], shown: list[Column]) -> HttpResponseBase:
        lines: Iterable[list[str]] = (
            [_cell(column.value(row)).text for column in shown] for row in rows.iterator(500)
        )
        return csv_response(self.name, [column.label for column in shown], lines)


def when(moment: datetime | None) -> str:
    """Return a time of a table, as everywhere: 2024-12-17 09:30 UTC; empty for none."""
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else ""


def day(moment: datetime | None) -> str:
    """Return the day of a time (UTC), as 2024-12-17; empty for none."""
    return f"{moment:%Y-%m-%d}" if moment else ""


def _cell(value: str | Cell) -> Cell:
    return value if isinstance(value, Cell) else Cell(text=value)


def _text(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\x00", "").strip()[:TEXT_MAX_LENGTH]


def _kept(request: HttpRequest, *without: str) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, values in request.GET.lists()
        if name not in (*without, "columns", EXPORT)
        for value in values
    ]


def _query(request: HttpRequest, **changes: str | None) -> str:
    """Return the query with some of it changed, or left out where it is None."""
    pairs = _kept(request, *changes)
    if "columns" in request.GET:  # the form's way of saying it is not `hide` yet
        pairs.append(("columns", "chosen"))
    pairs += [(name, value) for name, value in changes.items() if value is not None]
    return urlencode([(name, value.encode("utf-8", "replace")) for name, value in pairs])
