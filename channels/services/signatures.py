"""Signatures that have come: each is taken once.

Kept in the database, which all web processes share and which no restart empties. A signature
is forgotten when its date is outside the window, for then it is refused anyway.
"""

import hashlib
from datetime import datetime

from django.db import connection

from channels.models import SeenSignature

# The ORM would need a transaction, or would not tell whether the row is new.
INSERT = (
    f'INSERT INTO "{SeenSignature._meta.db_table}" ("digest", "expires_at") VALUES (%s, %s) '  # noqa: S608
    "ON CONFLICT DO NOTHING"
)
# A crash of the server loses those of its last half second; no call waits for the disk.
NOT_FLUSHED = "SET LOCAL synchronous_commit TO off; "


def is_first_use(signature: bytes, *, expires_at: datetime) -> bool:
    """Note a signature, and tell whether it comes for the first time: one query.

    Of two equal ones at the same moment the database takes one.
    """
    values = [
        hashlib.sha256(signature).hexdigest(),
        connection.ops.adapt_datetimefield_value(expires_at),
    ]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(NOT_FLUSHED + INSERT, values)
            cursor.nextset()
        else:
            cursor.execute(INSERT, values)
        return bool(cursor.rowcount == 1)


def forget_expired(*, now: datetime) -> int:
    """Forget the signatures whose date is outside the window by now; return how many."""
    return SeenSignature.objects.filter(expires_at__lt=now).delete()[0]
