"""PostgreSQL, Redis and a mail server of the fault rounds' own, which can be killed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from email import message_from_bytes
from pathlib import Path

import psycopg
import redis

from bench.processes import children_of
from tests.deploy.ports import listens
from tests.leaving_out import leave_out

ROOT = Path(__file__).resolve().parents[2]


class Server:
    """A server as one process of this machine, with its children."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """Return what is run."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Tell whether it can be used."""
        raise NotImplementedError

    def start(self) -> None:
        """Start it, and wait until it can be used."""
        deadline = time.monotonic() + 60
        while True:
            with (self.folder / "log").open("ab") as log:
                self.process = subprocess.Popen(
                    self.command(),
                    cwd=ROOT if os.access(ROOT, os.X_OK) else "/",
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            while self.process.poll() is None and not self.answers():
                assert time.monotonic() < deadline, (self.folder / "log").read_text()[-2000:]
                time.sleep(0.05)
            # Killed PostgreSQL leaves children for a moment, which keep a new one from starting.
            if self.process.poll() is None:
                return
            assert time.monotonic() < deadline, (self.folder / "log").read_text()[-2000:]
            time.sleep(0.2)

    def kill(self) -> None:
        """SIGKILL it and what it has started."""
        assert self.process is not None
        for child in _family(self.process.pid):
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Postgres(Server):
    """A cluster that writes to the disk as one in earnest does. Raises Skipped without programs."""

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(folder, port)
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        which = shutil.which("initdb")
        if not found and not which:
            leave_out("no PostgreSQL to start is on this machine")
        self.programs = found[-1] if found else Path(which or "").parent
        self.user: list[str] = []
        if os.geteuid() == 0:  # PostgreSQL does not run as root
            self.user = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
            shutil.chown(folder, "postgres", "postgres")
        for one in folder.parents:
            if one.stat().st_uid == os.geteuid() and not one.stat().st_mode & 0o001:
                one.chmod(one.stat().st_mode | 0o011)
        subprocess.run(
            [
                *(*self.user, str(self.programs / "initdb"), "-D", str(folder / "data")),
                *("--auth", "trust", "--username", "postgres", "--encoding", "UTF8"),
            ],
            cwd="/",
            check=True,
            capture_output=True,
        )

    @property
    def url(self) -> str:
        """Its address, for whoever may create databases."""
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def command(self) -> list[str]:
        """Return what is run."""
        return [
            *(*self.user, str(self.programs / "postgres"), "-D", str(self.folder / "data")),
            *("-p", str(self.port), "-k", "", "-c", "listen_addresses=127.0.0.1"),
            *("-c", "max_connections=200"),
        ]

    def answers(self) -> bool:
        """Tell whether it can be used."""
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.Error:
            return False
        return True


class Redis(Server):
    """A Redis that keeps nothing on disk, as that of docker-compose.yml."""

    def address(self, number: int) -> str:
        """Return that of one of its databases."""
        return f"redis://127.0.0.1:{self.port}/{number}"

    def command(self) -> list[str]:
        """Return what is run."""
        return [
            *("redis-server", "--port", str(self.port), "--bind", "127.0.0.1"),
            *("--save", "", "--appendonly", "no", "--dir", str(self.folder)),
        ]

    def answers(self) -> bool:
        """Tell whether it can be used."""
        try:
            return bool(redis.Redis(port=self.port).ping())
        except redis.RedisError:
            return False


class MailServer(Server):
    """tests/faults/mail_server.py, whose messages lie in `taken`."""

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(folder, port)
        self.taken = folder / "taken"
        self.taken.mkdir()

    def command(self) -> list[str]:
        """Return what is run."""
        return [
            *(sys.executable, "-m", "tests.faults.mail_server"),
            *(str(self.port), str(self.taken)),
        ]

    def answers(self) -> bool:
        """Tell whether it can be used."""
        return listens(self.port)

    def message_ids(self) -> Counter[str]:
        """Return how often each message arrived, by its Message-ID."""
        return Counter(
            str(message_from_bytes(file.read_bytes())["Message-ID"])
            for file in self.taken.glob("*.eml")
        )


def _family(pid: int) -> list[int]:
    """Return what a process has started, and what that has, and so on."""
    try:
        own = children_of(pid)
    except FileNotFoundError:  # it has ended
        return []
    return [*own, *(it for child in own for it in _family(child))]
