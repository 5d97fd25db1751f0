"""Rows to look at: events, jobs and e-mails."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from accounts.actors import UserActor
from accounts.models import User
from audit.models import Event
from audit.services import record
from jobs.models import Job, JobItem
from mail.models import OutgoingMail
from mail.services import queue

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
ALICE = UserActor(user_id=3, label="Alice Admin", address="192.0.2.1")


@pytest.fixture
def event(db: None) -> Callable[..., Event]:
    """Record an event of Alice's."""

    def make(**more: Any) -> Event:
        subject = User(pk=12, email="bob@superenergy.example", first_name="Bob", last_name="Bee")
        values = {"actor": ALICE, "action": "dip_manager:create", "subject": subject, "at": NOON}
        return record(**{**values, **more})

    return make


@pytest.fixture
def job(db: None) -> Callable[..., Job]:
    """Make a job as a worker would have left it, an item per state."""

    def make(*states: str, label: str = "12 companies", **more: Any) -> Job:
        finished = [state for state in states if state != JobItem.State.WAITING]
        values = {
            "kind": "test.unknown",
            "label": label,
            "state": Job.State.DONE if len(finished) == len(states) else Job.State.RUNNING,
            "total": len(states),
            "done": len(finished),
            "refused": finished.count("REFUSED"),
            "failed": finished.count("FAILED"),
            "created_at": NOON,
            "finished_at": NOON,
            "actor_label": "Dana Manager",
            "correlation_id": "abc",
        }
        made = Job.objects.create(**{**values, **more})
        for position, state in enumerate(states, start=1):
            message = "" if state == "WAITING" else f"It is {state.lower()}."
            JobItem.objects.create(
                job=made,
                position=position,
                label=f"Company {position}",
                state=state,
                outcome="imported" if state == "DONE" else state.lower(),
                message=message,
                link=f"/company/{position}/" if state == "DONE" else "",
            )
        return made

    return make


@pytest.fixture
def mail(db: None) -> Callable[..., OutgoingMail]:
    """Queue a password e-mail, and bring it into a state."""

    def make(**changes: Any) -> OutgoingMail:
        made = queue(
            to="alice@superenergy.example",
            template="password_reset",
            context={
                "password_reset_url": f"http://localhost/reset/{uuid.uuid4()}/",
                "expires_in_days": 3,
            },
        )
        if changes.get("state") == "SENT":
            changes = {"sent_at": NOON, "next_attempt_at": None, **changes}
        OutgoingMail.objects.filter(pk=made.pk).update(**changes)
        made.refresh_from_db()
        return made

    return make
