"""Child processes start, are watched and stop together."""

import os
import re
import signal
import threading
import time
from pathlib import Path

import pytest

from deploy import processes
from deploy.processes import MOST_ENDS, ChildFailed, Processes, Stopped


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def children(said: list[str], monkeypatch: pytest.MonkeyPatch) -> Processes:
    monkeypatch.setattr(processes, "STOP_SECONDS", 1)
    return Processes(say=said.append)


def start(children: Processes, log: Path, script: str) -> int:
    """Start a shell script as a child that stays up and return its process id."""
    children.start(
        name="child", command=["/bin/sh", "-c", f"echo pid $$; {script}"], environment={}, log=log
    )
    while not (match := re.search(r"pid (\d+)", log.read_text() if log.exists() else "")):
        time.sleep(0.01)
    return int(match[1])


def run(children: Processes, log: Path, script: str) -> None:
    children.run(name="command", command=["/bin/sh", "-c", script], environment={}, log=log)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_command_leaves_its_output_in_its_log(children: Processes, tmp_path: Path) -> None:
    run(children, tmp_path / "logs" / "log", "echo out; echo err >&2")

    assert (tmp_path / "logs" / "log").read_text() == "out\nerr\n"


def test_a_command_that_fails_is_told_with_its_last_lines(
    children: Processes, tmp_path: Path
) -> None:
    with pytest.raises(ChildFailed, match=r"(?s)command ended with code 3.*no such company"):
        run(children, tmp_path / "log", "echo no such company; exit 3")


def test_only_errors_of_a_child_reach_the_screen(
    children: Processes, said: list[str], tmp_path: Path
) -> None:
    start(children, tmp_path / "log", "echo INFO all well; echo ERROR gone wrong; exec sleep 60")

    time.sleep(0.2)
    children.stop()

    assert said == [f"child: ERROR gone wrong (more in {tmp_path / 'log'})"]


def test_a_child_that_keeps_ending_is_a_failure(
    children: Processes, said: list[str], tmp_path: Path
) -> None:
    start(children, tmp_path / "log", "kill -9 $$")

    with pytest.raises(ChildFailed, match="child was killed by SIGKILL"):
        children.watch()

    assert (tmp_path / "log").read_text().count("pid") == MOST_ENDS
    assert sum("is started anew" in text for text in said) == MOST_ENDS - 1


def test_a_child_that_is_killed_is_started_anew_without_what_it_left_behind(
    children: Processes, said: list[str], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    first = start(children, log, "sleep 60 & echo grandchild $!; wait")
    time.sleep(0.2)
    grandchild = int(re.findall(r"grandchild (\d+)", log.read_text())[0])
    stopping = threading.Timer(2, children._on_signal, (signal.SIGINT, None))
    stopping.start()

    os.kill(first, signal.SIGKILL)
    with pytest.raises(Stopped):
        children.watch()

    assert any("child was killed by SIGKILL" in text for text in said)
    assert not is_alive(grandchild) or _is_zombie(grandchild)
    [_, second] = map(int, re.findall(r"(?<!\w)pid (\d+)", log.read_text()))
    assert is_alive(second)
    children.stop()
    assert not is_alive(second) or _is_zombie(second)


def test_stopping_ends_a_child_and_what_it_left_behind(children: Processes, tmp_path: Path) -> None:
    start(children, tmp_path / "log", "sleep 60 & echo grandchild $!; wait")
    time.sleep(0.2)
    grandchild = int(re.findall(r"grandchild (\d+)", (tmp_path / "log").read_text())[0])

    children.stop()

    deadline = time.monotonic() + 5
    while is_alive(grandchild) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(grandchild) or _is_zombie(grandchild)


def test_a_child_that_does_not_listen_is_killed(children: Processes, tmp_path: Path) -> None:
    pid = start(children, tmp_path / "log", "trap '' TERM; while :; do sleep 0.1; done")

    children.stop()

    assert not is_alive(pid)


def test_asking_to_stop_interrupts_a_command(children: Processes, tmp_path: Path) -> None:
    asking = threading.Timer(0.3, children._on_signal, (signal.SIGINT, None))
    asking.start()

    with pytest.raises(Stopped):
        run(children, tmp_path / "log", "sleep 60")
    children.stop()


def test_nothing_starts_after_somebody_asked_to_stop(children: Processes, tmp_path: Path) -> None:
    children.stop()

    with pytest.raises(Stopped):
        run(children, tmp_path / "log", "sleep 60")


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
