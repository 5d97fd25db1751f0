"""What an import would do, worked out before anything changes. Knows no Django, no clock.

A three-way comparison, fact by fact: what UIT says now (the extract), what it said when
the company was last imported (the base), and what Production says. What only UIT changed
is taken over, what only Production changed is left alone, and what both changed is a
conflict. Identities (MPIDs, DIP IDs, DCP IDs) are only ever added.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from dip_portal.lib import identities
from promotion.document import Document
from promotion.facts import (
    COMPANY,
    DCP_ID,
    DIP_ID,
    DOMAIN,
    EFFECTIVE_DATES,
    MPID,
    NOMINATION,
    Fact,
    Facts,
    Value,
    facts_and_places_of,
    in_words,
    nomination_parts,
    shown,
)


class Verdict(StrEnum):
    """What becomes of one fact."""

    CREATE = "create"
    CHANGE = "change"
    REMOVE = "remove"
    KEEP = "left alone"
    WAIT = "waits"
    CONFLICT = "conflict"


class Step(NamedTuple):
    """One line of a plan.

    `place` is a JSON pointer into the document (empty for what only Production has),
    `note` what there is to say beyond before and after, `remedy` what to do about a
    conflict or to wait for.
    """

    verdict: Verdict
    fact: Fact
    place: str
    before: Value
    after: Value
    note: str = ""
    remedy: str = ""

    @property
    def text(self) -> str:
        """What happens, in words."""
        if self.note:
            return self.note
        words = in_words(self.fact)
        if self.verdict is Verdict.REMOVE:
            return f"{words}: removed"
        if self.verdict is Verdict.CHANGE:
            return f"{words}: {shown(self.before)} → {shown(self.after)}"
        if self.fact.kind in (DOMAIN, MPID, DCP_ID):
            return words
        if self.fact.aspect == "mpid":
            return f"{words} of MPID {shown(self.after)}"
        return f"{words}: {shown(self.after)}"


@dataclass(frozen=True, kw_only=True)
class Present:
    """What Production has that one extract touches.

    `facts` are those of the extract's companies and of its identities, whoever holds
    them; `base` those last imported. `companies` gives the name of every company named in
    them by its number, `mpids` who holds an MPID, `namesakes` the number of the company
    that has a name (in lower case). `dates_set` names the DIP IDs whose effective dates
    the DIP Manager has set. `last_extracted_at` is the newest extract of these companies
    that was imported.
    """

    facts: Facts = field(default_factory=dict)
    mpids: Mapping[str, str] = field(default_factory=dict)
    base: Facts = field(default_factory=dict)
    companies: Mapping[str, str] = field(default_factory=dict)
    namesakes: Mapping[str, str] = field(default_factory=dict)
    dcp_ids: frozenset[str] = frozenset()
    dates_set: frozenset[str] = frozenset()
    last_extracted_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The steps of an import, in order, and how many facts are the same already.

    `is_older` tells that a newer extract of these companies was imported before.
    """

    steps: tuple[Step, ...]
    unchanged: int
    new_companies: frozenset[str]
    is_older: bool

    @property
    def conflicts(self) -> list[Step]:
        """The steps that stand in the way."""
        return [step for step in self.steps if step.verdict is Verdict.CONFLICT]

    @property
    def changes(self) -> list[Step]:
        """The steps that change something in Production."""
        return [step for step in self.steps if step.verdict in CHANGING]

    @property
    def notes(self) -> list[Step]:
        """What is left alone, and what waits."""
        return [step for step in self.steps if step.verdict in (Verdict.KEEP, Verdict.WAIT)]

    @property
    def changes_by_subject(self) -> list[tuple[str, list[Step]]]:
        """The changes of each company, MPID, DIP ID and DCP ID, companies first."""
        groups: dict[tuple[int, str, str], list[Step]] = {}
        for step in self.changes:
            kind, subject = step.fact.kind, step.fact.subject
            kind = COMPANY if kind == DOMAIN else kind
            groups.setdefault((_ORDER.index(kind), kind, subject), []).append(step)
        return [
            (f"{_HEADINGS[kind]} {subject}", steps)
            for (_, kind, subject), steps in sorted(groups.items(), key=lambda it: it[0])
        ]

    @property
    def is_empty(self) -> bool:
        """Whether Production already says all this."""
        return not self.changes and not self.conflicts

    @property
    def fingerprint(self) -> str:
        """A digest by which one can tell that the plan is still the one that was shown."""
        return hashlib.sha256(repr((self.steps, self.unchanged)).encode()).hexdigest()

    def count(self, verdict: Verdict) -> int:
        """Return how many steps there are of a kind."""
        return sum(step.verdict is verdict for step in self.steps)


_HEADINGS = {COMPANY: "Company", MPID: "MPID", DIP_ID: "DIP ID", DCP_ID: "DCP ID"}
_ORDER = list(_HEADINGS)
CHANGING = (Verdict.CREATE, Verdict.CHANGE, Verdict.REMOVE)
_IDENTITIES = {(MPID, ""), (DCP_ID, ""), (DIP_ID, "mpid"), (DIP_ID, "dip_role_code")}


def make_plan(document: Document, present: Present) -> Plan:
    """Return what importing the document into Production would do."""
    return _Planner(document, present).plan()


class _Planner:
    def __init__(self, document: Document, present: Present) -> None:
        self.document = document
        self.present = present
        self.theirs, self.places = facts_and_places_of(document.setup)
        self.companies = document.setup.companies()
        self.new = frozenset(
            company.company_number
            for company in self.companies
            if company.company_number not in present.companies
        )

    def plan(self) -> Plan:
        ours, base = self.present.facts, self.present.base
        steps: list[Step] = []
        unchanged = 0
        for fact in sorted(self.theirs.keys() | ours.keys()):
            if self._is_of_a_dip_id_left_out(fact):
                continue
            theirs, has = self.theirs.get(fact, ""), ours.get(fact, "")
            if theirs == has:
                unchanged += bool(theirs)
            else:
                steps.append(self._step(fact, base.get(fact, ""), theirs, has))
        if any(step.verdict in CHANGING for step in steps):
            steps = [*self._older(), *self._namesakes(), *self._malformed(), *steps]
        steps += self._waiting()
        return Plan(
            steps=tuple(steps),
            unchanged=unchanged,
            new_companies=self.new,
            is_older=self._is_older(),
        )

    def _is_of_a_dip_id_left_out(self, fact: Fact) -> bool:
        """Tell whether this is a detail of a DIP ID of Production alone: one line tells of it."""
        return (
            fact.kind == DIP_ID
            and fact.aspect != "mpid"
            and Fact(DIP_ID, fact.subject, "mpid") not in self.theirs
        )

    def _step(self, fact: Fact, base: Value, theirs: Value, ours: Value) -> Step:
        if (fact.kind, fact.aspect) in _IDENTITIES:
            return self._step_of_identity(fact, theirs, ours)
        if ours == base:
            return self._take(fact, theirs, ours)
        if theirs == base:
            return self._keep(fact, ours, "changed in Production only")
        if fact.aspect == EFFECTIVE_DATES and fact.subject in self.present.dates_set:
            return self._keep(fact, ours, "the DIP Manager has set them in Production")
        return Step(
            Verdict.CONFLICT,
            fact,
            self.places.get(fact, ""),
            ours,
            theirs,
            note=f"{in_words(fact)}: UIT says “{shown(theirs) or 'none'}”, "
            f"Production “{shown(ours) or 'none'}”",
            remedy="Both have changed since the last import. Make one say what the other says, "
            "then import again (after a change in UIT: extract again).",
        )

    def _step_of_identity(self, fact: Fact, theirs: Value, ours: Value) -> Step:
        if not ours:
            return self._take(fact, theirs, ours)
        if not theirs:
            return self._keep(fact, ours, "no longer in the extract; identities stay")
        if fact.aspect == "dip_role_code":
            what = f"DIP ID {fact.subject} has the DIP role {ours} in Production, not {theirs}"
        elif fact.aspect == "mpid":
            held = self.present.mpids.get(str(ours), "")
            what = (
                f"DIP ID {fact.subject} belongs to MPID {ours} in Production, "
                f"held{self._held_by(held)}"
            )
        else:
            what = f"{in_words(fact)} is held{self._held_by(ours)} in Production"
        return Step(
            Verdict.CONFLICT,
            fact,
            self.places[fact],
            ours,
            theirs,
            note=what,
            remedy="An import moves no identity. Find out whose it is, correct UIT and extract "
            "again, or correct Production.",
        )

    def _held_by(self, number: Value) -> str:
        name = self.present.companies.get(str(number))
        return f" by {name} ({number})" if name else " by another company"

    def _take(self, fact: Fact, theirs: Value, ours: Value) -> Step:
        change = Verdict.CHANGE if theirs else Verdict.REMOVE
        verdict = change if ours else Verdict.CREATE
        return Step(verdict, fact, self.places.get(fact, ""), ours, theirs)

    def _keep(self, fact: Fact, ours: Value, why: str) -> Step:
        says = f" stays {shown(ours)}" if fact.kind in (COMPANY, DIP_ID) and ours else " stays"
        note = f"{in_words(fact)}{says if ours else ' stays removed'}: {why}"
        return Step(Verdict.KEEP, fact, self.places.get(fact, ""), ours, "", note=note)

    def _is_older(self) -> bool:
        newest = self.present.last_extracted_at
        return newest is not None and self.document.extracted_at < newest

    def _older(self) -> Iterator[Step]:
        newest = self.present.last_extracted_at
        if newest is not None and self._is_older():
            yield Step(
                Verdict.CONFLICT,
                Fact("", ""),
                "/extracted_at",
                "",
                "",
                note=f"This extract is of {_moment(self.document.extracted_at)}, and "
                f"a newer one, of {_moment(newest)}, was imported already",
                remedy="Extract the company again in UIT and import that extract.",
            )

    def _namesakes(self) -> Iterator[Step]:
        for company in self.companies:
            number, other = company.company_number, self.present.namesakes.get(company.name.lower())
            if number in self.new and other is not None and other != number:
                fact = Fact(COMPANY, number, "name")
                yield Step(
                    Verdict.CONFLICT,
                    fact,
                    self.places[fact].removesuffix("name") + "company_number",
                    "",
                    number,
                    note=f"Production has {company.name} with company number {other}, "
                    f"the extract with {number}",
                    remedy="Correct the company number where it is wrong: in UIT (and extract "
                    "again) or in Production.",
                )

    def _malformed(self) -> Iterator[Step]:
        for fact, domain in self.theirs.items():
            if fact.kind != DOMAIN:
                continue
            try:
                is_canonical = identities.canonical_domain(fact.aspect) == domain
            except identities.InvalidDomain:
                is_canonical = False
            if not is_canonical:
                yield Step(
                    Verdict.CONFLICT,
                    fact,
                    self.places[fact],
                    "",
                    domain,
                    note=f"“{printable(fact.aspect)}” is not a domain in its canonical form",
                    remedy="Correct the whitelisted domain in UIT and extract again.",
                )

    def _waiting(self) -> Iterator[Step]:
        here = self.present.dcp_ids | {fact.subject for fact in self.theirs if fact.kind == DCP_ID}
        for fact, value in self.theirs.items():
            if fact.aspect != NOMINATION or not value:
                continue
            dcp_id, _ = nomination_parts(str(value))
            if dcp_id not in here:
                yield Step(
                    Verdict.WAIT,
                    fact,
                    self.places[fact],
                    "",
                    value,
                    note=f"{in_words(fact)}: DCP {dcp_id} is not in Production yet",
                    remedy="The nomination is kept and completes by itself when the DCP is "
                    "imported.",
                )


def _moment(at: datetime) -> str:
    return f"{at.day} {at:%b %Y %H:%M:%S} UTC"


def printable(text: str) -> str:
    """Return a text from outside with what cannot be seen made visible."""
    return "".join(
        "\ufffd" if identities.has_hidden_characters(character) else character
        for character in text[:80]
    )
