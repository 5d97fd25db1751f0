"""docs/benchmarks.md, as it is written from figures that were measured."""

from bench import page as pages
from bench.figures import Aim, Figure

HALF = Aim(relation="at least", ratio=0.5)
MACHINE = {"Processor": "Some Processor, 2 cores", "Redis": "none"}


def figures(ratio: float) -> dict[str, list[Figure]]:
    """Return one figure of each part; that of the API has an aim."""
    other = Figure(what="A thing", peer="another", ratio=12.34)
    aimed = Figure(what="A call", peer="an empty view", ratio=ratio, detail="2 ms", aim=HALF)
    return {part.word: [aimed if part.word == "api" else other] for part in pages.PARTS}


def test_each_figure_stands_with_its_peer_its_aim_and_whether_that_is_reached() -> None:
    reached = pages.page(MACHINE, figures(0.5))
    missed = pages.page(MACHINE, figures(0.49))

    assert "| A call | an empty view | 0.50 | 2 ms | at least 0.5: reached |" in reached
    assert "1 of 1 aims are reached." in reached
    assert "| A call | an empty view | 0.49 | 2 ms | at least 0.5: **missed** |" in missed
    assert "0 of 1 aims are reached." in missed
    assert "| A thing | another | 12.3 |  | looked at only |" in missed


def test_the_page_says_what_it_was_measured_on_and_that_it_is_written_by_a_program() -> None:
    said = pages.page(MACHINE, figures(1))

    assert "| Processor | Some Processor, 2 cores |" in said
    assert "Written by `make bench`" in said
    for part in pages.PARTS:
        assert f"## {part.title}\n" in said
        assert part.note in said


def test_an_aim_may_also_be_the_most_that_a_ratio_may_be() -> None:
    three = Aim(relation="at most", ratio=3)

    assert Figure(what="", peer="", ratio=3, aim=three).verdict == "reached"
    assert Figure(what="", peer="", ratio=3.01, aim=three).verdict == "missed"


def test_the_terminal_shows_the_same() -> None:
    part = pages.PARTS[-1]

    said = pages.lines(part, figures(0.1)[part.word])

    assert "0.10  A call, beside an empty view (aim: at least 0.5, MISSED)" in said
