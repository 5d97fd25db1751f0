"""How a test reads docs/tutorial.md: its numbered steps, its commands and what these print.

In a step `**Name**` is a button, link, field or box of the page, used as it is met: filled or
selected if `text` follows before the next name, else clicked. `*Words*` are seen, <URL> is opened,
and "private window" opens one. A fenced block `sh` is run, the block `text` after it is what it
prints, in which an ellipsis stands for anything.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_PARTS = re.compile(
    r"<(?P<url>https?://[^>]+)>|\*\*(?P<name>[^*]+)\*\*|\*(?P<seen>[^*]+)\*"
    r"|`(?P<text>[^`]+)`|(?P<window>first window|private window)"
)
_FENCE = re.compile(r"^ *```(?P<language>sh|text)\n(?P<body>.*?)^ *```$", re.MULTILINE | re.DOTALL)
_STEP = re.compile(r"^\d+\. (?P<step>.*\n(?:   .*\n)*)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Act:
    """One thing to do: "window", "url", "name", "text", "seen", "sh" or "prints", and with what."""

    kind: str
    words: str
    line: int


def acts(document: str) -> Iterator[Act]:
    """Yield what the tutorial tells to do and to see, in its order."""
    fences = list(_FENCE.finditer(document))
    found: list[tuple[int, str, str]] = []
    for fence in fences:
        kind = "sh" if fence["language"] == "sh" else "prints"
        found.append((fence.start(), kind, fence["body"]))
    without = _FENCE.sub(lambda fence: " " * len(fence[0]), document)
    for step in _STEP.finditer(without):
        for part in _PARTS.finditer(step["step"]):
            assert part.lastgroup
            words = re.sub(r"\s+", " ", part[part.lastgroup])
            found.append((step.start("step") + part.start(), part.lastgroup, words))
    for position, kind, words in sorted(found):
        yield Act(kind=kind, words=words, line=document.count("\n", 0, position) + 1)


def matches(expected: str, printed: str) -> bool:
    """Tell whether this was printed, but for runs of spaces; `…` stands for anything."""
    parts = (" ".join(part.split()) for part in expected.split("…"))
    pattern = ".*".join(map(re.escape, parts))
    return re.search(pattern, " ".join(printed.split())) is not None
