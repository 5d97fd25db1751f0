"""Many rows at once, past the cost of a model instance and of a long statement for each.

For tables whose rows are made by the thousand; constraints and defaults of the database
hold as ever, those that live in Python do not. Works in the caller's transaction.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection, models

Row = Sequence[Any]
BATCH = 500


def insert(model: type[models.Model], names: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert rows of values of these fields (`organisation_id`, not `organisation`).

    The database chooses their primary keys. PostgreSQL takes the rows by COPY.
    """
    if not rows:
        return
    if connection.vendor != "postgresql":
        _create(model, names, rows)
        return
    with connection.cursor() as cursor:
        _copy_rows(cursor, model, [_field(model, name) for name in names], rows)


def insert_for_keys(
    model: type[models.Model], names: Sequence[str], rows: Sequence[Row]
) -> list[int]:
    """Insert rows as `insert` does, and return their primary keys (whole numbers) in order."""
    if not rows:
        return []
    if connection.vendor == "postgresql":
        return _copy_for_keys(model, names, rows)
    return [int(instance.pk) for instance in _create(model, names, rows)]


def insert_all(instances: Sequence[models.Model]) -> None:
    """Insert these unsaved rows of one model, whose keys are chosen by us or by the database.

    What `save` would fill in (auto_now and the like) must be filled in already, and a key
    that the database chooses is not put into the instance.
    """
    if not instances:
        return
    model = type(instances[0])
    assert model._meta.pk is not None
    if connection.vendor != "postgresql":
        model._default_manager.bulk_create(instances, batch_size=BATCH)
        return
    fields: list[Any] = list(model._meta.concrete_fields)
    if isinstance(model._meta.pk, models.AutoField):
        fields.remove(model._meta.pk)
    names = [field.attname for field in fields]
    rows = [_ready(fields, [getattr(it, name) for name in names]) for it in instances]
    with connection.cursor() as cursor:
        _copy_rows(cursor, model, fields, rows)


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


def _create(
    model: type[models.Model], names: Sequence[str], rows: Sequence[Row]
) -> list[models.Model]:
    return model._default_manager.bulk_create(
        [model(**dict(zip(names, row, strict=True))) for row in rows], batch_size=BATCH
    )


def _copy_for_keys(
    model: type[models.Model], names: Sequence[str], rows: Sequence[Row]
) -> list[int]:
    meta = model._meta
    assert meta.pk is not None
    quote = connection.ops.quote_name
    fields = [_field(model, name) for name in names]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [quote(meta.db_table), str(meta.pk.column), len(rows)],
        )
        keys = [int(key) for (key,) in cursor.fetchall()]
        _copy_rows(
            cursor,
            model,
            [meta.pk, *fields],
            [(key, *row) for key, row in zip(keys, rows, strict=True)],
        )
    return keys


def _copy_rows(
    cursor: Any, model: type[models.Model], fields: Sequence[Any], rows: Sequence[Row]
) -> None:
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in fields)
    with cursor.copy(f"COPY {quote(model._meta.db_table)} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _ready(fields: Sequence[Any], row: Row) -> Row:
    """Return the values as the database takes them; only JSON is not so already."""
    return [
        field.get_db_prep_save(value, connection) if isinstance(field, models.JSONField) else value
        for field, value in zip(fields, row, strict=True)
    ]


def _field(model: type[models.Model], name: str) -> Any:
    return next(field for field in model._meta.concrete_fields if field.attname == name)
