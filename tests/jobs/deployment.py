"""A deployment of its own for a test: database, broker and real Celery workers."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

from tests.deploy.servers import postgres_url, redis_url
from tests.leaving_out import leave_out

ROOT = Path(__file__).resolve().parents[2]
START = """
import django; django.setup()
from accounts.actors import UserActor
from jobs import services
from tests.jobs import handlers
actor = UserActor(user_id=None, label="Dana Manager", address=None)
items = [(f"item {n}", {"seconds": SECONDS}) for n in range(1, COUNT + 1)]
services.start(kind="test.slow", actor=actor, items=items)
"""


class Deployment:
    """What the test sees of it: SQL, files, and workers it can kill."""

    def __init__(self, home: Path, settings: dict[str, str]) -> None:
        self.home = home
        self.database_url = settings.get("DATABASE_URL", "")
        own = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "EMAIL_URL")
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in own},
            "DJANGO_SETTINGS_MODULE": "dip_portal.settings",
            "DIP_ENVIRONMENT": "uit",
            "DIP_HOME": str(home),
            "DIP_TRUSTED_KEYS_DIR": str(home / "trusted-keys"),
            "JOB_LEASE_SECONDS": "1",
            **settings,
        }
        self.workers: list[subprocess.Popen[bytes]] = []

    def python(self, *arguments: str) -> str:
        """Run Python in this deployment and return what it prints."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def start_job(self, count: int, *, seconds: float = 0.1) -> None:
        """Start a job of so many items that take so long each."""
        self.python("-c", START.replace("COUNT", str(count)).replace("SECONDS", str(seconds)))

    def start_worker(self) -> "subprocess.Popen[bytes]":
        """Start a worker with beat, in a process group of its own."""
        name = f"worker-{len(self.workers)}"
        options = ["-B", "-s", str(self.home / f"{name}-schedule"), "-I", "tests.jobs.handlers"]
        options += ["-c", "2", "-n", f"{name}@%h", "-l", "INFO"]
        with (self.home / f"{name}.log").open("wb") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "dip_portal", "worker", *options],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.workers.append(worker)
        return worker

    def kill(self, worker: "subprocess.Popen[bytes]") -> None:
        """SIGKILL a worker with its children, as a machine that loses power does."""
        if worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()

    def query(self, sql: str) -> list[Any]:
        """Return the rows of a query that takes no arguments."""
        if self.database_url:
            with psycopg.connect(self.database_url) as connection:
                return connection.execute(sql).fetchall()
        with closing(sqlite3.connect(self.home / "portal.sqlite3", timeout=30)) as file:
            return file.execute(sql).fetchall()

    def begun(self) -> list[str]:
        """Return the items that a handler began, in order, also those rolled back."""
        file = self.home / "begun"
        return file.read_text().split("\n")[:-1] if file.exists() else []

    def wait_for(self, condition: Callable[[], bool], *, seconds: float, what: str) -> None:
        """Wait until `condition` holds; fail with the workers' logs if it never does."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                logs = "\n".join(log.read_text() for log in sorted(self.home.glob("*.log")))
                raise AssertionError(f"{what} did not happen in {seconds} s:\n{logs[-6000:]}")
            time.sleep(0.05)

    def wait_for_another_attempt(self) -> None:
        """Return when a worker has taken the one job up once more."""
        query = "SELECT attempts FROM jobs_job"
        before = self.query(query)
        self.wait_for(
            lambda: self.query(query) != before, seconds=60, what="The worker's taking up the job"
        )


EITHER = ["SQLite and files", "PostgreSQL and Redis"]


@contextmanager
def either(which: str, home: Path, **settings: str) -> Iterator[Deployment]:
    """One of EITHER; a machine that has no servers leaves the test out."""
    if which == EITHER[0]:
        with embedded(home, **settings) as own:
            yield own
        return
    postgres, redis = postgres_url(), redis_url()
    if postgres is None or redis is None:
        leave_out("No PostgreSQL or no Redis answers.")
    with with_servers(home, postgres, redis, **settings) as own:
        yield own


@contextmanager
def embedded(home: Path, **settings: str) -> Iterator[Deployment]:
    """SQLite and the file broker."""
    with _running(Deployment(home, settings)) as deployment:
        yield deployment


@contextmanager
def with_servers(
    home: Path, postgres_url: str, redis_url: str, **settings: str
) -> Iterator[Deployment]:
    """A PostgreSQL database of its own, and Redis under a key prefix of its own."""
    name = f"dip_test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            url = urlunsplit(urlsplit(postgres_url)._replace(path=f"/{name}"))
            settings |= {"DATABASE_URL": url, "REDIS_URL": redis_url}
            with _running(Deployment(home, settings)) as deployment:
                yield deployment
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def _running(deployment: Deployment) -> Iterator[Deployment]:
    try:
        deployment.python("manage.py", "migrate", "-v0")
        yield deployment
    finally:
        for worker in deployment.workers:
            deployment.kill(worker)
