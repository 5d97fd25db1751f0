"""Empties an environment's database of everything but its DIP Managers and its audit trail.

What stays is listed here; every other table is emptied, those of models that come later too.
"""

from allauth.usersessions.models import UserSession
from django.apps import apps
from django.db import OperationalError, connection
from django.db.models import Model, Q

from scenarios.errors import UnableToReset

# The trail is never emptied: the reset is an event of it. Keys of rows are never used again
# (no sequence is set back), so that what it tells of former companies is nobody else's.
KEPT = frozenset(
    {
        "audit.event",
        "auth.permission",
        "contenttypes.contenttype",
        "dip_portal.environmentstamp",
    }
)
_SESSIONS = UserSession.objects.filter(user__is_staff=True).values("session_key")
KEPT_OF_DIP_MANAGERS = {
    "sessions.session": Q(session_key__in=_SESSIONS),
    "usersessions.usersession": Q(user__is_staff=True),
    "mfa.authenticator": Q(user__is_staff=True),
    "account.emailaddress": Q(user__is_staff=True),
    "accounts.termsacceptance": Q(user__is_staff=True),
    "accounts.user": Q(is_staff=True),
}
LOCK_SECONDS = 30


def empty() -> int:
    """Empty the database in the transaction at hand; return how many rows went.

    Nothing else writes meanwhile: a worker waits, then finds its job gone. Raises
    UnableToReset if somebody holds on to a row for too long.
    """
    whole = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and not model._meta.swapped
        and model._meta.label_lower not in KEPT
        and model._meta.label_lower not in KEPT_OF_DIP_MANAGERS
    ]  # fmt: skip
    parts = {apps.get_model(label): kept for label, kept in KEPT_OF_DIP_MANAGERS.items()}
    _lock([*whole, *parts])
    count = sum(_delete_all(model) for model in whole)
    for model, kept in parts.items():
        gone, _ = model._default_manager.exclude(kept).delete()
        count += gone
    return count


def _delete_all(model: type[Model]) -> int:
    """Delete every row; foreign keys are looked at when the transaction ends."""
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - a table's name, from its model
        return max(cursor.rowcount, 0)


def _lock(models: list[type[Model]]) -> None:
    """Let nobody write to these tables until the transaction ends. SQLite has one writer anyway."""
    if connection.vendor != "postgresql":
        return
    tables = ", ".join(sorted(connection.ops.quote_name(model._meta.db_table) for model in models))
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
        try:
            cursor.execute(f"LOCK TABLE {tables} IN EXCLUSIVE MODE")
        except OperationalError as error:
            raise UnableToReset(
                "Something is at work in this environment and did not come to an end within "
                f"{LOCK_SECONDS} seconds. Try again in a moment."
            ) from error
