"""docker-compose.yml as the tests read it, and its services as processes of this machine.

What runs here are the commands of the file itself, with the environment of the file.
Only what a container engine would have given is put in place by `Native`: host names,
ports, folders for volumes and the variables that Dockerfile sets.
"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
_VARIABLE = re.compile(r"\$(?:\$|\{(\w+)(?::-([^}]*))?\})")


def read_composition(variables: Mapping[str, str]) -> dict[str, Any]:
    """Return the file as Compose would see it, with ${NAME:-default} filled in."""

    def fill(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        return variables.get(match[1], match[2] or "")

    text = (ROOT / "docker-compose.yml").read_text()
    composition: dict[str, Any] = yaml.safe_load(_VARIABLE.sub(fill, text))
    return composition


def image_environment() -> dict[str, str]:
    """Return the variables that the last stage of Dockerfile sets, but PATH."""
    last_stage = (ROOT / "Dockerfile").read_text().rpartition("\nFROM ")[2]
    words = re.findall(r"^ENV ((?:.*\\\n)*.*)", last_stage, re.MULTILINE)
    pairs = [pair for text in words for pair in shlex.split(text.replace("\\\n", " "))]
    return {
        name: text for name, _, text in (pair.partition("=") for pair in pairs) if name != "PATH"
    }


def image_entrypoint() -> list[str]:
    """Return the ENTRYPOINT of Dockerfile."""
    text = re.search(r"^ENTRYPOINT (.*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert text
    words: list[str] = json.loads(text[1])
    return words


def is_ours(service: Mapping[str, Any]) -> bool:
    """Say whether a service runs the portal's own image."""
    image: str = service["image"]
    return image.startswith("dip-portal:")


class Native:
    """The services of docker-compose.yml as processes of this machine.

    `places` says what stands here for a text of the file, such as a host and port, and
    `own_places` what does so for one service only; volumes and temporary folders are made
    under `folder`. `more` are variables for every service, as of an override file.
    """

    def __init__(
        self,
        *,
        folder: Path,
        variables: Mapping[str, str],
        places: dict[str, str],
        own_places: Mapping[str, dict[str, str]] | None = None,
        more: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.more = dict(more or {})
        self.services: dict[str, Any] = read_composition(variables)["services"]
        self.places = places
        self.own_places = dict(own_places or {})
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def volume(self, name: str) -> Path:
        """Return the folder that stands for a named volume."""
        path = self.folder / "volumes" / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def log(self, service: str) -> Path:
        return self.folder / f"{service}.log"

    def put_in_place(self, service: str, text: str) -> str:
        """Return a text of the file with what exists only in a container replaced."""
        places = {"/app/": f"{ROOT}/", "/tmp/": f"{self._temporary(service)}/"}
        for own in (self.folder, ROOT):  # which may themselves be under /tmp
            places[str(own)] = str(own)
        places |= self.places | self.own_places.get(service, {})
        for mount in self.services[service].get("volumes", []):
            source, target = mount.split(":")[:2]
            if "/" not in source:
                places[target] = str(self.volume(source))
        pattern = "|".join(map(re.escape, sorted(places, key=len, reverse=True)))
        return re.sub(pattern, lambda match: places[match[0]], text)

    def _temporary(self, service: str) -> Path:
        path = self.folder / "temporary" / service
        path.mkdir(parents=True, exist_ok=True)
        return path

    def environment(self, service: str) -> dict[str, str]:
        """Return the variables of a service's processes."""
        own = self.services[service].get("environment", {})
        image = image_environment() if self._is_ours(service) else {}
        image["PYTHONPATH"] = str(ROOT)
        return {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self._temporary(service)),
            "LC_ALL": "C.UTF-8",
            "HOSTNAME": os.uname().nodename,
            "TMPDIR": str(self._temporary(service)),
            **{name: self.put_in_place(service, str(text)) for name, text in (image | own).items()},
            **self.more,
        }

    def _is_ours(self, service: str) -> bool:
        return is_ours(self.services[service])

    def command(self, service: str, command: list[str] | None = None) -> list[str]:
        """Return entry point and command, the file's own unless another command is given."""
        described = self.services[service]
        entrypoint = described.get(
            "entrypoint", image_entrypoint() if self._is_ours(service) else []
        )
        words = entrypoint + (command or described.get("command", []))
        return [self.put_in_place(service, word) for word in words]

    def run(self, service: str, command: list[str] | None = None) -> str:
        """Run a one-shot service, or another command in its place, and return its output."""
        done = subprocess.run(
            self.command(service, command),
            env=self.environment(service),
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
            check=False,
        )
        with self.log(service).open("a") as log:
            log.write(done.stdout)
        assert done.returncode == 0, f"{service} {command or ''} failed:\n{done.stdout}"
        return done.stdout

    def start(self, service: str, *extra: str, command: list[str] | None = None) -> None:
        """Start a service that stays up; `extra` are words behind its command."""
        with self.log(service).open("ab") as log:
            self.running[service] = subprocess.Popen(
                [*self.command(service, command), *extra],
                env=self.environment(service),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def add_replica(self, service: str, number: int, places: Mapping[str, str]) -> str:
        """Describe one more of a service, as `--scale` does, and return its name for `start`.

        `places` says what is another's here, such as the address where it listens.
        """
        name = f"{service}-{number}"
        self.services[name] = self.services[service]
        self.own_places[name] = {**self.own_places.get(service, {}), **places}
        return name

    def end(self, service: str) -> None:
        """Stop a service as `docker compose stop` does, and wait until it has ended."""
        process = self.running[service]
        process.terminate()
        process.wait(timeout=30)

    def kill(self, service: str) -> None:
        """SIGKILL a service with all of its processes, as a machine that loses power does."""
        process = self.running[service]
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def is_healthy(self, service: str) -> bool:
        """Run the health check of the file once. Raises AssertionError if the service has ended."""
        process = self.running[service]
        assert process.poll() is None, f"{service} ended:\n{self.log(service).read_text()[-4000:]}"
        how, *words = self.services[service]["healthcheck"]["test"]
        words = [self.put_in_place(service, word) for word in words]
        done = subprocess.run(
            ["/bin/sh", "-c", *words] if how == "CMD-SHELL" else words,
            env=self.environment(service),
            cwd=ROOT,
            capture_output=True,
            timeout=60,
            check=False,
        )
        return done.returncode == 0

    def stop(self) -> None:
        """End every process, in the reverse order of their start."""
        for process in reversed(self.running.values()):
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@contextmanager
def native(**arguments: Any) -> Iterator[Native]:
    """Give a Native whose processes end with the block."""
    stack = Native(**arguments)
    try:
        yield stack
    finally:
        stack.stop()
