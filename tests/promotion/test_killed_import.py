"""A worker killed in the middle of an import leaves all of a company or nothing of it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jobs.deployment import EITHER, Deployment, either

pytestmark = pytest.mark.deploy
COMPANIES = 500
SETTINGS = {"DIP_ENVIRONMENT": "production"}
# What an import writes of one company, and how many rows of it there must be.
WHOLE = {
    "SELECT count(*) FROM organisations_organisation": 1,
    "SELECT count(*) FROM organisations_whitelisteddomain": 10,
    "SELECT count(*) FROM organisations_dipid": 2,
    "SELECT count(*) FROM organisations_apikey": 4,
    "SELECT count(*) FROM promotion_importedcompany": 1,
    "SELECT count(*) FROM promotion_import WHERE state = 'APPLIED'": 1,
    "SELECT count(*) FROM audit_event WHERE action = 'import:apply'": 1,
}


@pytest.fixture(params=EITHER)
def deployment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Deployment]:
    with either(request.param, tmp_path, **SETTINGS) as own:
        yield own


def whole_companies(deployment: Deployment) -> int:
    """Return how many companies are imported; each must be there with all that it has."""
    [(count,)] = deployment.query("SELECT count(*) FROM organisations_organisation")
    for query, rows in WHOLE.items():
        assert deployment.query(query) == [(count * rows,)], query
    return int(count)


def test_killed_workers_leave_whole_companies_and_another_finishes(deployment: Deployment) -> None:
    deployment.python("-m", "tests.promotion.fill_production", str(COMPANIES))
    counts = []
    for pause in (0.1, 0.6):
        worker = deployment.start_worker()
        deployment.wait_for_another_attempt()
        time.sleep(pause)
        deployment.kill(worker)
        counts.append(whole_companies(deployment))

    deployment.start_worker()
    deployment.wait_for(
        lambda: deployment.query("SELECT state FROM jobs_job") == [("DONE",)],
        seconds=90,
        what="The end of the job",
    )

    assert counts == sorted(counts)
    assert whole_companies(deployment) == COMPANIES
    assert deployment.query("SELECT refused, failed FROM jobs_job") == [(0, 0)]
