"""Queries that are written once give what the ORM gives, whatever the values."""

from typing import Any

import psycopg
import pytest
from django.db import DataError, connection, transaction

from dip_portal.lib.prepared import Prepared, together
from organisations.models import DipId, Organisation
from tests import factories

pytestmark = pytest.mark.django_db
BY_NUMBER = Prepared(
    lambda number: Organisation.objects.filter(company_number=number).order_by(), "slot"
)
OF_ROLE = Prepared(
    lambda pk, role: (
        DipId.objects.select_related("mpid__organisation")
        .filter(mpid__organisation=pk, dip_role_code=role)
        .order_by()
    ),
    -1,
    "slot",
)


def test_rows_are_instances_with_their_related_rows(django_assert_num_queries: Any) -> None:
    companies = [factories.company(roles=["SUP", "MDR"]) for _ in range(2)]

    for company in companies:
        for role in ("SUP", "MDR"):
            expected = DipId.objects.get(mpid__organisation=company, dip_role_code=role)
            with django_assert_num_queries(1):
                [found] = OF_ROLE.all(company.pk, role)
                assert found.mpid.organisation == company
            for field in DipId._meta.concrete_fields:
                assert getattr(found, field.attname) == getattr(expected, field.attname)
            assert not found._state.adding
    assert OF_ROLE.all(companies[0].pk, "LDSO") == []


@pytest.mark.parametrize("value", ["'; DROP TABLE x; --", "%s", "slot", "\\"])
def test_values_stay_values(value: str) -> None:
    assert BY_NUMBER.first(value) is None


def test_several_at_once_keep_their_order(django_assert_num_queries: Any) -> None:
    one, other = factories.company(), factories.company()
    asked = [(BY_NUMBER, (it,)) for it in (other.company_number, "nothing", one.company_number)]

    with django_assert_num_queries(1 if connection.vendor == "postgresql" else 3):
        assert together(*asked) == [[other], [], [one]]


@pytest.mark.django_db(transaction=True)
def test_a_new_connection_is_told_the_statement_anew() -> None:
    company = factories.company()
    assert BY_NUMBER.first(company.company_number) == company

    connection.close()

    assert BY_NUMBER.first(company.company_number) == company


def test_a_statement_that_fails_is_known_all_the_same() -> None:
    company = factories.company()
    refusal = DataError if connection.vendor == "postgresql" else OverflowError
    for _ in range(2):
        with pytest.raises(refusal), transaction.atomic():
            OF_ROLE.all(2**70, "SUP")

    [found] = OF_ROLE.all(company.pk, "SUP")
    assert found.mpid.organisation == company


@pytest.mark.django_db(transaction=True)
def test_a_session_that_the_database_has_ended_is_replaced() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no sessions")
    assert BY_NUMBER.all("00000000") == []
    [(pid,)] = _asked("SELECT pg_backend_pid()")
    with psycopg.connect(connection.connection.info.dsn, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])
    # As a request does that begins on a connection that was kept.
    database: Any = connection
    database.health_check_enabled, database.health_check_done = True, False

    assert BY_NUMBER.all("00000000") == []


def _asked(sql: str) -> list[tuple[int]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())
