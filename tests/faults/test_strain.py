"""What the whole composition bears: servers that die, and many webs and workers instead of one."""

import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from dip_client import calling, configuration
from tests.deploy.stack import PORTALS
from tests.faults import operations
from tests.faults.place import Place, place
from tests.faults.rounds import BATCH as COMPANIES_OF_A_ROUND
from tests.faults.rounds import KINDS, run

pytestmark = pytest.mark.deploy
# With it each of web, worker, PostgreSQL, Redis and the mail server is killed once.
SEED = 271
BATCHES, BATCH = 4, 3
REQUESTERS, REQUESTS = 2, 3
CALLERS, CALLS = 4, 30
TESTS = 4
WORKERS = 3
FIRST_NUMBER = 70_000_001 + COMPANIES_OF_A_ROUND
ALLOWED_FAILURES = 5  # of one login in five minutes, by allauth
KEEPS_ADDRESSES_SECONDS = 6  # nginx.conf: valid=5s


class Load:
    """What people and machines do at the same time; `mark` tells one load from another."""

    def __init__(self, found: Place, mark: int) -> None:
        self.place, self.mark = found, mark
        self.done: list[operations.Operation] = []
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
            "repeated": Counter(it.name for it in self.done if it.repeated),
            "mails that arrived twice": sum(it.arrived_twice for it in self.done),
            "failed jobs": [
                self.place.one(name, "SELECT coalesce(sum(failed), 0) FROM jobs_job")
                for name in PORTALS
            ],
        }

    def _newest(self, environment: str) -> int:
        newest = "SELECT coalesce(max(id), 0) FROM audit_event"
        return int(self.place.one(environment, newest))

    def _do(self, operation: operations.Operation) -> None:
        self.done.append(operation)
        operation.do()

    def _promote(self, n: int) -> None:
        first = FIRST_NUMBER + (self.mark * BATCHES + n) * BATCH
        companies = [f"{first + it:08d}" for it in range(BATCH)]
        for kind in (operations.Extraction, operations.Importing, operations.Inviting):
            self._do(kind(self.place, companies))

    def _request(self, n: int) -> None:
        for number in range(REQUESTS):
            mark = KINDS + (self.mark * REQUESTERS + n) * REQUESTS + number
            self._do(operations.Requesting(self.place, mark))

    def _test(self, _n: int) -> None:
        for number in range(TESTS):
            operation = operations.Testing(self.place, number)
            self._do(operation)
            operation.check()

    def _call(self, n: int) -> None:
        """Set the webhook of one publication by the signed API, again and again."""
        with Caller(self.place) as call:
            for number in range(CALLS):
                publication = self.place.publications[n % len(self.place.publications)]
                self.answers[call(publication, f"{self.mark}-{n}-{number}")] += 1


class Caller:
    """A participant's machine: it gives a function that sets a webhook and returns the status."""

    def __init__(self, found: Place) -> None:
        folder = found.stack.folder / "participant"
        self.configuration = configuration.read(str(folder / "dip-client.toml"))
        self.port = found.catcher_port
        own = (folder / "dip.cer.pem", folder / "dip.key.pem")
        self.client = found.composition.client("uit", own)

    def __enter__(self) -> "Caller":
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
    companies = COMPANIES_OF_A_ROUND + 2 * BATCHES * BATCH
    with place(tmp_path_factory.mktemp("strain") / "place", companies=companies) as found:
        yield found


def log_of(found: Place, service: str) -> str:
    return found.stack.log(service).read_text()


def test_what_was_asked_for_is_done_once_whatever_dies(found: Place) -> None:
    told: list[str] = []

    done = run(found, KINDS, SEED, told.append)

    assert {it.victim.rpartition("-")[2] for it in done} == {
        *("web", "worker", "postgresql", "redis", "mail")
    }
    assert found.ended_by_themselves == [], told


def scale(found: Place) -> tuple[list[str], list[str]]:
    """Start what `--scale` would start, unless it is there; return the new webs and workers."""
    webs = [f"{name}-web-2" for name in PORTALS]
    workers = [f"{name}-worker-{n}" for name in PORTALS for n in range(2, WORKERS + 1)]
    if not set(webs) <= set(found.stack.running):
        for name in PORTALS:
            found.composition.add_web(name)
            for n in range(2, WORKERS + 1):
                found.composition.add_worker(name, n)
        found.wait_for(
            lambda: all(" ready." in log_of(found, it) for it in workers),
            seconds=120,
            what="The readiness of every worker",
        )
        time.sleep(KEEPS_ADDRESSES_SECONDS)
    return webs, workers


def test_many_give_what_one_gives(found: Place) -> None:
    of_one = Load(found, 0).run().results()
    webs, workers = scale(found)

    of_many = Load(found, 1).run().results()

    assert of_many == of_one
    assert of_one["answers"] == {201: CALLERS * CALLS}
    assert of_one["repeated"] == {}
    for web in webs:
        assert '"POST /' in log_of(found, web), f"{web} was asked for nothing"
    for worker in workers:
        assert " begins" in log_of(found, worker), f"{worker} had nothing to do"


def test_the_webs_count_together(found: Place) -> None:
    scale(found)
    answers = []
    with found.composition.client("production") as client:
        client.headers["Referer"] = str(client.base_url)
        for _ in range(ALLOWED_FAILURES + 1):
            page = client.get("/accounts/login/")
            [token] = set(re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text))
            guess = {"login": "nobody@brightwater-energy.example", "password": "a guess"}
            answers.append(
                client.post("/accounts/login/", data={**guess, "csrfmiddlewaretoken": token})
            )

    refused = ["too many attempts" in answer.text for answer in answers]
    assert refused == [False] * ALLOWED_FAILURES + [True]


def test_a_web_that_is_stopped_ends_what_it_has_begun(found: Place) -> None:
    scale(found)
    answers: Counter[str] = Counter()
    is_over = threading.Event()

    def read(_: int) -> None:
        with found.composition.client("uit") as client:
            while not is_over.is_set():
                answers[f"page {client.get('/accounts/login/').status_code}"] += 1

    def write(n: int) -> None:
        with Caller(found) as call:
            while not is_over.is_set():
                answers[f"call {call(found.publications[0], f'stop-{n}')}"] += 1

    with ThreadPoolExecutor(4) as threads:
        tasks = [threads.submit(what, n) for n in range(2) for what in (read, write)]
        time.sleep(2)
        found.composition.names.addresses["uit-web"].remove("127.0.0.2")
        found.stack.end("uit-web-2")
        time.sleep(KEEPS_ADDRESSES_SECONDS)
        is_over.set()
        for task in tasks:
            task.result()

    assert set(answers) == {"page 200", "call 201"}, answers
    assert "Traceback" not in log_of(found, "uit-web-2")
