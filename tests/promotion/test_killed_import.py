"""A worker killed in the middle of an import leaves all of a company or nothing of it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.servers import postgres_url, redis_url
from tests.jobs.deployment import Deployment, embedded, with_servers
from tests.leaving_out import leave_out

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


@pytest.fixture(params=["SQLite and files", "PostgreSQL and Redis"])
def deployment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Deployment]:
    if request.param == "SQLite and files":
        with embedded(tmp_path, **SETTINGS) as own:
            yield own
        return
    postgres, redis = postgres_url(), redis_url()
    if postgres is None or redis is None:
        leave_out("No PostgreSQL or no Redis answers.")
    with with_servers(tmp_path, postgres, redis, **SETTINGS) as own:
        yield own


def whole_companies(deployment: Deployment) -> int:
    """Return how many companies are imported; each must be there with all that it has."""
    [(count,)] = deployment.query("SELECT count(*) FROM organisations_organisation")
    for query, rows in WHOLE.items():
        assert deployment.query(query) == [(count * rows,)], query
    return int(count)


def wait_for_another_attempt(deployment: Deployment) -> None:
    """Return when a worker has taken the job up once more."""
    query = "SELECT attempts FROM jobs_job"
    before = deployment.query(query)
    deployment.wait_for(
        lambda: deployment.query(query) != before, seconds=60, what="The worker's taking up the job"
    )


def test_killed_workers_leave_whole_companies_and_another_finishes(deployment: Deployment) -> None:
    deployment.python("-m", "tests.promotion.fill_production", str(COMPANIES))
    counts = []
    for pause in (0.1, 0.6):
        worker = deployment.start_worker()
        wait_for_another_attempt(deployment)
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
