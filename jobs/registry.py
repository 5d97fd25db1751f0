"""The kinds of jobs, and the function that does each."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from celery import current_app

from jobs.errors import UnknownKind

if TYPE_CHECKING:  # the models ask for their titles here
    from jobs.models import Job, JobItem

Handler = Callable[["Job", list["JobItem"]], None]
AnyHandler = TypeVar("AnyHandler", bound=Handler)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of job: its name in the database, its title for people, its handler."""

    name: str
    title: str
    handler: Handler
    chunk_size: int


_kinds: dict[str, Kind] = {}
_loading = threading.Lock()


def kind(name: str, *, title: str, chunk_size: int = 20) -> Callable[[AnyHandler], AnyHandler]:
    """Register a handler, in the `tasks` module of its app (Celery loads these).

    The runner calls `handler(job, items)` with up to `chunk_size` items in one transaction;
    it calls `finish` or `refuse` on each. If it raises, the transaction is rolled back and
    the items are run one by one, so that it must do nothing that a rollback cannot undo.
    Raises ValueError for a name that is taken.
    """

    def register(handler: AnyHandler) -> AnyHandler:
        known = _kinds.get(name)
        if known is not None and known.handler.__qualname__ != handler.__qualname__:
            raise ValueError(f"The kind of job {name} is registered already.")
        _kinds[name] = Kind(name=name, title=title, handler=handler, chunk_size=chunk_size)
        return handler

    return register


def find(name: str) -> Kind:
    """Return a kind by its name. Raises UnknownKind."""
    if name not in _kinds:
        _load()
    try:
        return _kinds[name]
    except KeyError:
        raise UnknownKind(f"No handler is registered for jobs of the kind {name}.") from None


def titles() -> dict[str, str]:
    """Return the title of every kind by its name."""
    _load()
    return {name: found.title for name, found in sorted(_kinds.items())}


def title_of(name: str) -> str:
    """Return what jobs of this kind are called; the bare name if the kind is unknown."""
    try:
        return find(name).title
    except UnknownKind:
        return name


def _load() -> None:
    """Load every tasks.py, which a web process has not done at its start.

    One thread at a time: Celery does it for the first that asks, and lets the others go on
    before it has come to the end.
    """
    with _loading:
        current_app.loader.import_default_modules()
