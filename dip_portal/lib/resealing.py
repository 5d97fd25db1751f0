"""Sealing anew, with the newest of ENCRYPTION_KEYS, what an older key has sealed.

An app with sealed columns names them in a module `sealed.py`, and that in the setting
SEALED_TABLES. When all of them are done, the older keys open nothing any more and may go.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from dip_portal.lib import secrets

BATCH = 500


class StaysWithOlderKey(Exception):
    """A row cannot be brought to the newest key from what is kept of it."""


@dataclass(frozen=True, kw_only=True)
class SealedTable:
    """A table with sealed columns, or with blind indexes.

    `model` is its label ('mail.OutgoingMail'). `again` returns the fields of a row to write,
    empty if it is as it must be; it raises UnableToDecrypt or StaysWithOlderKey. `remedy` is
    what to do about the rows for which it does.
    """

    model: str
    again: Callable[[Any], dict[str, Any]]
    remedy: str = "No key in ENCRYPTION_KEYS opens them: add the one that does, and run it again."

    @property
    def title(self) -> str:
        """Its rows, as people call them."""
        return str(apps.get_model(self.model)._meta.verbose_name_plural)


@dataclass(kw_only=True)
class Progress:
    """How many rows of a table were looked at, sealed anew, or had to stay as they are."""

    table: SealedTable
    total: int
    seen: int = 0
    resealed: int = 0
    left: list[Any] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The table's rows, as people call them."""
        return self.table.title


def columns(**purposes: str) -> Callable[[Any], dict[str, Any]]:
    """Return `again` of a table whose columns hold one sealed text each: purposes by column."""

    def again(row: Any) -> dict[str, Any]:
        kept = {name: getattr(row, name) for name in purposes}
        fresh = {name: text(kept[name], purpose=purposes[name]) for name in purposes}
        return {name: sealed for name, sealed in fresh.items() if sealed != kept[name]}

    return again


def text(sealed: str, *, purpose: str) -> str:
    """Return a sealed text by the newest key: itself if it is so, or empty.

    Raises UnableToDecrypt.
    """
    if not sealed or secrets.is_newest(sealed):
        return sealed
    return secrets.encrypt(secrets.decrypt(sealed, purpose=purpose), purpose=purpose)


def tables() -> list[SealedTable]:
    """Return every table that the apps have named."""
    return [table for name in settings.SEALED_TABLES for table in import_string(name)]


def unopened() -> list[str]:
    """Return what people call the tables whose newest row no key in ENCRYPTION_KEYS opens.

    Empty where the keys are those of this database. One query a table.
    """
    return [table.title for table in tables() if not _opens(table)]


def _opens(table: SealedTable) -> bool:
    row = apps.get_model(table.model)._default_manager.order_by("-pk").first()
    try:
        if row is not None:
            table.again(row)
    except secrets.UnableToDecrypt:
        return False
    except StaysWithOlderKey:
        pass
    return True


def reseal(table: SealedTable) -> Generator[Progress]:
    """Bring a table to the newest key, and give its progress at the start and after each batch.

    A batch is one transaction with its rows locked: the portal may go on working. What was
    interrupted is begun again; rows that are done are passed over.
    """
    rows = apps.get_model(table.model)._default_manager.order_by("pk")
    progress = Progress(table=table, total=rows.count())
    yield progress
    last = None
    while True:
        with transaction.atomic():
            batch = rows if last is None else rows.filter(pk__gt=last)
            found = list(batch.select_for_update()[:BATCH])
            for row in found:
                _reseal_row(table, row, progress)
        if not found:
            return
        last = found[-1].pk
        yield progress


def _reseal_row(table: SealedTable, row: Any, progress: Progress) -> None:
    progress.seen += 1
    try:
        fields = table.again(row)
    except (secrets.UnableToDecrypt, StaysWithOlderKey):
        progress.left.append(row.pk)
        return
    if fields:
        type(row)._default_manager.filter(pk=row.pk).update(**fields)
        progress.resealed += 1
