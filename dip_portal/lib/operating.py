"""What an app tells those who operate the portal: how its work stands, and what an id has caused.

An app with work that waits, runs or fails has a module with two functions, and names them in
the settings HEALTH_LINES and TRACES:

- `lines(*, now) -> list[Line]`: how its work stands, on the page Operations and in the metrics.
- `steps(correlation_id) -> list[Step]`: what was done under an id, on the page Follow an id.

One that keeps ids has a third, named in TRACED_IDS:

- `ids(prefix) -> list[str]`: the ids that it has and that begin so.

A new app needs no more than that to be on both pages and in the metrics.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from dip_portal.lib import correlation

TROUBLE = "danger"
MOST_IDS = 20
RECENT = timedelta(days=1)  # what is counted "in a day"


@dataclass(frozen=True, kw_only=True)
class Count:
    """How much work is in a state: `state` names it for machines, `label` for people.

    `tone` is that of a badge (neutral, info, success, warning, danger) when there is any;
    `danger` is work that has gone wrong and waits for a person; `is_asked` is what waits for
    the DIP Manager though nothing is wrong, such as a request. `query` makes the app's list
    show just these.
    """

    state: str
    label: str
    number: int
    tone: str = "neutral"
    query: str = ""
    is_asked: bool = False

    @property
    def is_trouble(self) -> bool:
        """Tell whether somebody has to look at this."""
        return self.tone == TROUBLE and self.number > 0


@dataclass(frozen=True, kw_only=True)
class Line:
    """How one kind of work stands. No name of a person or a company belongs in it.

    `name` is a word for the metrics (`jobs` gives dip_jobs), `url_name` that of the list in
    the admin, where work is done again. `waiting_seconds` is how long the oldest waits
    beyond its time, 0 if none does.
    """

    name: str
    title: str
    counts: tuple[Count, ...]
    waiting_seconds: float = 0
    url_name: str = ""

    @property
    def is_trouble(self) -> bool:
        """Tell whether somebody has to look at this."""
        return any(count.is_trouble for count in self.counts)

    @property
    def is_asked(self) -> bool:
        """Tell whether something waits for the DIP Manager's decision."""
        return any(count.is_asked and count.number for count in self.counts)


@dataclass(frozen=True, kw_only=True)
class Step:
    """Something that happened under a correlation id, with the page that tells more."""

    at: datetime
    what: str
    text: str
    state: str = ""
    tone: str = "neutral"
    url: str = ""


def asked(number: int, *, query: str, label: str = "waiting") -> Count:
    """Return how much waits for the DIP Manager, though nothing is wrong with it."""
    return Count(
        state="waiting", label=label, number=number, tone="warning", query=query, is_asked=True
    )


def waited(since: datetime | None, *, now: datetime) -> float:
    """Return for how many seconds something has waited since then; 0 for nothing."""
    return max(0.0, (now - since).total_seconds()) if since else 0


def lines(*, now: datetime) -> list[Line]:
    """Return the lines of all apps, in the order of the setting HEALTH_LINES."""
    return [line for name in settings.HEALTH_LINES for line in import_string(name)(now=now)]


def steps(correlation_id: str) -> list[Step]:
    """Return what all apps know of this id, in the order of time; nothing of no id."""
    if correlation_id == correlation.NONE:
        return []

    def found() -> Iterator[Step]:
        for name in settings.TRACES:
            yield from import_string(name)(correlation_id)

    return sorted(found(), key=lambda step: step.at)


def ids(prefix: str) -> list[str]:
    """Return the ids of all apps that begin with these hexadecimal digits, MOST_IDS at most."""
    found = {known for name in settings.TRACED_IDS for known in import_string(name)(prefix)}
    return sorted(found)[:MOST_IDS]


def ids_of(rows: QuerySet[Any, Any], prefix: str) -> list[str]:
    """Return the ids of an app's rows that begin with these hexadecimal digits: one query.

    The range lets the database use its index whatever its collation; 'g' is beyond every digit.
    """
    same = rows.filter(
        correlation_id__gte=prefix,
        correlation_id__lt=f"{prefix}g",
        correlation_id__startswith=prefix,
    )
    known = same.order_by("correlation_id").values_list("correlation_id", flat=True)
    return list(known.distinct()[:MOST_IDS])
