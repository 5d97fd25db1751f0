"""What `make test` does: the checks, then every test that this machine can run.

The tests run on SQLite with the file broker, then on PostgreSQL with Redis where these
answer (DATABASE_URL and REDIS_URL if given, else the standard local addresses), in
databases made for the run. What drives a browser or starts a deployment of its own runs
once. At the end stands what had to be left out and why; with CI=true that is a failure.
The last line has the totals of all runs.
"""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.deploy.servers import free_redis_urls, postgres_url, redis_url  # noqa: E402 - needs the path above

TESTERS = 2
RUN_SECONDS = 40 * 60
# The settings of a developer's shell must not decide what is tested.
NOT_INHERITED = (
    *("ALLOWED_HOSTS", "DATABASE_URL", "DEBUG", "DEFAULT_FROM_EMAIL", "DIP_BEHIND_GATEWAY"),
    *("DIP_DEMONSTRATION", "DIP_ENVIRONMENT", "DIP_HOME", "DIP_PUBLIC_URL", "DIP_SECRETS_DIR"),
    *("DIP_SHOW_SENT_MAIL", "DIP_SIGNING_KEY_FILE", "DIP_TRUSTED_KEYS_DIR", "EMAIL_URL"),
    *(
        "DIP_API_URL",
        "DIP_AUTHORITY_DIR",
        "DIP_WEBHOOK_CA_FILE",
        "DIP_WEBHOOK_NETWORKS",
        "HVCA_CA_FILE",
        "HVCA_URL",
        "ATLAS_SITE_URL",
    ),
    *("DIP_LOG_FORMAT", "DIP_METRICS_TOKEN"),
    *("DIP_API_CALLS_PER_ADDRESS", "DIP_API_CALLS_PER_DIP_ID", "DIP_API_MAX_BYTES"),
    *("DIP_FAILED_CALLS_DAYS", "DIP_FAILED_CALLS_KEPT", "DIP_SIGNATURE_WINDOW_SECONDS"),
    *("ENCRYPTION_KEYS", "EXTRACT_MAX_BYTES", "INVITATION_DAYS", "JOB_LEASE_SECONDS"),
    *("REDIS_URL", "SECRET_KEY", "SECRET_KEY_FALLBACKS", "STATIC_ROOT"),
    *("SESSION_HOURS", "SESSION_IDLE_MINUTES"),
    *("TERMS_OF_USE_VERSION", "UIT_SERVICE_URL", "WEB_CONCURRENCY", "PYTEST_ADDOPTS"),
)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one test in one run: "passed", "failed" or "skipped", and why."""

    test: str
    state: str
    reason: str = ""


def read_report(path: Path) -> list[Outcome]:
    """Return the outcomes of a JUnit report, in its order."""
    outcomes = []
    for case in ET.parse(path).iter("testcase"):  # noqa: S314 - pytest has just written it
        test = f"{case.get('classname')}.{case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            outcomes.append(Outcome(test=test, state="failed"))
        elif (skipped := case.find("skipped")) is not None:
            reason = skipped.get("message", "")
            outcomes.append(Outcome(test=test, state="skipped", reason=reason))
        else:
            outcomes.append(Outcome(test=test, state="passed"))
    return outcomes


def pytest(title: str, marked: str, variables: dict[str, str], extra: list[str]) -> list[Outcome]:
    """Run the tests marked so. A run that breaks off counts as one failed test."""
    print(f"\n=== {title}", flush=True)
    with tempfile.TemporaryDirectory(prefix="dip-test-") as folder:
        report = Path(folder) / "report.xml"
        kept = {name: text for name, text in os.environ.items() if name not in NOT_INHERITED}
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "pytest", "-q", "-m", marked, f"--junitxml={report}"),
                *("-n", str(TESTERS), "--dist", "loadfile", "--durations", "8", *extra),
            ],
            cwd=ROOT,
            env={
                **kept,
                "DIP_HOME": f"{folder}/home",
                "DIP_TRUSTED_KEYS_DIR": f"{folder}/trusted-keys",
                "STATIC_ROOT": f"{folder}/staticfiles",
                "PYTHONPATH": str(ROOT),
                "PYTEST_PLUGINS": "tests.redis_of_its_own",
                **variables,
            },
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            code = process.wait(timeout=RUN_SECONDS)
        except subprocess.TimeoutExpired:
            print(f"{title}: not finished after {RUN_SECONDS // 60} minutes", flush=True)
            code = -1
        finally:
            end(process)
        outcomes = read_report(report) if report.exists() else []
    failed = any(outcome.state == "failed" for outcome in outcomes)
    if (code not in (0, 1, 5) or (code == 1 and not failed)) or (not outcomes and code != 5):
        outcomes.append(Outcome(test=f"{title}: pytest ended with code {code}", state="failed"))
    return outcomes


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a run and whatever it has left behind."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def database_of_its_own(server: str) -> Iterator[str]:
    """Give the address of a name that Django's test databases derive theirs from."""
    name = f"dip_suite_{secrets.token_hex(4)}"
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            left = connection.execute(
                "SELECT datname FROM pg_database WHERE datname LIKE %s", [f"test\\_{name}%"]
            ).fetchall()
            for (database,) in left:
                connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


def run_all(extra: list[str]) -> tuple[list[Outcome], list[str]]:
    """Run everything. Returns the outcomes of all runs, and what runs had to be left out."""
    left_out: list[str] = []
    postgres, broker = postgres_url(), redis_url()
    once = "browser or deploy"
    outcomes = pytest("SQLite and the file broker", f"not ({once})", {}, extra)
    if postgres is None:
        left_out.append("every test on PostgreSQL: none answers where we may create databases")
    if broker is None:
        left_out.append("every test on Redis: none answers")
    numbers = free_redis_urls(broker) if broker else []
    if broker and len(numbers) < TESTERS:
        left_out.append("every test on Redis: it has no empty databases for us")
        numbers = []
    variables = {"DIP_TEST_REDIS_URLS": " ".join(numbers[:TESTERS])} if numbers else {}
    if postgres:
        with database_of_its_own(postgres) as database:
            variables["DATABASE_URL"] = database
            title = "PostgreSQL and " + ("Redis" if numbers else "the file broker")
            outcomes += pytest(title, f"not ({once})", variables, extra)
    elif numbers:
        outcomes += pytest("SQLite and Redis", f"not ({once})", variables, extra)
    for address in numbers[:TESTERS]:
        redis.Redis.from_url(address).flushdb()
    servers = {"DIP_TEST_DATABASE_URL": postgres or "", "DIP_TEST_REDIS_URL": broker or ""}
    outcomes += pytest("Browser and deployments", once, servers, extra)
    return outcomes, left_out


def never_run(outcomes: list[Outcome]) -> list[str]:
    """Return the tests that no run has run, by their reason."""
    states: defaultdict[str, set[str]] = defaultdict(set)
    reasons: dict[str, str] = {}
    for outcome in outcomes:
        states[outcome.test].add(outcome.state)
        reasons[outcome.test] = outcome.reason or reasons.get(outcome.test, "")
    by_reason: defaultdict[str, list[str]] = defaultdict(list)
    for test, seen in states.items():
        if seen == {"skipped"}:
            by_reason[reasons[test]].append(test)
    return [
        f"{len(tests)} test{'s' if len(tests) > 1 else ''} ({reason}), such as {tests[0]}"
        for reason, tests in by_reason.items()
    ]


def main() -> int:
    """Run the checks and the tests; `.ci/suite.py ARGUMENT ...` hands arguments to pytest."""
    started = time.monotonic()
    checks = subprocess.run([sys.executable, str(ROOT / ".ci" / "check.py")], check=False)
    outcomes, left_out = run_all(sys.argv[1:])
    left_out += never_run(outcomes)
    total = Counter(outcome.state for outcome in outcomes)

    print(f"\n=== All runs took {(time.monotonic() - started) / 60:.1f} minutes")
    for test in dict.fromkeys(it.test for it in outcomes if it.state == "failed"):
        print(f"FAILED: {test}")
    for what in left_out:
        print(f"LEFT OUT: {what}")
    if checks.returncode:
        print("FAILED: the checks; see the top, or run `make check`.")
    strict = os.environ.get("CI") == "true"
    if left_out and strict:
        print("FAILED: with CI=true nothing may be left out.")
    if not left_out:
        print("Nothing was left out.")
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    bad = checks.returncode or total["failed"] or not total["passed"] or (left_out and strict)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
