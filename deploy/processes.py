"""Child processes that start one by one and stop together, leaving no orphan."""

import os
import re
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType

_ERROR = re.compile(r"\b(ERROR|CRITICAL)\b")
POLL_SECONDS = 0.1
STOP_SECONDS = 20
LAST_LINES = 15
MOST_ENDS, ENDS_SECONDS = 3, 60


class Stopped(Exception):
    """Somebody asked to stop (Ctrl-C, SIGTERM, a closed terminal)."""


class ChildFailed(Exception):
    """A command failed, or a process that should stay up ended; the text says which and why."""


class Child:
    """One process in a session of its own, so that a Ctrl-C in the terminal reaches only us.

    Every line it prints goes to `log` and to `on_line`.
    """

    def __init__(
        self,
        *,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        on_line: Callable[[str], None],
    ) -> None:
        self.name = name
        self.command = command
        self.environment = environment
        self.log = log
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self.on_line = on_line
        log.parent.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.log.open("a", encoding="utf-8") as log:
            for line in self.process.stdout:
                log.write(line)
                log.flush()
                self.last_lines.append(line.rstrip())
                self.on_line(line.rstrip())

    def is_running(self) -> bool:
        return self.process.poll() is None

    def wait_for_output(self) -> None:
        """Return when what it had printed is read, at most two seconds after its end."""
        self._reader.join(timeout=2)

    def signal(self, number: signal.Signals) -> None:
        """Signal the process, and for SIGKILL whatever is left of its group."""
        try:
            if number == signal.SIGKILL:
                os.killpg(self.process.pid, number)
            elif self.is_running():
                self.process.send_signal(number)
        except (ProcessLookupError, PermissionError):
            pass


class Processes:
    """The children of one run. Any thread may start one; `stop` ends them all."""

    def __init__(self, *, say: Callable[[str], None]) -> None:
        self._say = say
        self._children: list[Child] = []
        self._lock = threading.Lock()
        self._asked_to_stop = threading.Event()
        self._in_a_hurry = threading.Event()

    def stop_on_signals(self) -> None:
        """Let Ctrl-C, SIGTERM and a closed terminal stop this run, a second one at once."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._asked_to_stop.is_set():
            self._in_a_hurry.set()
        self._asked_to_stop.set()

    def start(
        self, *, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> None:
        """Start a process that is to stay up. Of its output only errors reach the screen."""

        def on_line(line: str) -> None:
            if _ERROR.search(line):
                self._say(f"{name}: {line} (more in {log})")

        self._add(
            Child(name=name, command=command, environment=environment, log=log, on_line=on_line)
        )

    def run(
        self,
        *,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        on_line: Callable[[str], None] = lambda line: None,
    ) -> None:
        """Run a command to its end. Raises ChildFailed if it fails, Stopped if we are to stop."""
        child = Child(name=name, command=command, environment=environment, log=log, on_line=on_line)
        self._add(child)
        while child.is_running():
            self.pause(POLL_SECONDS)
        child.wait_for_output()
        with self._lock:
            self._children.remove(child)
        if child.process.returncode:
            raise ChildFailed(_what_became_of(child))

    def pause(self, seconds: float) -> None:
        """Wait. Raises Stopped as soon as somebody asks to stop."""
        if self._asked_to_stop.wait(seconds):
            raise Stopped

    def check(self) -> None:
        """Raise ChildFailed if a process that should stay up has ended."""
        for child in self._children:
            if not child.is_running():
                child.wait_for_output()
                raise ChildFailed(_what_became_of(child))

    def watch(self) -> None:
        """Start anew what ends by itself. Return never: raises Stopped or ChildFailed.

        What keeps ending is not to be helped by this: MOST_ENDS of one process within
        ENDS_SECONDS are a failure.
        """
        ends: dict[str, deque[float]] = {}
        while True:
            for child in [it for it in self._children if not it.is_running()]:
                recent = ends.setdefault(child.name, deque(maxlen=MOST_ENDS))
                recent.append(time.monotonic())
                if len(recent) == MOST_ENDS and recent[-1] - recent[0] < ENDS_SECONDS:
                    child.wait_for_output()
                    raise ChildFailed(_what_became_of(child))
                self._start_anew(child)
            self.pause(POLL_SECONDS)

    def _start_anew(self, ended: Child) -> None:
        ended.signal(signal.SIGKILL)  # what it may have left behind holds its port
        ended.wait_for_output()
        self._say(f"{_what_became_of(ended)}\n{ended.name} is started anew.")
        with self._lock:
            self._children.remove(ended)
        self._add(
            Child(
                name=ended.name,
                command=ended.command,
                environment=ended.environment,
                log=ended.log,
                on_line=ended.on_line,
            )
        )

    def stop(self) -> None:
        """End every child: SIGTERM, and SIGKILL for what is still there after STOP_SECONDS."""
        self._asked_to_stop.set()
        with self._lock:
            children = list(self._children)
        for child in children:
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while any(child.is_running() for child in children):
            if time.monotonic() > deadline or self._in_a_hurry.wait(POLL_SECONDS):
                break
        for child in children:
            child.signal(signal.SIGKILL)
            child.process.wait()
            child.wait_for_output()

    def _add(self, child: Child) -> None:
        with self._lock:
            self._children.append(child)
        if self._asked_to_stop.is_set():  # it may have come too late for stop() to see it
            child.signal(signal.SIGKILL)
            raise Stopped


def _what_became_of(child: Child) -> str:
    code = child.process.returncode
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
    lines = "".join(f"\n    {line}" for line in child.last_lines)
    return f"{child.name} {how}. Its last lines (all in {child.log}):{lines}"
