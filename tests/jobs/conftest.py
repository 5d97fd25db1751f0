"""Starting a job of the tests' own kinds."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.actors import UserActor
from jobs import services
from jobs.models import Job
from tests.jobs import handlers

DANA = UserActor(user_id=7, label="Dana Manager", address="192.0.2.1")


@pytest.fixture
def start(db: None) -> Callable[..., Job]:
    """Start a job, one item per payload, labelled A, B, C ...; nothing runs it yet."""
    assert handlers

    def go(*payloads: dict[str, Any], kind: str = "test.by_payload") -> Job:
        items = [(chr(ord("A") + index), payload) for index, payload in enumerate(payloads)]
        return services.start(
            kind=kind, actor=DANA, items=items, label="Some companies", back="/back/"
        )

    return go
