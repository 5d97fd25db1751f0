"""Django's PostgreSQL, with a health check that asks the socket before it asks the server.

CONN_HEALTH_CHECKS sends a statement before the first query of every request. A server that
has closed the connection (a restart, a fail-over) has said so: its end is there to be read.
"""

import select
from typing import Any

from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to PostgreSQL.

    `prepared` names the statements that this session of the server knows already.
    """

    def get_connection_params(self) -> dict[str, Any]:
        """Return how to connect: with the settings' options, and no statement compiled.

        PostgreSQL's compiler (jit) takes over a second for the statement of the pipeline, which
        runs in some hundredths of one; no statement here is long enough to gain by it.
        """
        params: dict[str, Any] = super().get_connection_params()
        params["options"] = f"-c jit=off {params.get('options', '')}".strip()
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Open a session, which knows no statement yet."""
        self.prepared: set[str] = set()
        return super().get_new_connection(conn_params)

    def is_usable(self) -> bool:
        """Tell whether the connection still stands; asks the server only where it has spoken."""
        if self.connection is None or self.connection.closed:
            return False
        # A transaction that has failed takes no statement any more, as asking would show.
        if self.connection.info.transaction_status == TransactionStatus.INERROR:
            return False
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
        return not poll.poll(0) or super().is_usable()
