"""Keeps a process of one environment away from the database of the other."""

import sys
from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.utils import OperationalError, ProgrammingError

from dip_portal.lib import environment as environments


class WrongEnvironment(ImproperlyConfigured):
    """The database belongs to another environment than this process."""


def stamp_database(**_: Any) -> None:
    """Stamp a new database for this environment; after every migrate. Raises WrongEnvironment."""
    name = environments.current().name
    stamps = apps.get_model("dip_portal", "EnvironmentStamp").objects
    stamp, _created = stamps.get_or_create(pk=1, defaults={"environment": name})
    _compare(stamp.environment)


def require_own_database(**_: Any) -> None:
    """Pass if the database is this environment's, or has no stamp yet. Raises WrongEnvironment.

    Asked before a migrate changes anything, and when a web or worker process starts.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT environment FROM dip_portal_environmentstamp WHERE id = 1")
            row = cursor.fetchone()
    except (ProgrammingError, OperationalError):
        return  # not migrated yet, or not reachable: the first query will tell
    finally:
        _forget_failed_query()
    if row is not None:
        _compare(row[0])


def stop_in_wrong_database(**_: Any) -> None:
    """End a worker or beat that starts on the other environment's database.

    Celery logs what a signal's receiver raises and goes on; only an exit stops it.
    """
    try:
        require_own_database()
    except WrongEnvironment as error:
        sys.exit(str(error))


def _forget_failed_query() -> None:
    if connection.in_atomic_block:
        return
    try:
        connection.rollback()
    except DatabaseError:
        connection.close()


def _compare(stamped: str) -> None:
    name = environments.current().name
    if stamped != name:
        raise WrongEnvironment(
            f"This database belongs to the environment {stamped!r}, and this process is "
            f"{name!r} (DIP_ENVIRONMENT). Give each environment its own DATABASE_URL or DIP_HOME."
        )
