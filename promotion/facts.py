"""A setup as a table of facts: what is named where, and what it says. Knows no Django.

Two setups are compared fact by fact, and so are an extract and what Production has. A
fact is named by what it is about, never by its position, so that an order changes nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from promotion.document import Company, DipId, Nomination, Setup


class Fact(NamedTuple):
    """The name of a fact: about a company, a domain, an MPID, a DIP ID or a DCP ID.

    `subject` is its number, code or ten digits; `aspect` what is said of it. For a domain
    the subject is the company's number and the aspect the domain itself.
    """

    kind: str
    subject: str
    aspect: str = ""


COMPANY, DOMAIN, MPID, DIP_ID, DCP_ID = "company", "domain", "mpid", "dip_id", "dcp_id"
NOMINATION, EFFECTIVE_DATES, PARENT = "nomination", "effective_dates", "parent"
COMPANY_DETAILS = ("name", "description", "dcp_status")

# What a fact says: a text, or for a nomination and effective dates several in one.
Value = str | tuple[str, ...]
Facts = dict[Fact, Value]

WORDS = {
    "name": "name",
    "description": "description",
    "dcp_status": "DCP status",
    PARENT: "parent company",
    NOMINATION: "nominated DIP Connection Provider",
    EFFECTIVE_DATES: "effective dates",
    "mpid": "MPID",
    "dip_role_code": "DIP role code",
    "mpr_role_code": "market participant role code",
}


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One fact that differs: `before` or `after` is empty where it is not said at all."""

    fact: Fact
    before: Value
    after: Value

    @property
    def text(self) -> str:
        """The difference in words."""
        subject = in_words(self.fact)
        if self.fact.kind in (DOMAIN, MPID, DCP_ID) or self.fact.aspect == "mpid":
            return f"{subject} {'added' if self.after else 'removed'}"
        before, after = shown(self.before), shown(self.after)
        if not before:
            return f"{subject}: {after}"
        return f"{subject}: {before} → {after}" if after else f"{subject}: {before} removed"


def facts_of(setup: Setup) -> Facts:
    """Return everything that a setup says."""
    return {fact: value for fact, value, _ in _told(setup)}


def facts_and_places_of(setup: Setup) -> tuple[Facts, dict[Fact, str]]:
    """Return what a setup says, and where in its document, each place a JSON pointer."""
    facts: Facts = {}
    places: dict[Fact, str] = {}
    for fact, value, place in _told(setup):
        facts[fact] = value
        places[fact] = place
    return facts, places


def differences(before: Mapping[Fact, Value], after: Mapping[Fact, Value]) -> list[Difference]:
    """Return what `after` says otherwise than `before`, in a steady order."""
    return [
        Difference(fact=fact, before=before.get(fact, ""), after=after.get(fact, ""))
        for fact in sorted(before.keys() | after.keys())
        if before.get(fact, "") != after.get(fact, "")
    ]


def in_words(fact: Fact) -> str:
    """Return what a fact is about, as people say it."""
    match fact.kind:
        case "domain":
            return f"Domain {fact.aspect}"
        case "mpid":
            return f"MPID {fact.subject}"
        case "dcp_id":
            return f"DCP ID {fact.subject}"
        case "dip_id" if fact.aspect == "mpid":
            return f"DIP ID {fact.subject}"
        case "dip_id":
            return f"DIP ID {fact.subject}, {WORDS[fact.aspect]}"
        case _:
            what = WORDS[fact.aspect]
            return f"{what[:1].upper()}{what[1:]} of company {fact.subject}"


def shown(value: Value) -> str:
    """Return what a fact says, as people read it."""
    return value if isinstance(value, str) else " to ".join(part or "open" for part in value)


def nomination_value(nomination: Nomination | None) -> Value:
    """Return what a nomination says: its DCP ID, and whether it whitelists the DCP's domains."""
    if nomination is None:
        return ""
    return nomination_says(nomination.dcp_id, whitelists=nomination.whitelists_domains)


def nomination_says(dcp_id: str, *, whitelists: bool) -> str:
    """Return the value of a nomination fact."""
    return f"{dcp_id} with its domains" if whitelists else dcp_id


def nomination_parts(value: str) -> tuple[str, bool]:
    """Return the DCP ID of a nomination fact, and whether the DCP's domains are whitelisted."""
    dcp_id, _, rest = value.partition(" ")
    return dcp_id, bool(rest)


Told = Iterator[tuple[Fact, Value, str]]


def _told(setup: Setup) -> Told:
    """Yield every fact with its value and place; also those that say nothing (an empty value)."""
    yield from _told_of_company(setup.company, "", "/setup/company")
    for n, child in enumerate(setup.children):
        yield from _told_of_company(child, setup.company.company_number, f"/setup/children/{n}")


def _told_of_company(company: Company, parent: str, place: str) -> Told:
    number = company.company_number
    yield Fact(COMPANY, number, "name"), company.name, f"{place}/name"
    yield Fact(COMPANY, number, "description"), company.description, f"{place}/description"
    yield Fact(COMPANY, number, "dcp_status"), company.dcp_status, f"{place}/dcp_status"
    yield Fact(COMPANY, number, PARENT), parent, place
    nominated = nomination_value(company.nomination)
    yield Fact(COMPANY, number, NOMINATION), nominated, f"{place}/nomination"
    for n, domain in enumerate(company.whitelisted_domains):
        yield Fact(DOMAIN, number, domain), domain, f"{place}/whitelisted_domains/{n}"
    for n, dcp_id in enumerate(company.dcp_ids):
        yield Fact(DCP_ID, dcp_id, ""), number, f"{place}/dcp_ids/{n}"
    for n, mpid in enumerate(company.mpids):
        yield Fact(MPID, mpid.mpid, ""), number, f"{place}/mpids/{n}/mpid"
        for m, dip_id in enumerate(mpid.dip_ids):
            yield from _told_of_dip_id(dip_id, mpid.mpid, f"{place}/mpids/{n}/dip_ids/{m}")


def _told_of_dip_id(dip_id: DipId, mpid: str, place: str) -> Told:
    name = dip_id.dip_id
    yield Fact(DIP_ID, name, "mpid"), mpid, f"{place}/dip_id"
    yield Fact(DIP_ID, name, "dip_role_code"), dip_id.dip_role_code, f"{place}/dip_role_code"
    yield Fact(DIP_ID, name, "mpr_role_code"), dip_id.mpr_role_code, f"{place}/mpr_role_code"
    dates = _dates(dip_id.effective_from_date, dip_id.effective_to_date)
    yield Fact(DIP_ID, name, EFFECTIVE_DATES), dates, f"{place}/effective_from_date"
    nominated = nomination_value(dip_id.nomination)
    yield Fact(DIP_ID, name, NOMINATION), nominated, f"{place}/nomination"


def _dates(effective_from: date | None, effective_to: date | None) -> Value:
    if effective_from is None:
        return ""
    return effective_from.isoformat(), effective_to.isoformat() if effective_to else ""
