"""What becomes of a job and its items."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection
from kombu.exceptions import OperationalError as BrokerAway

from audit.models import Event
from dip_portal.lib import correlation
from jobs import registry, runner, services, tasks
from jobs.errors import UnknownKind
from jobs.models import Job, JobItem
from jobs.registry import Kind
from tests.jobs.conftest import DANA

Start = Callable[..., Job]


def report(job: Job) -> list[tuple[str, str, str]]:
    return list(job.items.order_by("position").values_list("label", "state", "outcome"))


def kept() -> list[str]:
    """Return the items whose effect was committed."""
    return [event.after["item"] for event in Event.objects.order_by("pk")]


def test_a_job_does_its_items_in_order_and_counts_them(start: Start) -> None:
    job = start({}, {}, {"outcome": "unchanged"}, {}, {})
    assert (job.state, job.total, job.percent) == ("QUEUED", 5, 0)

    assert runner.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.done, job.refused, job.failed) == ("DONE", 5, 0, 0)
    assert job.outcomes == {"done": 4, "unchanged": 1}
    assert (job.percent, job.succeeded, job.title) == (100, 5, "Do as the payload says")
    assert job.finished_at is not None
    assert kept() == ["A", "B", "C", "D", "E"]
    item = job.items.get(label="A")
    assert (item.message, item.link) == ("Well done.", "/there/")
    assert item.finished_at is not None


def test_a_job_without_items_is_done_at_once(start: Start) -> None:
    job = start()

    runner.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.percent) == ("DONE", 100)


def test_one_bad_item_does_not_stop_the_others(start: Start) -> None:
    job = start({}, {"raise": "refused"}, {}, {"raise": "secret trouble"}, {})

    runner.run(job.pk)

    job.refresh_from_db()
    assert report(job) == [
        ("A", "DONE", "done"),
        ("B", "REFUSED", "refused"),
        ("C", "DONE", "done"),
        ("D", "FAILED", "failed"),
        ("E", "DONE", "done"),
    ]
    assert (job.done, job.refused, job.failed) == (5, 1, 1)
    assert kept() == ["A", "C", "E"]
    refused, failed = job.items.get(label="B"), job.items.get(label="D")
    assert (refused.message, refused.link) == ("This company is not approved.", "/somewhere/")
    assert "unexpected error" in failed.message
    assert "secret" not in failed.message


def test_what_went_wrong_is_in_the_log_under_the_jobs_correlation_id(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    correlation.begin("request-1")
    job = start({"raise": "trouble"})
    correlation.begin("worker")

    runner.run(job.pk)

    assert "RuntimeError: trouble" in caplog.text
    assert "request-1" in job.items.get().message
    assert correlation.current() == "worker"


def test_an_effect_carries_the_correlation_id_of_the_request(start: Start) -> None:
    correlation.begin("request-2")
    job = start({})
    correlation.begin("worker")

    runner.run(job.pk)

    event = Event.objects.get()
    assert (event.correlation_id, event.actor_user_id, event.address) == (
        "request-2",
        7,
        "192.0.2.1",
    )


def test_an_item_refused_in_place_keeps_its_chunk(start: Start) -> None:
    job = start({}, {"refuse": "Not today.\x00"}, {})

    runner.run(job.pk)

    assert [state for _, state, _ in report(job)] == ["DONE", "REFUSED", "DONE"]
    assert job.items.get(label="B").message == "Not today.\ufffd"
    assert kept() == ["A", "B", "C"]


def test_an_item_that_a_handler_forgets_has_failed(start: Start) -> None:
    job = start({}, {"forget": True})

    runner.run(job.pk)

    assert [state for _, state, _ in report(job)] == ["DONE", "FAILED"]


def test_a_job_that_is_done_is_not_run_again(start: Start) -> None:
    job = start({})
    runner.run(job.pk)

    assert not runner.run(job.pk)
    assert runner.run_stalled() == 0
    assert kept() == ["A"]


def test_a_kind_that_nobody_handles_cannot_be_started(db: None) -> None:
    with pytest.raises(UnknownKind):
        services.start(kind="test.unknown", actor=DANA, items=[])

    assert not Job.objects.exists()
    assert registry.title_of("test.unknown") == "test.unknown"


def test_a_kind_has_one_handler() -> None:
    with pytest.raises(ValueError, match=r"test\.slow"):
        registry.kind("test.slow", title="Another")(lambda job, items: None)

    assert registry.titles()["test.slow"] == "Count slowly"


def test_a_worker_is_woken_when_the_job_is_committed(
    start: Start, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    woken: list[Any] = []
    monkeypatch.setattr(tasks.run, "apply_async", lambda args, **_: woken.append(args))

    with django_capture_on_commit_callbacks(execute=True):
        job = start({})
        assert woken == []

    assert woken == [(str(job.pk),)]


def test_a_broker_that_is_away_loses_no_job(
    start: Start, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise BrokerAway("refused")

    monkeypatch.setattr(tasks.run, "apply_async", away)
    with django_capture_on_commit_callbacks(execute=True):
        job = start({})

    assert runner.run_stalled() == 1
    job.refresh_from_db()
    assert job.is_finished


def test_a_thousand_items_cost_a_few_queries_each_chunk(
    start: Start, django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def quickly(job: Job, items: list[JobItem]) -> None:
        for item in items:
            item.finish("done")

    bulk = Kind(name="test.bulk", title="In bulk", handler=quickly, chunk_size=100)
    monkeypatch.setitem(registry._kinds, "test.bulk", bulk)
    job = start(*[{} for _ in range(1000)], kind="test.bulk")

    with django_assert_max_num_queries(80):
        runner.run(job.pk)

    job.refresh_from_db()
    assert job.outcomes == {"done": 1000}


class TestLease:
    """A worker writes only while the job is its own."""

    @pytest.fixture
    def interfere(self, monkeypatch: pytest.MonkeyPatch) -> list[Callable[[Job], object]]:
        """Let something happen to the job's row after each chunk of two."""
        events: list[Callable[[Job], object]] = []

        def two(job: Job, items: list[JobItem]) -> None:
            for item in items:
                item.finish("done")

        whole = runner._save

        def save(job: Job, items: list[JobItem]) -> bool:
            finished = whole(job, items)
            if events:
                events.pop(0)(job)
            return finished

        monkeypatch.setattr(runner, "_save", save)
        kind = Kind(name="test.two", title="Two by two", handler=two, chunk_size=2)
        monkeypatch.setitem(registry._kinds, "test.two", kind)
        return events

    def test_another_worker_does_not_start_what_is_leased(
        self, start: Start, interfere: list[Callable[[Job], object]]
    ) -> None:
        job = start({}, {}, {}, kind="test.two")
        seen: list[Any] = []
        interfere.append(lambda job: seen.extend([runner.run(job.pk), runner.run_stalled()]))

        assert runner.run(job.pk)

        assert seen == [False, 0]

    def test_a_worker_whose_lease_was_taken_stops_without_effect(
        self, start: Start, interfere: list[Callable[[Job], object]]
    ) -> None:
        job = start({}, {}, {}, {}, kind="test.two")
        other = "00000000-0000-4000-8000-000000000000"
        interfere.append(lambda job: Job.objects.filter(pk=job.pk).update(lease_token=other))

        assert not runner.run(job.pk)

        job.refresh_from_db()
        assert (job.state, job.done) == ("RUNNING", 2)

    def test_a_job_whose_worker_is_gone_goes_on_when_its_lease_ran_out(
        self, start: Start, interfere: list[Callable[[Job], object]], settings: Any
    ) -> None:
        settings.JOB_LEASE_SECONDS = 0
        job = start({}, {}, {}, {}, kind="test.two")

        def die(job: Job) -> None:
            raise KeyboardInterrupt

        interfere.append(die)
        with pytest.raises(KeyboardInterrupt):
            runner.run(job.pk)
        job.refresh_from_db()
        assert (job.state, job.done) == ("RUNNING", 0)

        assert runner.run_stalled() == 1

        job.refresh_from_db()
        assert (job.state, job.done, job.attempts) == ("DONE", 4, 2)

    def test_a_database_that_is_away_is_nobodys_fault(
        self, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        troubles = [OperationalError("server closed the connection")]

        def flaky(job: Job, items: list[JobItem]) -> None:
            if troubles:
                raise troubles.pop()
            for item in items:
                item.finish("done")

        kind = Kind(name="test.flaky", title="Flaky", handler=flaky, chunk_size=2)
        monkeypatch.setitem(registry._kinds, "test.flaky", kind)
        job = start({}, {}, kind="test.flaky")

        with pytest.raises(OperationalError):
            runner.run(job.pk)

        assert report(job) == [("A", "WAITING", ""), ("B", "WAITING", "")]
        assert runner.run_stalled() == 1  # at once: the lease was given back

    def test_an_item_that_workers_die_of_is_left_out_in_the_end(
        self, start: Start, monkeypatch: pytest.MonkeyPatch, settings: Any
    ) -> None:
        settings.JOB_LEASE_SECONDS = 0

        def deadly(job: Job, items: list[JobItem]) -> None:
            for item in items:
                if item.payload.get("deadly"):
                    raise KeyboardInterrupt
                item.finish("done")

        kind = Kind(name="test.deadly", title="Deadly", handler=deadly, chunk_size=5)
        monkeypatch.setitem(registry._kinds, "test.deadly", kind)
        job = start({}, {"deadly": True}, {}, kind="test.deadly")

        deaths = 0
        while not job.is_finished:
            try:
                runner.run(job.pk)
            except KeyboardInterrupt:
                deaths += 1
            job.refresh_from_db()

        assert deaths == 5  # twice in a chunk, three times alone
        assert [state for _, state, _ in report(job)] == ["DONE", "FAILED", "DONE"]
        assert "left out" in job.items.get(label="B").message


def test_the_database_knows_no_job_that_is_done_with_items_left(start: Start) -> None:
    job = start({})

    with pytest.raises(Exception, match="job_done_when_all_are"), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE jobs_job SET state = 'DONE' WHERE id = %s",
            [job.pk.hex if connection.vendor == "sqlite" else job.pk],
        )
