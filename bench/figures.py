"""What a part of the bench gives: ratios to a peer that was measured in the same run."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Aim:
    """What a ratio has to be: at least or at most so much."""

    relation: Literal["at least", "at most"]
    ratio: float

    def is_reached_by(self, ratio: float) -> bool:
        """Tell whether a ratio is as it should be."""
        return ratio >= self.ratio if self.relation == "at least" else ratio <= self.ratio

    def __str__(self) -> str:
        return f"{self.relation} {self.ratio:g}"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One ratio: what was measured, beside which peer, and what it should be.

    `detail` has the numbers that the ratio comes from. A figure without an aim is looked at only.
    """

    what: str
    peer: str
    ratio: float
    detail: str = ""
    aim: Aim | None = None

    @property
    def verdict(self) -> str:
        """Whether the aim is reached, in a word; empty without an aim."""
        if self.aim is None:
            return ""
        return "reached" if self.aim.is_reached_by(self.ratio) else "missed"

    @property
    def measured(self) -> str:
        """The ratio as people read it: three digits, and whole numbers from a hundred on."""
        if self.ratio >= 100:
            return f"{self.ratio:.0f}"
        return f"{self.ratio:.1f}" if self.ratio >= 10 else f"{self.ratio:.2f}"


def middle(values: list[float]) -> float:
    """Return the median of an odd number of values."""
    return sorted(values)[len(values) // 2]
