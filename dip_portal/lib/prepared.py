"""Queries that the ORM writes once: for calls that come by the hundred a second.

To write the SQL of a look-up takes the ORM longer than to run it. Here the statement is kept
after the first time, and only its values change; rows become model instances as they always do.
PostgreSQL keeps it as well, with its plan, for as long as the connection lasts.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators

AnyModel = TypeVar("AnyModel", bound=Model)


@dataclass(frozen=True, kw_only=True)
class _Statement:
    """SQL, its values (a slot's number, or a value that stays), and how rows become instances.

    PostgreSQL keeps it as `prepared` under its `name`, and is told to run it by `executed`.
    """

    sql: str
    name: str
    prepared: str
    executed: str
    values: list[tuple[int | None, Any]]
    model: type[Model]
    names: list[str]
    start: int
    end: int
    converters: list[tuple[int, list[Any], Any]]
    related: list[Any]

    def filled(self, values: tuple[Any, ...]) -> list[Any]:
        """Return its parameters for the values of the slots."""
        return [kept if slot is None else values[slot] for slot, kept in self.values]


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
        [found] = together((self, values))
        return found

    def first(self, *values: Any) -> AnyModel | None:
        """Return the first instance for these values."""
        return next(iter(self.all(*values)), None)

    def statement(self, database: Any) -> _Statement:
        """Return the statement for a database, written at its first use."""
        return self._known.get(database.vendor) or self._write()

    def _write(self) -> _Statement:
        query = self._make(*self._slots).query
        compiler = query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        info, select = compiler.klass_info, compiler.select
        assert info is not None
        assert not compiler.annotation_col_map
        start, end = info["select_fields"][0], info["select_fields"][-1] + 1
        expressions = [one[0] for one in select[: compiler.col_count]]
        prepared = sql % tuple(f"${number}" for number in range(1, len(params) + 1))
        name = f"dip_{hashlib.sha256(prepared.encode()).hexdigest()[:16]}"
        statement = _Statement(
            sql=sql,
            name=name,
            prepared=prepared,
            executed=f"EXECUTE {name}({', '.join(['%s'] * len(params))})",
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


def together(*queries: "tuple[Prepared[Any], tuple[Any, ...]]") -> list[list[Any]]:
    """Return the instances of several queries, each with the values of its slots.

    PostgreSQL is asked for all of them in one message.
    """
    database = connections[DEFAULT_DB_ALIAS]  # once: each look at `connection` finds it anew
    asked = [(query.statement(database), values) for query, values in queries]
    if database.vendor != "postgresql":
        return [_asked(database, *it) for it in asked]
    for statement, _ in asked:
        _prepare(database, statement)
    found = []
    with database.cursor() as cursor:
        cursor.execute(
            "; ".join(statement.executed for statement, _ in asked),
            [value for statement, values in asked for value in statement.filled(values)],
        )
        for statement, _ in asked:
            found.append([_instance(database, statement, row) for row in cursor.fetchall()])
            cursor.nextset()
    return found


def _asked(database: Any, statement: _Statement, values: tuple[Any, ...]) -> list[Any]:
    with database.cursor() as cursor:
        cursor.execute(statement.sql, statement.filled(values))
        return [_instance(database, statement, row) for row in cursor.fetchall()]


def _prepare(database: Any, statement: _Statement) -> None:
    """Let this session of PostgreSQL know a statement, once."""
    # A cursor would do this too, and come to a new session, which does not know it.
    database.close_if_health_check_failed()
    database.ensure_connection()
    if statement.name in database.prepared:
        return
    # Not through a cursor of Django's: it is no query of whoever asks first.
    with database.wrap_database_errors:
        database.connection.execute(f"PREPARE {statement.name} AS {statement.prepared}")
    database.prepared.add(statement.name)


def _instance(database: Any, statement: _Statement, row: Any) -> Any:
    if statement.converters:
        row = list(row)
        for at, converters, expression in statement.converters:
            for convert in converters:
                row[at] = convert(row[at], expression, database)
    made: Any = statement.model.from_db(
        database.alias, statement.names, row[statement.start : statement.end]
    )
    for populator in statement.related:
        populator.populate(row, made)
    return made
