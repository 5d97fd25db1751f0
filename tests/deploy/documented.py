"""The commands of docs/operations.md, as Docker would carry them out on what runs here.

So the page is what is tested: a command that this cannot carry out is a failure, and so is one
that does not do what the page says.
"""

import os
import re
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from tests.deploy.composition import ROOT
from tests.deploy.stack import ENVIRONMENTS, STAY_UP, Composition
from tests.deploy.waiting import wait_until

PAGE = ROOT / "docs" / "operations.md"
COMPOSE = ("docker", "compose")
REDIRECTIONS = {">": "wb", "<": "rb"}


def blocks(heading: str) -> list[str]:
    """Return the shell blocks under a heading of the page, up to the next heading."""
    parts = re.split(r"^#{2,3} (.+)\n", PAGE.read_text(), flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    found = re.findall(r"^```sh\n(.*?)^```$", sections[heading], re.MULTILINE | re.DOTALL)
    assert found, f"nothing to run under {heading}"
    return found


def commands(block: str) -> list[list[str]]:
    """Return the words of each command; a redirection and its file are words of their own."""
    found: list[list[str]] = []
    pending = ""
    for line in block.splitlines(keepends=True):
        pending += line
        if pending.endswith("\\\n"):
            continue
        try:
            words = shlex.split(pending.replace("\\\n", " "), comments=True)
        except ValueError:  # a quotation goes on in the next line
            continue
        if words:
            found.append(words)
        pending = ""
    assert not pending, pending
    return found


class Documented:
    """Carries out blocks of the page; files such as `uit.dump` are in `folder`."""

    def __init__(self, composition: Composition, folder: Path) -> None:
        self.stack = composition.stack
        self.folder = folder
        named = conninfo_to_dict(composition.server)
        self.user = str(named.get("user", "postgres"))
        self.server = {
            "PGHOST": str(named.get("host", "")),
            "PGPORT": str(named.get("port", "")),
            "PGPASSWORD": str(named.get("password", "")),
        }

    def follow(self, block: str, environment: str = "uit") -> str:
        """Carry out a block for a deployment, where the page has it for UIT; return its output."""
        return "".join(
            self.carry_out([re.sub(r"\buit\b|(?<=dip_)uit\b", environment, it) for it in words])
            for words in commands(block)
        )

    def carry_out(self, words: list[str]) -> str:
        """Carry out one command."""
        assert tuple(words[:2]) == COMPOSE, words
        verb, *rest = words[2:]
        return {
            "exec": self._exec,
            "run": self._run,
            "stop": self._stop,
            "restart": self._restart,
            "up": self._up,
        }[verb](rest)

    def _exec(self, words: list[str]) -> str:
        """Run a program of PostgreSQL in a database's container."""
        flag, service, *command = words
        assert (flag, service.rpartition("-")[2]) == ("-T", "database"), words
        at = command.index("--username") + 1
        assert command[at] == "postgres"
        command[at] = self.user
        variables = {name: text for name, text in self.server.items() if text}
        command = [self.stack.put_in_place(service, word) for word in command]
        return self._process(command, {"PATH": os.environ["PATH"], **variables})

    def _run(self, words: list[str]) -> str:
        flags = ["--rm", "--no-deps", "-T"]
        assert words[:3] == flags, words
        words = words[3:]
        if words[0] == "--entrypoint":
            _, program, service, *arguments = words
            command = [self.stack.put_in_place(service, it) for it in (program, *arguments)]
        else:
            service, *arguments = words
            command = self.stack.command(service, arguments)
        return self._process(command, self.stack.environment(service))

    def _process(self, words: list[str], variables: dict[str, str]) -> str:
        """Run a program; `> file` and `< file` at its end are for its output and input."""
        mode = REDIRECTIONS.get(words[-2])
        command = words[:-2] if mode else words
        with (self.folder / words[-1] if mode else Path(os.devnull)).open(mode or "rb") as file:
            done = subprocess.run(
                command,
                env=variables,
                cwd=ROOT,
                stdin=file if mode == "rb" else subprocess.DEVNULL,
                stdout=file if mode == "wb" else subprocess.PIPE,
                stderr=subprocess.PIPE,
                timeout=300,
                check=False,
            )
        told = (done.stdout or b"").decode() + done.stderr.decode()
        assert done.returncode == 0, f"{command} failed:\n{told}"
        return told

    def _stop(self, services: list[str]) -> str:
        for name in services or list(self.stack.running):
            self.stack.end(name)
            del self.stack.running[name]
        return ""

    def _restart(self, services: list[str]) -> str:
        self._stop(services)
        return self._start(services)

    def _up(self, words: list[str]) -> str:
        """Start what does not run; the steps of preparation run each time."""
        flags = [it for it in words if it.startswith("--")]
        services = [it for it in words if not it.startswith("--")]
        assert set(flags) <= {"--detach", "--wait", "--build"}
        if services:
            assert all(it.endswith("-database") for it in services)  # they run here all the time
            return ""
        with ThreadPoolExecutor() as threads:
            told = list(threads.map(self.stack.run, [f"{it}-init" for it in ENVIRONMENTS]))
        stay_up = [f"{environment}-{name}" for environment in ENVIRONMENTS for name in STAY_UP]
        self._start([*stay_up, "atlas-dns", "gateway"])
        return "".join(told)

    def _start(self, services: list[str]) -> str:
        stopped = [it for it in services if it not in self.stack.running]
        for service in stopped:
            self.stack.start(service, *(GATEWAY_EXTRA if service == "gateway" else ()))
        for service in stopped:
            if service.endswith("-web") or service == "gateway":
                wait_until(partial(self.stack.is_healthy, service), seconds=120)
        return ""


# As root nginx would give up its rights, see tests/deploy/gateway.py.
GATEWAY_EXTRA = ("-g", "user root;") if os.geteuid() == 0 else ()
