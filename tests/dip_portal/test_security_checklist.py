"""docs/security.md names files that are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = sorted(
    {
        name
        for name in re.findall(r"`([\w./-]+)`", TEXT)
        if "/" in name.strip("/") or name.endswith((".yml", ".txt", ".md"))
    }
)


def test_it_names_files() -> None:
    assert len(NAMED) > 50


@pytest.mark.parametrize("name", NAMED)
def test_what_the_checklist_names_is_there(name: str) -> None:
    assert (ROOT / name).exists()


def test_every_chapter_of_the_standard_is_there_and_no_line_is_empty() -> None:
    chapters = re.findall(r"^## V(\d+) ", TEXT, re.MULTILINE)
    lines = [line for line in TEXT.splitlines() if re.match(r"\| \d", line)]

    assert chapters == [str(number) for number in range(1, 15)]
    assert len(lines) > 70
    for line in lines:
        asked, _, where = line.strip("| ").partition(" | ")
        assert min(len(asked), len(where)) > 8, line
