"""A worker killed in the middle of a bulk creation leaves no invitation doubled or half done."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jobs.deployment import EITHER, Deployment, either

pytestmark = pytest.mark.deploy
ROWS = 150
REFUSED = ROWS // 10
# What there must be of each person who is invited: exactly one.
EACH = (
    "SELECT count(DISTINCT email) FROM organisations_invitation",
    "SELECT count(*) FROM mail_outgoingmail WHERE template = 'member_invitation'",
    "SELECT count(*) FROM audit_event WHERE action = 'member:create'",
    "SELECT count(*) FROM jobs_jobitem WHERE state = 'DONE'",
)


@pytest.fixture(params=EITHER)
def deployment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Deployment]:
    with either(request.param, tmp_path) as own:
        yield own


def invited(deployment: Deployment) -> int:
    """Return how many people are invited; each must have one of everything."""
    [(count,)] = deployment.query("SELECT count(*) FROM organisations_invitation")
    for query in EACH:
        assert deployment.query(query) == [(count,)], query
    return int(count)


def test_killed_workers_invite_nobody_twice_and_another_finishes(deployment: Deployment) -> None:
    deployment.python("-m", "tests.organisations.start_bulk", str(ROWS))
    counts = []
    for pause in (0.1, 0.6):
        worker = deployment.start_worker()
        deployment.wait_for_another_attempt()
        time.sleep(pause)
        deployment.kill(worker)
        counts.append(invited(deployment))

    deployment.start_worker()
    deployment.wait_for(
        lambda: deployment.query("SELECT state FROM jobs_job") == [("DONE",)],
        seconds=90,
        what="The end of the job",
    )

    assert counts == sorted(counts)
    assert invited(deployment) == ROWS - REFUSED
    assert deployment.query("SELECT refused, failed FROM jobs_job") == [(REFUSED, 0)]
