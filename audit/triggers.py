"""Triggers that keep the audit trail append-only below the application.

UPDATE and DELETE of an event are refused, on PostgreSQL and on SQLite. What empties the
whole table takes a change of the schema or the owner's right, which no code of the
application uses: on PostgreSQL TRUNCATE fires no row trigger; SQLite has no TRUNCATE, so
that there DELETE is let through while a table named `audit_may_be_emptied` exists. The
tests' database has one, for Django's flush.

On SQLite a migration that remakes the table loses its triggers: it must `create` them anew.
"""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_POSTGRESQL = [
    """
    CREATE FUNCTION audit_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'audit events are neither changed nor deleted'
            USING ERRCODE = 'integrity_constraint_violation';
    END
    $$
    """,
    """
    CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE ON audit_event
    FOR EACH ROW EXECUTE FUNCTION audit_event_is_append_only()
    """,
]
_SQLITE = [
    """
    CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event
    BEGIN SELECT RAISE(ABORT, 'audit events are neither changed nor deleted'); END
    """,
    """
    CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event
    WHEN NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'audit_may_be_emptied')
    BEGIN SELECT RAISE(ABORT, 'audit events are neither changed nor deleted'); END
    """,
]
_STATEMENTS = {"postgresql": _POSTGRESQL, "sqlite": _SQLITE}


def create(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Create the triggers of this database; the shape is RunPython's."""
    for statement in _STATEMENTS[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def drop(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Drop the triggers, for the way back of the migration."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER audit_event_append_only ON audit_event")
        schema_editor.execute("DROP FUNCTION audit_event_is_append_only()")
    else:
        schema_editor.execute("DROP TRIGGER audit_event_no_update")
        schema_editor.execute("DROP TRIGGER audit_event_no_delete")
