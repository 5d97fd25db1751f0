"""Many rows at once, past the cost of a model instance and of a long statement for each.

For tables whose rows are made by the thousand; constraints and defaults of the database
hold as ever, those that live in Python do not. Works in the caller's transaction.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection, models

Row = Sequence[Any]
BATCH = 500


def insert(model: type[models.Model], names: Sequence[str], rows: Sequence[Row]) -> list[int]:
    """Insert rows of values of these fields (`organisation_id`, not `organisation`).

    Returns the primary keys, which are whole numbers of the database's own, in order.
    PostgreSQL takes them by COPY.
    """
    if not rows:
        return []
    if connection.vendor == "postgresql":
        return _copy(model, names, rows)
    made = model._default_manager.bulk_create(
        [model(**dict(zip(names, row, strict=True))) for row in rows], batch_size=BATCH
    )
    return [int(instance.pk) for instance in made]


def update(model: type[models.Model], names: Sequence[str], rows: Sequence[Row]) -> None:
    """Set these fields of many rows; each of `rows` is the values, then the primary key."""
    if not rows:
        return
    meta = model._meta
    assert meta.pk is not None
    fields = [_field(model, name) for name in (*names, meta.pk.attname)]
    quote = connection.ops.quote_name
    *settings, key = (f"{quote(field.column)} = %s" for field in fields)
    # The names are those of our own models.
    statement = f"UPDATE {quote(meta.db_table)} SET {', '.join(settings)} WHERE {key}"  # noqa: S608
    prepare = [field.get_db_prep_save for field in fields]
    with connection.cursor() as cursor:
        cursor.executemany(
            statement,
            [
                [ready(value, connection) for ready, value in zip(prepare, row, strict=True)]
                for row in rows
            ],
        )


def _copy(model: type[models.Model], names: Sequence[str], rows: Sequence[Row]) -> list[int]:
    meta = model._meta
    assert meta.pk is not None
    quote = connection.ops.quote_name
    fields = [_field(model, name) for name in names]
    columns = ", ".join(quote(field.column) for field in (meta.pk, *fields))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [quote(meta.db_table), str(meta.pk.column), len(rows)],
        )
        keys = [int(key) for (key,) in cursor.fetchall()]
        with cursor.copy(f"COPY {quote(meta.db_table)} ({columns}) FROM STDIN") as copy:
            for key, row in zip(keys, rows, strict=True):
                copy.write_row((key, *row))
    return keys


def _field(model: type[models.Model], name: str) -> Any:
    return next(field for field in model._meta.concrete_fields if field.attname == name)
