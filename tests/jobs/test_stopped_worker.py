"""A worker that is stopped, as `docker compose stop` does, loses no job and does nothing twice."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jobs.deployment import EITHER, Deployment, either

pytestmark = pytest.mark.deploy
ITEMS = 12
IN_THE_SECOND_CHUNK = 6


@pytest.fixture(params=EITHER)
def deployment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Deployment]:
    with either(request.param, tmp_path) as own:
        yield own


def test_a_stopped_worker_ends_what_it_does_and_another_takes_the_rest(
    deployment: Deployment,
) -> None:
    first = deployment.start_worker()
    deployment.start_job(ITEMS)
    deployment.wait_for(
        lambda: len(deployment.begun()) >= IN_THE_SECOND_CHUNK, seconds=60, what="The second chunk"
    )

    first.terminate()
    assert first.wait(timeout=60) == 0

    deployment.start_job(ITEMS)  # nobody is there for this one
    deployment.start_worker()
    deployment.wait_for(
        lambda: deployment.query("SELECT state FROM jobs_job") == [("DONE",)] * 2,
        seconds=60,
        what="The end of both jobs",
    )
    assert set(Counter(deployment.begun()).values()) == {2}  # once in each job
    assert deployment.query("SELECT done, failed, refused, attempts FROM jobs_job") == [
        (ITEMS, 0, 0, 1)
    ] * 2  # fmt: skip
