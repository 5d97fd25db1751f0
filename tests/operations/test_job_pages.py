"""Jobs as the DIP Manager follows them."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from jobs import runner, services
from jobs.models import Job
from tests.jobs import handlers
from tests.operations.conftest import ALICE

LIST = "/admin/jobs/job/"
Make = Callable[..., Job]


def page_of(job: Job) -> str:
    return reverse("admin:operations_job_progress", args=[job.pk])


def read(client: Client, url: str, **headers: str) -> str:
    answer = client.get(url, headers=headers)
    assert answer.status_code == 200
    return str(answer.content.decode())


def labels(client: Client, query: str) -> list[str]:
    return [row["job"].label for row in client.get(f"{LIST}{query}").context["rows"]]


def test_the_list_shows_state_and_progress(dana_client: Client, job: Make) -> None:
    job("DONE", "REFUSED", "WAITING", label="Spring companies")

    page = read(dana_client, LIST)

    assert "Spring companies" in page
    assert "Running" in page
    assert "2 of 3" in page
    assert 'max="100" value="66"' in page


def test_the_list_is_searched_and_filtered(dana_client: Client, job: Make) -> None:
    job("DONE", label="good")
    job("REFUSED", "WAITING", label="refusing")
    job("FAILED", label="failing")

    assert labels(dana_client, "?q=fail") == ["failing"]
    assert sorted(labels(dana_client, "?q=Company 2")) == ["refusing"]
    assert labels(dana_client, "?state=RUNNING") == ["refusing"]
    assert labels(dana_client, "?problems=failed") == ["failing"]
    assert labels(dana_client, "?problems=refused") == ["refusing"]
    assert labels(dana_client, "?kind=test.slow") == []
    assert "Nothing matches this filter" in read(dana_client, f"{LIST}?q=zzz")


def test_an_empty_list_says_when_a_job_begins(dana_client: Client) -> None:
    assert "No job yet" in read(dana_client, LIST)


def test_a_running_job_asks_for_its_progress_every_second(dana_client: Client, job: Make) -> None:
    running = job("DONE", "WAITING")

    page = read(dana_client, page_of(running))
    live = read(dana_client, page_of(running), **{"HX-Request": "true"})

    for answer in (page, live):
        assert f'hx-get="{page_of(running)}" hx-trigger="every 1s"' in answer
        assert "1 of 2 finished" in answer
    assert "<html" in page
    assert "<html" not in live


def test_a_job_that_is_done_asks_no_more_and_reports(dana_client: Client, job: Make) -> None:
    done = job("DONE", "REFUSED", "FAILED", back="/admin/promotion/")

    page = read(dana_client, page_of(done))

    assert "every 1s" not in page
    for text in ("It is refused.", "It is failed.", 'href="/company/1/"', "Imported"):
        assert text in page
    assert 'href="/admin/promotion/">Go back</a>' in page


@pytest.mark.parametrize(("state", "items"), [("REFUSED", [2]), ("FAILED", [3]), ("", [1, 2, 3])])
def test_the_report_is_filtered_by_state(
    dana_client: Client, job: Make, state: str, items: list[int]
) -> None:
    done = job("DONE", "REFUSED", "FAILED")

    page = read(dana_client, f"{page_of(done)}?state={state}")

    assert re.findall(r"Company (\d)", page) == [str(number) for number in items]


def test_a_long_report_is_paged_and_stays_on_its_page_while_it_runs(
    dana_client: Client, job: Make
) -> None:
    running = job(*["DONE"] * 30, "WAITING")

    page = read(dana_client, f"{page_of(running)}?state=DONE&page=2")

    assert "Showing items 26 - 30 of 30" in page
    assert "?state=DONE&amp;page=2" in page


def test_a_job_that_no_worker_takes_up_says_so(dana_client: Client, job: Make) -> None:
    long_ago = timezone.now() - timedelta(minutes=1)
    waiting = job("WAITING", state="QUEUED", created_at=long_ago)

    assert "No worker has taken it up yet" in read(dana_client, page_of(waiting))


def test_a_real_job_is_followed_to_its_end(dana_client: Client) -> None:
    assert handlers
    started = services.start(
        kind="test.by_payload",
        actor=ALICE,
        items=[("Super Energy Co", {}), ("Bright Grid Ltd", {"raise": "refused"})],
        label="Two companies",
    )
    assert "0 of 2 finished" in read(dana_client, page_of(started))

    runner.run(started.pk)

    page = read(dana_client, page_of(started), **{"HX-Request": "true"})
    assert "2 of 2 finished" in page
    assert "This company is not approved." in page
    assert "Do as the payload says" in read(dana_client, LIST)


def test_where_the_session_has_ended_htmx_loads_the_whole_page(client: Client, job: Make) -> None:
    running = job("WAITING")

    answer = client.get(page_of(running), headers={"HX-Request": "true"})

    assert answer["HX-Refresh"] == "true"


def test_the_number_of_queries_does_not_grow(dana_client: Client, job: Make) -> None:
    counts = []
    for number in (10, 60):
        while Job.objects.count() < number:
            job("DONE", "REFUSED")
        with CaptureQueriesContext(connection) as captured:
            read(dana_client, LIST)
        counts.append(len(captured))

    assert counts[0] == counts[1]


def test_a_job_page_costs_the_same_for_any_number_of_items(dana_client: Client, job: Make) -> None:
    counts = []
    for number in (10, 60):
        url = page_of(job(*["DONE"] * number))
        with CaptureQueriesContext(connection) as captured:
            read(dana_client, url)
        counts.append(len(captured))

    assert counts[0] == counts[1]
