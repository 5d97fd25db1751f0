"""Two webs and three workers give what one of each gives, and stopping a web loses nothing."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dip_client import calling, configuration
from tests.deploy.stack import PORTALS
from tests.faults.operations import Extraction, Importing, Inviting, Operation, Requesting, Testing
from tests.faults.place import Place, place
from tests.leaving_out import leave_out, need_program

BATCHES, BATCH = 4, 3
REQUESTERS, REQUESTS = 2, 3
CALLERS, CALLS = 4, 30
TESTS = 4
WORKERS = 3
FIRST_NUMBER = 70_000_001


class Load:
    """What people and machines do at the same time; `mark` tells one load from another."""

    def __init__(self, found: Place, mark: int) -> None:
        self.place, self.mark = found, mark
        self.done: list[Operation] = []
        self.answers: Counter[int] = Counter()
        self.before = {name: self._newest(name) for name in PORTALS}

    def run(self) -> "Load":
        """Do all of it, wait until all is at rest, and check that each thing was done once."""
        work = [
            *((self._promote, n) for n in range(BATCHES)),
            *((self._request, n) for n in range(REQUESTERS)),
            *((self._call, n) for n in range(CALLERS)),
            (self._test, 0),
        ]
        with ThreadPoolExecutor(len(work)) as threads:
            for task in [threads.submit(what, n) for what, n in work]:
                task.result()
        for operation in self.done:
            operation.settle()
            operation.check()
        return self

    def results(self) -> dict[str, object]:
        """Return what is there now because of it, the same for every load of this size."""
        trails = {
            name: self.place.query(
                name,
                "SELECT action, count(*) FROM audit_event "
                f"WHERE id > {self.before[name]} GROUP BY action ORDER BY action",
            )
            for name in PORTALS
        }
        return {
            "trails": trails,
            "answers": dict(self.answers),
            "repeated": sum(it.repeated for it in self.done),
            "mails that arrived twice": sum(it.arrived_twice for it in self.done),
            "failed jobs": [
                self.place.one(name, "SELECT coalesce(sum(failed), 0) FROM jobs_job")
                for name in PORTALS
            ],
        }

    def _newest(self, environment: str) -> int:
        newest = "SELECT coalesce(max(id), 0) FROM audit_event"
        return int(self.place.one(environment, newest))

    def _do(self, operation: Operation) -> None:
        self.done.append(operation)
        operation.do()

    def _promote(self, n: int) -> None:
        first = FIRST_NUMBER + (self.mark * BATCHES + n) * BATCH
        companies = [f"{first + it:08d}" for it in range(BATCH)]
        for kind in (Extraction, Importing, Inviting):
            self._do(kind(self.place, companies))

    def _request(self, n: int) -> None:
        for number in range(REQUESTS):
            self._do(Requesting(self.place, (self.mark * REQUESTERS + n) * REQUESTS + number))

    def _test(self, _n: int) -> None:
        for number in range(TESTS):
            operation = Testing(self.place, number)
            self._do(operation)
            operation.check()

    def _call(self, n: int) -> None:
        """Set the webhook of one publication by the signed API, again and again."""
        with caller(self.place) as call:
            for number in range(CALLS):
                self.answers[call(self.place.publications[n], f"{self.mark}-{number}")] += 1


class caller:  # noqa: N801 - used as a function
    """A participant's machine: it gives a function that sets a webhook and returns the status."""

    def __init__(self, found: Place) -> None:
        folder = found.stack.folder / "participant"
        self.configuration = configuration.read(str(folder / "dip-client.toml"))
        self.port = found.catcher_port
        own = (folder / "dip.cer.pem", folder / "dip.key.pem")
        self.client = found.composition.client("uit", own)

    def __enter__(self) -> "caller":
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def __call__(self, publication: str, mark: str) -> int:
        dip_id = self.configuration.dip_id
        signed = calling.sign(
            self.configuration,
            "POST",
            calling.path_of(self.configuration, publication),
            content={
                "callbackURL": f"https://localhost:{self.port}/hook/{dip_id}/{publication}?{mark}"
            },
        )
        answer = self.client.request(
            signed.method,
            signed.url,
            content=signed.body,
            headers={
                **signed.headers,
                "X-API-KEY": self.configuration.api_key,
                "Content-Type": "application/json",
            },
        )
        return int(answer.status_code)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The whole composition with one web and one worker for each portal."""
    with place(tmp_path_factory.mktemp("scale") / "place", companies=2 * BATCHES * BATCH) as found:
        yield found


def log_of(found: Place, service: str) -> str:
    return found.stack.log(service).read_text()


def test_many_give_what_one_gives(found: Place) -> None:
    of_one = Load(found, 0).run().results()
    webs = [found.composition.add_web(name) for name in PORTALS]
    workers = [
        found.composition.add_worker(name, n) for name in PORTALS for n in range(2, WORKERS + 1)
    ]
    for worker in workers:
        found.wait_for(lambda: " ready." in log_of(found, worker), seconds=60, what=worker)
    time.sleep(6)  # nginx keeps an address for five seconds

    of_many = Load(found, 1).run().results()

    assert of_many == of_one
    assert of_one["answers"] == {201: CALLERS * CALLS}
    assert of_one["repeated"] == 0
    for web in webs:
        assert '"POST /' in log_of(found, web), f"{web} was asked for nothing"
    for worker in workers:
        assert "received" in log_of(found, worker), f"{worker} had nothing to do"
