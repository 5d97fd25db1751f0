"""Writes docs/benchmarks.md from figures. The notes are by hand: where the time goes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.figures import Figure


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of the bench: its word in `make bench ONLY=word`, its title, and a note."""

    word: str
    title: str
    note: str


PARTS = [
    Part(
        word="promotion",
        title="Promotion",
        note="An import verifies a signature, plans fact by fact, seals two API keys for each DIP "
        "ID and writes jobs, plans and an audit trail, which a COPY of finished rows does not.",
    ),
    Part(
        word="pages",
        title="Pages with long lists",
        note="A page of a list reads some rows whatever the list's length, and counts all of "
        "them. The bare view goes through the same middleware and reads nothing.",
    ),
    Part(
        word="authority",
        title="Certificates",
        note="A certificate takes five statements besides its signature: the identity's domains, "
        "the certificate, the audit event, the quota, and a commit that waits for the disk.",
    ),
    Part(
        word="api",
        title="Signed calls of the API",
        note="A signed call sends the database three messages (certificate, key and test controls; "
        "replay; webhook), and as much again goes into the framework around them. What changes "
        "something adds a transaction with its audit event, which waits for the disk. The client "
        "has signed its calls before the clock starts.",
    ),
]
INTRODUCTION = """# Benchmarks

<!-- Written by `make bench`, from bench/page.py. Changes made here are lost. -->

`make bench` measures all of this in one go and writes this page. Seconds differ from machine to
machine; what counts are the ratios, each to a peer that was measured in the same run.
"""


def page(machine: Mapping[str, str], figures: Mapping[str, Sequence[Figure]]) -> str:
    """Return the page, as Markdown, from the figures of each part by its word."""
    sections = [
        INTRODUCTION,
        _missed([it for those in figures.values() for it in those]),
        "## The machine\n\n" + _table(("What", "It is"), machine.items()),
        *(
            f"## {part.title}\n\n{_figures(figures[part.word])}\nWhere the time goes: {part.note}\n"
            for part in PARTS
        ),
    ]
    return "\n".join(sections)


def lines(part: Part, figures: Sequence[Figure]) -> str:
    """Return what the terminal shows of a part."""
    return "\n".join(
        [
            part.title,
            *(
                f"  {it.measured:>6}  {it.what}, beside {it.peer}"
                + (f" (aim: {it.aim}, {it.verdict.upper()})" if it.aim else "")
                + (f"\n          {it.detail}" if it.detail else "")
                for it in figures
            ),
        ]
    )


def _missed(figures: Sequence[Figure]) -> str:
    aimed = [it for it in figures if it.aim is not None]
    reached = sum(it.verdict == "reached" for it in aimed)
    return f"{reached} of {len(aimed)} aims are reached.\n"


def _figures(figures: Sequence[Figure]) -> str:
    return _table(
        ("What", "Beside", "Ratio", "Numbers", "Aim"),
        ((it.what, it.peer, it.measured, it.detail, _aim(it)) for it in figures),
    )


def _aim(figure: Figure) -> str:
    if figure.aim is None:
        return "looked at only"
    verdict = figure.verdict if figure.verdict == "reached" else f"**{figure.verdict}**"
    return f"{figure.aim}: {verdict}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    said = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(row)} |\n" for row in said)
