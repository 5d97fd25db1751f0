"""Whether a process could do its work: its database with the tables and keys, and its broker."""

import os
from dataclasses import dataclass

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.exceptions import InconsistentMigrationHistory
from django.db.migrations.executor import MigrationExecutor
from kombu.exceptions import OperationalError

from dip_portal.lib import resealing

OK = "ok"
BROKER_SECONDS = 2


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that must be so. `outcome` is OK or a few words, never an address or a secret."""

    name: str
    outcome: str

    @property
    def is_ok(self) -> bool:
        """Tell whether it is as it must be."""
        return self.outcome == OK


def checks() -> list[Check]:
    """Ask database, migrations, secrets and broker; takes a few milliseconds when all is well."""
    database = _database()
    migrations = _migrations() if database == OK else "not known"
    secrets = _secrets() if migrations == OK else "not known"
    return [
        Check(name="database", outcome=database),
        Check(name="migrations", outcome=migrations),
        Check(name="secrets", outcome=secrets),
        Check(name="broker", outcome=_broker()),
    ]


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "does not answer"
    return OK


def _migrations() -> str:
    try:
        executor = MigrationExecutor(connection)
        missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except (DatabaseError, InconsistentMigrationHistory):
        return "not known"
    return f"{missing} not applied" if missing else OK


def _secrets() -> str:
    try:
        return "do not open what is sealed here" if resealing.unopened() else OK
    except DatabaseError:
        return "not known"


def _broker() -> str:
    if settings.CELERY_BROKER_URL.startswith("filesystem"):
        named = settings.CELERY_BROKER_TRANSPORT_OPTIONS
        folders = [str(named[name]) for name in ("data_folder_in", "control_folder")]
        is_there = all(os.access(folder, os.R_OK | os.W_OK | os.X_OK) for folder in folders)
        return OK if is_there else "its folder cannot be written to"
    options = {
        **settings.CELERY_BROKER_TRANSPORT_OPTIONS,
        "socket_connect_timeout": BROKER_SECONDS,
        "socket_timeout": BROKER_SECONDS,
    }
    broker = current_app.connection_for_write(transport_options=options)
    try:
        broker.ensure_connection(max_retries=1, interval_start=0, timeout=BROKER_SECONDS)
    except (OperationalError, OSError):
        return "does not answer"
    finally:
        broker.release()
    return OK
