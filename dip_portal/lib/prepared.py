"""Queries that the ORM writes once: for calls that come by the hundred a second.

To write the SQL of a look-up takes the ORM longer than to run it. Here the statement is kept
after the first time, and only its values change; rows become model instances as they always do.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators

AnyModel = TypeVar("AnyModel", bound=Model)


@dataclass(frozen=True, kw_only=True)
class _Statement:
    """SQL, its values (a slot's number, or a value that stays), and how rows become instances."""

    sql: str
    values: list[tuple[int | None, Any]]
    model: type[Model]
    names: list[str]
    start: int
    end: int
    converters: list[tuple[int, list[Any], Any]]
    related: list[Any]


class Prepared(Generic[AnyModel]):
    """A query with slots: `make` returns the queryset for values, `slots` stand for each.

    Slots are values of the right type that differ from everything else in the query. What
    `make` returns may select related rows; it has no annotations and prefetches nothing.
    """

    def __init__(self, make: Callable[..., QuerySet[AnyModel]], *slots: Any) -> None:
        self._make = make
        self._slots = slots
        self._known: dict[str, _Statement] = {}

    def all(self, *values: Any) -> list[AnyModel]:
        """Return the instances for these values, one for each slot, in their order."""
        sql, filled = self.statement(*values)
        with connection.cursor() as cursor:
            cursor.execute(sql, filled)
            return self.instances(cursor.fetchall())

    def first(self, *values: Any) -> AnyModel | None:
        """Return the first instance for these values."""
        return next(iter(self.all(*values)), None)

    def statement(self, *values: Any) -> tuple[str, list[Any]]:
        """Return SQL and parameters for these values."""
        known = self._statement()
        return known.sql, [kept if slot is None else values[slot] for slot, kept in known.values]

    def instances(self, rows: Iterable[Any]) -> list[AnyModel]:
        """Return the instances of the rows that the statement has given."""
        statement = self._statement()
        return [self._instance(statement, row) for row in rows]

    def _statement(self) -> _Statement:
        return self._known.get(connection.vendor) or self._write()

    def _write(self) -> _Statement:
        query = self._make(*self._slots).query
        compiler = query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        info, select = compiler.klass_info, compiler.select
        assert info is not None
        assert not compiler.annotation_col_map
        start, end = info["select_fields"][0], info["select_fields"][-1] + 1
        expressions = [one[0] for one in select[: compiler.col_count]]
        statement = _Statement(
            sql=sql,
            values=[(self._slots.index(it) if it in self._slots else None, it) for it in params],
            model=info["model"],
            names=[attrgetter("target.attname")(one[0]) for one in select[start:end]],
            start=start,
            end=end,
            converters=[
                (at, converters, expression)
                for at, (converters, expression) in compiler.get_converters(expressions).items()
            ],
            related=get_related_populators(info, select, connection.alias),  # type: ignore[call-arg]
        )
        self._known[connection.vendor] = statement
        return statement

    def _instance(self, statement: _Statement, row: Any) -> AnyModel:
        if statement.converters:
            row = list(row)
            for at, converters, expression in statement.converters:
                for convert in converters:
                    row[at] = convert(row[at], expression, connection)
        made: Any = statement.model.from_db(
            connection.alias, statement.names, row[statement.start : statement.end]
        )
        for populator in statement.related:
            populator.populate(row, made)
        return made


def together(*queries: "tuple[Prepared[Any], Any]") -> list[list[Any]]:
    """Return the instances of several queries, each with the value of its one slot.

    PostgreSQL is asked for all of them in one message.
    """
    if connection.vendor != "postgresql":
        return [query.all(value) for query, value in queries]
    said = [query.statement(value) for query, value in queries]
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "; ".join(sql for sql, _ in said), [it for _, values in said for it in values]
        )
        for query, _ in queries:
            found.append(query.instances(cursor.fetchall()))
            cursor.nextset()
    return found
