"""The audit trail: what an event tells, and that it is only ever added to."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.actors import UserActor
from accounts.models import User
from audit.errors import UnableToChangeAuditTrail
from audit.models import Event
from audit.queries import history_of
from audit.sentences import actions, predicate, register, sentence
from audit.services import draft, record, record_all
from dip_portal.lib import correlation

DANA = UserActor(user_id=7, label="Dana Manager", address="192.0.2.1")


@pytest.fixture
def subject() -> User:
    return User(pk=12, email="alice@superenergy.example", first_name="Alice", last_name="Admin")


def test_an_event_says_who_when_from_where_and_what_differs(db: None, subject: User) -> None:
    correlation.begin("abc")
    at = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)

    record(
        actor=DANA,
        action="company:edit",
        subject=subject,
        before={"name": "Old", "number": "01234567"},
        after={"name": "New", "number": "01234567", "tags": {"b", "a"}},
        at=at,
        organisation_id=3,
    )

    event = Event.objects.get()
    assert (event.actor_user_id, event.actor_label, event.address) == (
        7,
        "Dana Manager",
        "192.0.2.1",
    )
    assert (event.subject_type, event.subject_id, event.subject_label) == (
        "accounts.user",
        "12",
        "Alice Admin",
    )
    assert (event.at, event.organisation_id, event.correlation_id) == (at, 3, "abc")
    assert event.before == {"name": "Old"}
    assert event.after == {"name": "New", "tags": ["a", "b"]}


def test_what_no_database_stores_is_made_visible(db: None, subject: User) -> None:
    actor = UserActor(user_id=None, label="x" * 300 + "\x00", address=None)

    record(actor=actor, action="a:b", subject=subject, after={"file": ["a\x00b\ud800"]})

    event = Event.objects.get()
    assert len(event.actor_label) == 255
    assert event.after == {"file": ["a\ufffdb\ufffd"]}


def test_many_events_are_recorded_with_one_query(
    db: None, subject: User, django_assert_num_queries: Any
) -> None:
    events = [draft(actor=DANA, action="a:b", subject=subject) for _ in range(50)]

    with django_assert_num_queries(1):
        record_all(events)

    assert Event.objects.count() == 50


def test_the_history_of_a_company_is_newest_first_and_its_own(db: None, subject: User) -> None:
    for day, organisation in [(1, 3), (2, 4), (3, 3)]:
        record(
            actor=DANA,
            action="a:b",
            subject=subject,
            at=datetime(2026, 1, day, tzinfo=UTC),
            organisation_id=organisation,
        )

    assert [event.at.day for event in history_of(3)] == [3, 1]


def test_an_event_reads_as_a_sentence(subject: User) -> None:
    register({"test:create": "created the person"})

    event = draft(actor=DANA, action="test:create", subject=subject)

    assert sentence(event) == "Dana Manager created the person Alice Admin"
    assert predicate("test:unheard_of") == "test:unheard_of"


def test_an_action_has_one_sentence(subject: User) -> None:
    register({"test:send": "sent"})
    register({"test:send": "sent"})

    with pytest.raises(ValueError, match="test:send"):
        register({"test:send": "posted"})

    assert actions()["test:send"] == "sent"


class TestAppendOnly:
    """Neither the application nor plain SQL changes an event."""

    @pytest.fixture(autouse=True)
    def event(self, db: None, subject: User) -> Event:
        with connection.cursor() as cursor:
            # Outside the tests no such table is there: it lets the flush of a test empty all.
            cursor.execute("DROP TABLE IF EXISTS audit_may_be_emptied")
        return record(actor=DANA, action="a:b", subject=subject)

    def test_an_event_is_not_saved_again(self, event: Event) -> None:
        event.action = "c:d"
        for change in (event.save, event.delete):
            with pytest.raises(UnableToChangeAuditTrail):
                change()

    def test_events_are_not_changed_in_bulk(self) -> None:
        with pytest.raises(UnableToChangeAuditTrail):
            Event.objects.update(action="c:d")
        with pytest.raises(UnableToChangeAuditTrail):
            Event.objects.all().delete()
        event = Event.objects.get()
        event.action = "c:d"
        with pytest.raises(UnableToChangeAuditTrail):
            Event.objects.bulk_update([event], ["action"])

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE audit_event SET actor_label = 'Somebody else'",
            "DELETE FROM audit_event",
            "DELETE FROM audit_event WHERE action = 'a:b'",
        ],
    )
    def test_the_database_refuses_sql(self, statement: str) -> None:
        with (
            pytest.raises(DatabaseError, match="neither changed nor deleted"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

        assert Event.objects.get().actor_label == "Dana Manager"


@pytest.mark.django_db(transaction=True)
def test_the_tests_can_empty_the_trail_between_them(subject: User) -> None:
    record(actor=DANA, action="a:b", subject=subject)  # the flush after this test must not fail
