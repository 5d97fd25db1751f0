"""`python -m tests.faults.rounds ROUNDS [SEED]`: the fault rounds, as `make faults` runs them.

In each round somebody does something, and at a moment drawn by the seed one server or service,
drawn too, is killed with SIGKILL and started again a while later. Then all that was asked for
has to be done exactly once.
"""

import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dip_portal.settings")
django.setup()

from tests.faults.operations import (  # noqa: E402
    Extraction,
    Importing,
    Inviting,
    Operation,
    Requesting,
    Testing,
)
from tests.faults.place import Place, place  # noqa: E402

BATCH = 4
PROMOTION = (Extraction, Importing, Inviting)
KINDS = len(PROMOTION) + 2
MOST_SECONDS_AWAY = 3.0
SETTLED_AFTER = 20  # rounds


@dataclass(frozen=True, kw_only=True)
class Round:
    """What happened in one round."""

    operation: Operation
    victim: str
    after: float
    away: float


class Failed(Exception):
    """What was being done in a round did not come to its end."""


def run_round(place: Place, operation: Operation, *, chance: random.Random) -> Round:
    """Do it while something is killed, then check that it is done once. Raises AssertionError."""
    victim = chance.choice(operation.victims)
    after, away = chance.uniform(0, operation.window), chance.uniform(0, MOST_SECONDS_AWAY)
    trouble: list[BaseException] = []

    def do() -> None:
        try:
            operation.do()
        except BaseException as error:  # noqa: BLE001 - handed to who waits for this thread
            trouble.append(error)

    person = threading.Thread(target=do, daemon=True)
    person.start()
    time.sleep(after)
    place.kill(victim)
    time.sleep(away)
    place.start(victim)
    person.join(timeout=300)
    if trouble:
        raise Failed(f"{operation.name}, {victim} killed after {after:.2f} s") from trouble[0]
    assert not person.is_alive(), f"{operation.name} hangs, {victim} killed"
    operation.check()
    return Round(operation=operation, victim=victim, after=after, away=away)


def run(place: Place, rounds: int, seed: int, say: Callable[[str], None]) -> list[Round]:
    """Run so many rounds, one operation after the other; at the end look at all once more.

    What goes on by itself is looked at some rounds later: of test events only the last are kept.
    """
    chance = random.Random(seed)
    done: list[Round] = []
    for number in range(rounds):
        done.append(run_round(place, _operation(place, number), chance=chance))
        last = done[-1]
        say(
            f"{number + 1:4} {last.operation.name:13} {last.victim:18} killed after "
            f"{last.after:.2f} s, away {last.away:.2f} s, repeated {last.operation.repeated}"
        )
        if number >= SETTLED_AFTER:
            _settle(done[number - SETTLED_AFTER].operation)
    for it in done[-SETTLED_AFTER:]:
        _settle(it.operation)
    for it in done:
        if it.operation.stays:
            it.operation.check()
    return done


def _settle(operation: Operation) -> None:
    operation.settle()
    operation.check()


def _operation(place: Place, number: int) -> Operation:
    """Return what is done in a round: a batch is extracted, imported, invited; then the others."""
    batch, kind = divmod(number, KINDS)
    companies = (f"{70_000_001 + batch * BATCH + n:08d}" for n in range(BATCH))
    if kind < len(PROMOTION):
        return PROMOTION[kind](place, list(companies))
    return Requesting(place, number) if kind == len(PROMOTION) else Testing(place, batch)


def table(done: list[Round]) -> str:
    """Return how often what was killed during what, as a table for docs/reliability.md."""
    names = list(dict.fromkeys(it.operation.name for it in done))
    counts = Counter((it.victim, it.operation.name) for it in done)
    victims = sorted({it.victim for it in done})
    lines = [f"| Killed | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    lines += [
        f"| {victim} | {' | '.join(str(counts[victim, name]) for name in names)} |"
        for victim in victims
    ]
    repeated = Counter(it.operation.name for it in done if it.operation.repeated)
    lines.append(f"| had to be asked for again | {' | '.join(str(repeated[n]) for n in names)} |")
    return "\n".join(lines)


def companies_for(rounds: int) -> int:
    """Return how many companies so many rounds take through the promotion."""
    return BATCH * -(-rounds // KINDS)


def main(rounds: int, seed: int) -> None:
    """Run the rounds, and print what came of them."""
    with tempfile.TemporaryDirectory(prefix="dip-faults-", ignore_cleanup_errors=True) as folder:
        _say(f"{rounds} rounds with the seed {seed}. Starting everything ...")
        with place(Path(folder) / "place", companies=companies_for(rounds)) as found:
            try:
                done = run(found, rounds, seed, _say)
            except BaseException:
                _keep_logs(found)
                raise
    twice = sum(it.operation.arrived_twice for it in done)
    _say(f"\nServices that ended by themselves: {found.ended_by_themselves}")
    _say(f"\n{table(done)}\n\nMails that arrived twice, with one Message-ID: {twice}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _keep_logs(found: Place) -> None:
    kept = Path(tempfile.mkdtemp(prefix="dip-faults-logs-"))
    for log in found.stack.folder.glob("*.log"):
        (kept / log.name).write_bytes(log.read_bytes())
    _say(f"The logs are in {kept}")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
