"""The API as `make run` serves it: a deployment of its own, by TLS, with companies that call it."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.make_certificate import AUTHORITY_FILE, make_certificate
from tests.deploy.ports import free_ports
from tests.deploy.waiting import wait_until

ROOT = Path(__file__).resolve().parents[3]
NOT_INHERITED = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "EMAIL_URL")


@dataclass(frozen=True, kw_only=True)
class ApiClient:
    """A company's machine: its DIP ID and key, and PEM files (`client` holds both)."""

    dip_id: str
    api_key: str
    certificate: str
    key: str
    client: str


@dataclass(frozen=True, kw_only=True)
class Served:
    """The API that is served, those who may call it, and the CA of its TLS certificate.

    `process` is that of the server, whose children answer the calls.
    """

    url: str
    port: int
    process: int
    authority: Path
    clients: list[ApiClient]
    folder: Path
    environment: Mapping[str, str]

    def variables(self, client: ApiClient) -> dict[str, str]:
        """Return the environment in which the scripts of the reference call as this client."""
        return {
            **os.environ,
            "DIP_API_URL": self.url,
            "DIP_ID": client.dip_id,
            "DIP_API_KEY": client.api_key,
            "DIP_CERT": client.certificate,
            "DIP_KEY": client.key,
            "DIP_CA": str(self.authority),
        }

    def python(self, *words: str) -> str:
        """Run Python in this deployment and return what it prints."""
        return _run([sys.executable, *words], self.environment)


@contextmanager
def served(
    folder: Path, *, clients: int = 1, workers: int = 1, settings: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """Serve the API from an empty database, to this many companies, until the end."""
    [port] = free_ports(1)
    url = f"https://localhost:{port}"
    environment = {
        **{name: value for name, value in os.environ.items() if name not in NOT_INHERITED},
        "DJANGO_SETTINGS_MODULE": "dip_portal.settings",
        "DIP_ENVIRONMENT": "uit",
        "DIP_HOME": str(folder / "home"),
        "DIP_TRUSTED_KEYS_DIR": str(folder / "trusted"),
        "DIP_AUTHORITY_DIR": str(folder / "trusted"),
        "STATIC_ROOT": str(folder / "static"),
        "DIP_API_URL": url,
        "PYTHONPATH": str(ROOT),
        "LOG_LEVEL": "ERROR",
        **(settings or {}),
    }
    _run([sys.executable, "manage.py", "migrate", "--noinput"], environment)
    companies = folder / "clients"
    _run(
        [sys.executable, "-m", "tests.channels.api.seed", str(companies), str(clients)], environment
    )
    said: list[dict[str, Any]] = json.loads((companies / "clients.json").read_text())
    gateway = folder / "gateway"
    make_certificate(gateway, ["localhost", "127.0.0.1"], trust=gateway, now=datetime.now(UTC))
    with (folder / "web.log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "--config", "python:deploy.gunicorn_tls_conf"),
                *("--workers", str(workers), "--bind", f"127.0.0.1:{port}"),
                *("--certfile", str(gateway / "certificate.pem")),
                *("--keyfile", str(gateway / "key.pem")),
            ],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        wait_until(lambda: _listens(port))
        yield Served(
            url=url,
            port=port,
            process=process.pid,
            authority=gateway / AUTHORITY_FILE,
            clients=[ApiClient(**one) for one in said],
            folder=folder,
            environment=environment,
        )
    finally:
        process.terminate()
        process.wait(timeout=30)


def _run(command: list[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        command, cwd=ROOT, env=dict(environment), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
