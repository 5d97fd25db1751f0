"""The health check of a connection to PostgreSQL: no statement, and yet no dead connection."""

from typing import Any

import psycopg
import pytest
from django.db import connection, connections

from tests.deploy.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def own() -> Any:
    """A second connection to the test's PostgreSQL."""
    if connection.vendor != "postgresql":
        pytest.skip("this is about PostgreSQL")
    made = connections.create_connection("default")
    made.ensure_connection()
    yield made
    made.close()


def test_a_connection_that_stands_is_usable_without_asking(
    own: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psycopg.Connection, "execute", None)

    assert own.is_usable()


def test_no_statement_is_compiled(own: Any) -> None:
    with own.cursor() as cursor:
        cursor.execute("SHOW jit")

        assert cursor.fetchone() == ("off",)


def test_one_that_the_server_has_ended_is_not(own: Any) -> None:
    with own.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    assert own.is_usable()

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])

    wait_until(lambda: not own.is_usable(), seconds=10)


def test_one_whose_transaction_has_failed_is_not(own: Any) -> None:
    own.set_autocommit(False)
    with pytest.raises(Exception, match="no_such_table"), own.cursor() as cursor:
        cursor.execute("SELECT * FROM no_such_table")

    assert not own.is_usable()
    own.rollback()
    assert own.is_usable()
