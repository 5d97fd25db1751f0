"""One correlation id goes from a page to the worker that does the rest, and to the e-mail."""

import json
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.deployment import EITHER, Deployment, either

pytestmark = pytest.mark.deploy  # it brings its own database, broker and workers
ADDRESS = "priya@superenergy.example"
FORGETS_THE_PASSWORD = f"""
import django; django.setup()
from accounts.models import User
from django.test import Client
User.objects.create_user(email="{ADDRESS}", password="a long pass phrase")
browser = Client(SERVER_NAME="localhost")
answer = browser.post("/accounts/password/reset/", {{"email": "{ADDRESS}"}})
assert answer.status_code == 302, answer.content
print(answer["X-Correlation-ID"])
"""
STARTS_A_JOB_THAT_WRITES = """
import django; django.setup()
from accounts.actors import UserActor
from dip_portal.lib import correlation
from jobs import services
from tests.jobs import handlers
actor = UserActor(user_id=None, label="Dana Manager", address=None)
print(correlation.begin())
services.start(kind="test.writing", actor=actor, items=[("Priya", {"to": "ADDRESS"})])
""".replace("ADDRESS", ADDRESS)


@pytest.fixture(params=EITHER)
def deployment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Deployment]:
    with either(request.param, tmp_path, DIP_LOG_FORMAT="json") as own:
        yield own


def sent(deployment: Deployment) -> list[Any]:
    """Return the e-mails that are written to their end, which a line of dashes marks."""
    files = sorted((deployment.home / "sent-mail").glob("*.log"))
    whole = [
        data for data in (file.read_bytes() for file in files) if data.endswith(b"-" * 79 + b"\n")
    ]
    return [message_from_bytes(data, policy=policy.default) for data in whole]


def logged(deployment: Deployment, correlation_id: str) -> list[str]:
    """Return what the worker has logged under this id; every line of the portal's is JSON."""
    lines = (deployment.home / "worker-0.log").read_text().splitlines()
    entries = [json.loads(line) for line in lines if line.startswith("{")]
    assert {entry["environment"] for entry in entries} == {"uit"}
    return [entry["message"] for entry in entries if entry["correlation_id"] == correlation_id]


def test_the_id_of_a_page_is_in_the_workers_log_and_in_the_mail(deployment: Deployment) -> None:
    deployment.start_worker()
    correlation_id = deployment.python("-c", FORGETS_THE_PASSWORD)

    deployment.wait_for(lambda: bool(sent(deployment)), seconds=60, what="The e-mail")

    [mail] = sent(deployment)
    assert mail["X-Correlation-ID"] == correlation_id
    assert deployment.query("SELECT correlation_id FROM mail_outgoingmail") == [(correlation_id,)]
    deployment.wait_for(
        lambda: "was sent" in str(logged(deployment, correlation_id)), seconds=20, what="The line"
    )
    told = logged(deployment, correlation_id)
    assert told[0].startswith("Task mail.deliver ")
    assert told[-1].endswith("(password_reset) was sent")
    assert ADDRESS not in str(told)


def test_what_a_job_causes_has_the_id_of_the_request_that_started_it(
    deployment: Deployment,
) -> None:
    deployment.start_worker()
    correlation_id = deployment.python("-c", STARTS_A_JOB_THAT_WRITES)

    deployment.wait_for(lambda: bool(sent(deployment)), seconds=60, what="The e-mail")

    [mail] = sent(deployment)
    assert mail["X-Correlation-ID"] == correlation_id
    for table in ("jobs_job", "mail_outgoingmail", "audit_event"):
        assert deployment.query(f"SELECT correlation_id FROM {table}") == [(correlation_id,)]
    deployment.wait_for(
        lambda: "was sent" in str(logged(deployment, correlation_id)), seconds=20, what="The line"
    )
    told = " ".join(logged(deployment, correlation_id))
    for step in ("Task jobs.run ", "is done", "Task mail.deliver ", "was sent"):
        assert step in told


def test_a_worker_tells_that_it_works_and_that_beat_does(deployment: Deployment) -> None:
    deployment.start_worker()
    signs = "SELECT kind, name, lag_seconds FROM dip_portal_heartbeat ORDER BY kind"

    deployment.wait_for(
        lambda: len(deployment.query(signs)) == 2, seconds=60, what="A sign of life of each"
    )

    beat, worker = deployment.query(signs)
    assert beat[:2] == ("BEAT", "beat")
    assert worker[0] == "WORKER"
    assert worker[1].startswith("worker-0@")
    assert 0 <= worker[2] < 30
