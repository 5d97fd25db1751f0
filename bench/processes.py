"""Processor time of other processes: what a call costs a server, whatever else the machine does."""

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has started (Linux)."""
    return [int(it) for it in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def seconds_of(pids: list[int]) -> float:
    """Return the processor time that these have taken so far, in user and in kernel mode."""
    return sum(_seconds(pid) for pid in pids)


def _seconds(pid: int) -> float:
    # proc(5): what follows the name in brackets begins with field 3; 14 and 15 are the times.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
