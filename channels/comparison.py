"""Where the string that a tester signed differs from what the DIP computes. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

MAX_LENGTH = 8000
SHOWN = 30
PARTS = ("verb", "URL", "date", "content hash")


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How two strings differ: equal, or from `position` (1 for the first character) in `part`.

    `form` is the form of the DIP's string that comes nearest; `theirs` and `ours` are what
    stands there, cut.
    """

    form: str
    is_equal: bool
    position: int = 0
    part: str = ""
    theirs: str = ""
    ours: str = ""


def compare(signed: str, forms: Mapping[str, str]) -> Difference:
    """Compare what somebody signed with the DIP's strings, by form; the nearest is told.

    Space around it is left out: a line that is copied often brings its end along.
    """
    signed = signed.strip()
    form, ours = max(forms.items(), key=lambda one: _common(signed, one[1]))
    if signed == ours:
        return Difference(form=form, is_equal=True)
    at = _common(signed, ours)
    part = PARTS[min(ours[:at].count(";"), len(PARTS) - 1)]
    return Difference(
        form=form,
        is_equal=False,
        position=at + 1,
        part=part,
        theirs=_cut(signed[at:]),
        ours=_cut(ours[at:]),
    )


def _common(one: str, other: str) -> int:
    """Return how many characters two strings have in common from the beginning."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _cut(text: str) -> str:
    return text[:SHOWN] + ("…" if len(text) > SHOWN else "") if text else "nothing"
