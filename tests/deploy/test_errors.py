"""What real web processes answer when something is wrong, and that they count together."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.deploy.composition import ROOT
from tests.deploy.ports import free_ports
from tests.deploy.waiting import wait_until

pytestmark = pytest.mark.deploy
ID = re.compile(r"Quote this id if you ask for help: <code>([0-9a-f]{32})</code>")
ENVIRONMENTS = ["uit", "production", "atlas"]


@dataclass(frozen=True, kw_only=True)
class Web:
    """A web process: where it is, and what it logs."""

    url: str
    log: Path


@contextmanager
def web(home: Path, environment: str, *words: str, **variables: str) -> Iterator[Web]:
    """Run gunicorn as the containers do, with these settings."""
    [port] = free_ports(1)
    log = home / "log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "--config", "python:deploy.gunicorn_conf"),
                *("--bind", f"127.0.0.1:{port}", *words),
            ],
            cwd=ROOT,
            env={
                "PATH": os.environ["PATH"],
                "DIP_HOME": str(home),
                "DIP_ENVIRONMENT": environment,
                "STATIC_ROOT": str(home / "static"),
                **variables,
            },
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        )
    running = Web(url=f"http://localhost:{port}", log=log)
    try:
        wait_until(lambda: answers(running))
        yield running
    finally:
        process.terminate()
        process.wait(timeout=20)


def answers(running: Web) -> bool:
    try:
        return httpx.get(f"{running.url}/health/", timeout=5).is_success
    except httpx.TransportError:
        return False


def manage(home: Path, *command: str) -> None:
    """Run a command of manage.py for the deployment in this folder."""
    variables = {"DIP_HOME": str(home), "STATIC_ROOT": str(home / "static")}
    subprocess.run(
        [sys.executable, "manage.py", *command, "-v0"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **variables},
        check=True,
    )


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_page_of_an_error_comes_without_a_database(tmp_path: Path, environment: str) -> None:
    manage(tmp_path, "collectstatic", "--no-input")
    [closed] = free_ports(1)
    database = f"postgres://nobody:unsaid@127.0.0.1:{closed}/nothing"
    with web(tmp_path, environment, DATABASE_URL=database) as running:
        cookie = {f"dip_{environment}_session": "a" * 32}
        answer = httpx.get(f"{running.url}/", cookies=cookie, follow_redirects=True, timeout=30)

        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
        assert "The portal is away for a moment" in answer.text
        assert "stylesheet" in answer.text
        [shown] = ID.findall(answer.text)
        assert shown == answer.headers["X-Correlation-ID"]
        log = running.log.read_text()
        assert f"ERROR django.request [{shown}] Service Unavailable: /" in log
        assert "unsaid" not in log + answer.text


def test_a_call_of_the_api_without_its_database_may_come_again(tmp_path: Path) -> None:
    [closed] = free_ports(1)
    database = f"postgres://nobody:unsaid@127.0.0.1:{closed}/nothing"
    with web(tmp_path, "uit", DATABASE_URL=database) as running:
        address = f"{running.url}/dip-channel/PUB-036/pubconfig/1000000001"
        answer = httpx.post(address, json={}, headers={"X-API-KEY": "a" * 40}, timeout=30)

        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "out_of_service"
        assert answer.json()["correlationId"] == answer.headers["X-Correlation-ID"]
        assert "unsaid" not in running.log.read_text()


def test_what_is_too_large_gets_its_page_and_not_a_broken_connection(tmp_path: Path) -> None:
    manage(tmp_path, "collectstatic", "--no-input")
    manage(tmp_path, "migrate")
    with web(tmp_path, "uit") as running, httpx.Client(base_url=running.url) as browser:
        browser.get("/accounts/login/")

        answer = browser.post("/accounts/login/", data={"login": "x" * 8_000_000}, timeout=30)

        assert answer.status_code == 413
        assert "That was too much at once" in answer.text
        assert ID.search(answer.text)
        assert browser.get("/accounts/login/").status_code == 200


def test_several_processes_count_as_one_and_leave_nothing_behind(tmp_path: Path) -> None:
    manage(tmp_path, "migrate")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with web(tmp_path, "uit", "--workers", "3", TMPDIR=str(temporary)) as running:
        wait_until(lambda: running.log.read_text().count("Booting worker") == 3)
        counted = re.compile(
            r'dip_http_requests_total{method="GET",status="200",view="ready"} (\S+)'
        )
        for _ in range(30):
            assert httpx.get(f"{running.url}/health/ready/", timeout=10).status_code == 200

        told = {counted.findall(httpx.get(f"{running.url}/metrics").text)[0] for _ in range(10)}

        assert told == {"30.0"}
    assert list(temporary.glob("dip-metrics-*")) == []
