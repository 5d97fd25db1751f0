"""The databases and folders of one run of the bench, and the steps that are run in them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from bench import ROOT

SERVER = os.environ.get("DATABASE_URL") or "postgres://postgres@127.0.0.1:5432/postgres"
ENVIRONMENTS = {"uit": "uit", "live": "production", "peer": "production", "atlas": "atlas"}


class Databases:
    """One database for UIT, one for Production, one for its peers, one for Atlas.

    Each step runs in a process of its own, so that its peak of memory is its own.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._names = {name: f"dip_bench_{name}_{os.getpid()}" for name in ENVIRONMENTS}
        self._migrated: set[str] = set()

    def url(self, name: str) -> str:
        """Return the address of one of the databases."""
        return urlsplit(SERVER)._replace(path=f"/{self._names[name]}").geturl()

    def create(self) -> None:
        """Make them, empty."""
        self.drop()
        for name in self._names.values():
            _administer(f'CREATE DATABASE "{name}"')

    def drop(self) -> None:
        """Remove them, whoever is connected."""
        for name in self._names.values():
            _administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def prepare(self, *names: str) -> None:
        """Make the tables in these databases, unless they are there, and remove all companies."""
        for name in names:
            if name not in self._migrated:
                self.step("migrate", name)
                self._migrated.add(name)
            self.step("empty", name)

    def step(
        self, step: str, database: str, *words: str, module: str = "bench.steps"
    ) -> dict[str, Any]:
        """Run a step in one of the databases and return what it measured."""
        done = subprocess.run(
            [sys.executable, "-m", module, step, *words],
            cwd=ROOT,
            env=self.environment(database),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"The step {step} has failed.\n{done.stderr}")
        measured: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return measured

    def environment(self, database: str) -> dict[str, str]:
        """Return the variables of a deployment with one of the databases."""
        environment = ENVIRONMENTS[database]
        return {
            **{name: text for name, text in os.environ.items() if name != "REDIS_URL"},
            "DIP_ENVIRONMENT": environment,
            "DIP_HOME": str(self.folder / environment),
            "DIP_TRUSTED_KEYS_DIR": str(self.folder / "trusted-keys"),
            "DIP_AUTHORITY_DIR": str(self.folder / "trusted-keys"),
            "STATIC_ROOT": str(self.folder / "static"),
            "DATABASE_URL": self.url(database),
            "LOG_LEVEL": "WARNING",
        }


def _administer(statement: str) -> None:
    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute(statement)
