"""A worker killed in the middle of a chunk: another one finishes, each item exactly once."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jobs.deployment import EITHER, Deployment, either

pytestmark = pytest.mark.deploy  # it brings its own database and broker, of both kinds
ITEMS = 12
CHUNK = 4
IN_THE_SECOND_CHUNK = 6


@pytest.fixture(params=EITHER)
def deployment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Deployment]:
    with either(request.param, tmp_path) as own:
        yield own


def is_done(deployment: Deployment) -> bool:
    return deployment.query("SELECT state FROM jobs_job") == [("DONE",)]


def effects(deployment: Deployment) -> Counter[int]:
    """Return how often each effect of each item was committed: all must be once."""
    rows = deployment.query(
        "SELECT count(*) FROM audit_event WHERE action = 'test:count' GROUP BY CAST(after AS text)"
    )
    return Counter(number for (number,) in rows)


def test_a_job_outlives_its_worker(deployment: Deployment) -> None:
    first = deployment.start_worker()
    deployment.start_job(ITEMS)
    deployment.wait_for(
        lambda: len(deployment.begun()) >= IN_THE_SECOND_CHUNK,
        seconds=40,
        what="The second chunk",
    )

    deployment.kill(first)

    [(done, state)] = deployment.query("SELECT done, state FROM jobs_job")
    assert state == "RUNNING"
    assert done % CHUNK == 0, "whole chunks, or nothing of them"
    assert 0 < done < ITEMS
    assert effects(deployment) == {1: done}

    deployment.start_worker()
    deployment.start_worker()
    deployment.wait_for(lambda: is_done(deployment), seconds=40, what="The end of the job")

    assert effects(deployment) == {1: ITEMS}
    begun = Counter(deployment.begun())
    assert begun[f"item {done + 1}"] == 2  # the chunk that was cut off was begun again
    assert begun["item 1"] == 1
    assert deployment.query("SELECT done, failed, refused, attempts FROM jobs_job") == [
        (ITEMS, 0, 0, 2)
    ]


def test_a_chunk_that_outlasts_its_lease_is_not_taken_over(deployment: Deployment) -> None:
    for _ in range(2):
        deployment.start_worker()

    deployment.start_job(4, seconds=2)  # one chunk of eight seconds; the lease is one
    deployment.wait_for(lambda: is_done(deployment), seconds=60, what="The end of the job")

    assert effects(deployment) == {1: 4}
    assert deployment.begun() == ["item 1", "item 2", "item 3", "item 4"]
    assert deployment.query("SELECT attempts FROM jobs_job") == [(1,)]
