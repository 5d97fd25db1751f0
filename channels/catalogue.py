"""The DIP's interfaces and publications: who sends what to whom, and with which events.

Data, not code: `data/routes.json` holds titles, senders and receivers, as
`data/interfaces-2.1.0.json` the events of version 2.1.0 of the DIP's interfaces, with their
schema versions and blocks. data/README.md says where each comes from. Knows no Django.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
VERSION = "2.1.0"
REPORT = "REP-"
# Who takes part but holds no DIP ID of a company: the DIP itself, and smart metering's DCC.
DIP = "DIP"
OUTSIDE = frozenset({DIP, "DCC"})


class Routing(StrEnum):
    """How a receiver is found (WIRE.md, 'Outbound')."""

    PRIMARY = "primary"  # the sender names it
    SECONDARY = "secondary"  # the DIP looks it up from its links of the MPAN
    ALWAYS = "always"  # it follows from the interface
    UNKNOWN = "unknown"  # no public source says


class UnknownChannel(LookupError):
    """There is no such interface, publication or report."""


@dataclass(frozen=True, kw_only=True)
class EventType:
    """One event of an interface: its code in brackets ('[MSApp]'), its schema and blocks.

    `common_...` name the blocks of the CommonBlock ('S0'), `custom_...` those of the
    CustomBlock ('B013').
    """

    code: str
    schema: str
    schema_versions: tuple[str, ...]
    common_required: frozenset[str]
    common_allowed: frozenset[str]
    custom_required: frozenset[str]
    custom_allowed: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Route:
    """From these roles to this one, for all events of the interface or, if named, for these.

    No sender means that no public source says who sends. `is_assumed` is true where the
    receiver follows from a name only.
    """

    senders: tuple[str, ...]
    recipient: str
    routing: Routing
    events: tuple[str, ...] = ()
    is_assumed: bool = False


@dataclass(frozen=True, kw_only=True)
class Interface:
    """A message to the DIP (IF-nnn) or a report (REP-nnn), and what the DIP publishes of it.

    `title` is this project's own, after the events: no public text is copied.
    """

    interface_id: str
    title: str
    routes: tuple[Route, ...]
    events: tuple[EventType, ...]

    @property
    def publication_id(self) -> str:
        """PUB-nnn for IF-nnn; a report keeps its name (WIRE.md, 'Outbound')."""
        return self.interface_id.replace("IF-", "PUB-", 1)

    @property
    def is_report(self) -> bool:
        return self.interface_id.startswith(REPORT)

    @property
    def senders(self) -> tuple[str, ...]:
        return _each(role for route in self.routes for role in route.senders)

    @property
    def recipients(self) -> tuple[str, ...]:
        return _each(route.recipient for route in self.routes)

    @property
    def event_codes(self) -> tuple[str, ...]:
        return tuple(event.code for event in self.events)

    @property
    def schema_versions(self) -> tuple[str, ...]:
        return _each(version for event in self.events for version in event.schema_versions)

    @property
    def is_assumed(self) -> bool:
        """Whether it is an assumption who receives it."""
        return any(route.is_assumed for route in self.routes)

    def events_for(self, dip_role_code: str) -> tuple[EventType, ...]:
        """Return the events that this role receives."""
        routes = [route for route in self.routes if route.recipient == dip_role_code]
        if any(not route.events for route in routes):
            return self.events
        named = {code for route in routes for code in route.events}
        return tuple(event for event in self.events if event.code in named)


@cache
def interfaces() -> tuple[Interface, ...]:
    """Return all interfaces and reports, by name."""
    events = _read(f"interfaces-{VERSION}.json")
    routes = _read("routes.json")
    if events.keys() != routes.keys():
        raise ValueError(f"One file names what the other does not: {events.keys() ^ routes.keys()}")
    return tuple(
        Interface(
            interface_id=name,
            title=routes[name]["title"],
            routes=tuple(_routes(routes[name]["routes"])),
            events=tuple(_event(code, said) for code, said in events[name].items()),
        )
        for name in sorted(events, key=_order)
    )


@cache
def publications() -> tuple[Interface, ...]:
    """Return those that the DIP publishes to holders of a DIP ID, by name."""
    return tuple(one for one in interfaces() if set(one.recipients) - OUTSIDE)


@cache
def publications_for(dip_role_code: str) -> tuple[Interface, ...]:
    """Return what a DIP ID of this role may receive, each with a webhook of its own."""
    return tuple(one for one in publications() if dip_role_code in set(one.recipients) - OUTSIDE)


def channel(name: str) -> Interface:
    """Return an interface by IF-nnn, PUB-nnn or REP-nnn in any case. Raises UnknownChannel."""
    try:
        return _by_name()[name.upper()]
    except KeyError:
        raise UnknownChannel(f"There is no channel {name}.") from None


@cache
def _by_name() -> dict[str, Interface]:
    named = {one.interface_id: one for one in interfaces()}
    return named | {one.publication_id: one for one in publications()}


def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((DATA / name).read_text(encoding="utf-8"))
    return content


def _routes(said: list[dict[str, Any]]) -> Iterable[Route]:
    for one in said:
        for routing, recipients in one["to"].items():
            for recipient in recipients:
                yield Route(
                    senders=tuple(one["from"]),
                    recipient=recipient,
                    routing=Routing(routing),
                    events=tuple(one.get("events", ())),
                    is_assumed=one["source"] == "assumed",
                )


def _event(code: str, said: dict[str, Any]) -> EventType:
    return EventType(
        code=code,
        schema=said["schema"],
        schema_versions=tuple(said["schemaVersion"]),
        common_required=frozenset(said["commonRequired"]),
        common_allowed=frozenset(said["commonAllowed"]),
        custom_required=frozenset(said["customRequired"]),
        custom_allowed=frozenset(said["customAllowed"]),
    )


def _order(name: str) -> tuple[bool, str]:
    return name.startswith(REPORT), name


def _each(values: Iterable[str]) -> tuple[str, ...]:
    """Return the values without repetitions, in the order in which they come."""
    return tuple(dict.fromkeys(values))
