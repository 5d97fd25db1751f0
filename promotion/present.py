"""Reads what Production has of the companies and identities that extracts name."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models.functions import Lower

from organisations.models import DcpId, DipId, Mpid, Organisation
from promotion import document
from promotion.facts import COMPANY, DCP_ID, DIP_ID, MPID, PARENT, Fact, Facts, facts_of
from promotion.models import ImportedCompany
from promotion.plan import Present
from promotion.setups import companies_of

BATCH = 5000  # values in one IN (...), far below what either database takes


@dataclass(kw_only=True)
class _Tables:
    """What was read for all extracts at once."""

    organisations: dict[str, Organisation] = field(default_factory=dict)
    facts: dict[str, Facts] = field(default_factory=dict)  # by company number
    base: dict[str, Facts] = field(default_factory=dict)
    imported_at: dict[str, datetime] = field(default_factory=dict)
    holders: Facts = field(default_factory=dict)
    mpids: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    namesakes: dict[str, str] = field(default_factory=dict)
    dcp_ids: set[str] = field(default_factory=set)
    dates_set: set[str] = field(default_factory=set)


def presents_for(documents: Sequence[document.Document]) -> list[Present]:
    """Return what Production has beside each of these documents.

    The number of queries does not depend on the number of documents.
    """
    named = [facts_of(content.setup) for content in documents]
    tables = _read(documents, named)
    return [
        _present(content.setup, theirs, tables)
        for content, theirs in zip(documents, named, strict=True)
    ]


def _present(setup: document.Setup, theirs: Facts, tables: _Tables) -> Present:
    numbers = [company.company_number for company in setup.companies()]
    ours: Facts = {}
    base: Facts = {}
    for number in numbers:
        ours.update(tables.facts.get(number, {}))
        base.update(tables.base.get(number, {}))
    for fact in theirs.keys() & tables.holders.keys():
        ours.setdefault(fact, tables.holders[fact])
    imported = [tables.imported_at[number] for number in numbers if number in tables.imported_at]
    return Present(
        facts=ours,
        base=base,
        mpids=tables.mpids,
        companies=tables.names,
        namesakes=tables.namesakes,
        dcp_ids=frozenset(tables.dcp_ids),
        dates_set=frozenset(tables.dates_set),
        last_extracted_at=max(imported, default=None),
    )


def _read(documents: Sequence[document.Document], named: Sequence[Facts]) -> _Tables:
    tables = _Tables()
    subjects: dict[str, set[str]] = defaultdict(set)
    wanted_dcp_ids: set[str] = set()
    for theirs in named:
        for fact, value in theirs.items():
            subjects[fact.kind].add(fact.subject)
            if fact.aspect == "nomination":
                wanted_dcp_ids.add(str(value)[:10])
    _read_companies(tables, subjects[COMPANY])
    _read_holders(tables, subjects)
    _read_namesakes(
        tables,
        {
            company.name.lower()
            for content in documents
            for company in content.setup.companies()
            if company.company_number not in tables.organisations
        },
    )
    for batch in _batches(wanted_dcp_ids):
        tables.dcp_ids.update(
            DcpId.objects.filter(dcp_id__in=batch).values_list("dcp_id", flat=True)
        )
    return tables


def _read_companies(tables: _Tables, numbers: Iterable[str]) -> None:
    for batch in _batches(numbers):
        for organisation in Organisation.objects.filter(company_number__in=batch).select_related(
            "parent"
        ):
            tables.organisations[organisation.company_number] = organisation
    if not tables.organisations:
        return
    here = {organisation.pk: organisation for organisation in tables.organisations.values()}
    for key, company in companies_of(here).items():
        organisation = here[key]
        parent = organisation.parent.company_number if organisation.parent else ""
        tables.facts[company.company_number] = facts_of_one(company, parent)
        tables.names[company.company_number] = company.name
        tables.mpids.update({mpid.mpid: company.company_number for mpid in company.mpids})
    for imported in ImportedCompany.objects.filter(organisation__in=here).select_related(
        "organisation"
    ):
        number = imported.organisation.company_number
        company = document.Company.model_validate_json(imported.setup)
        tables.base[number] = facts_of_one(company, imported.parent_number)
        tables.imported_at[number] = imported.extracted_at
    tables.dates_set.update(
        DipId.objects.filter(
            mpid__organisation__in=here, effective_dates_set_at__isnull=False
        ).values_list("dip_id", flat=True)
    )


def facts_of_one(company: document.Company, parent_number: str) -> Facts:
    """Return what is said of a single company, its parent included."""
    facts = facts_of(document.Setup.model_construct(company=company, children=[]))
    if parent_number:
        facts[Fact(COMPANY, company.company_number, PARENT)] = parent_number
    return facts


def _read_holders(tables: _Tables, subjects: dict[str, set[str]]) -> None:
    for batch in _batches(subjects[MPID]):
        for code, number, name in Mpid.objects.filter(code__in=batch).values_list(
            "code", "organisation__company_number", "organisation__name"
        ):
            tables.holders[Fact(MPID, code)] = number
            tables.mpids[code] = number
            tables.names.setdefault(number, name)
    for batch in _batches(subjects[DIP_ID]):
        for dip_id, role, mpid, number, name in DipId.objects.filter(dip_id__in=batch).values_list(
            "dip_id",
            "dip_role_code",
            "mpid__code",
            "mpid__organisation__company_number",
            "mpid__organisation__name",
        ):
            tables.holders[Fact(DIP_ID, dip_id, "mpid")] = mpid
            tables.holders[Fact(DIP_ID, dip_id, "dip_role_code")] = role
            tables.mpids[mpid] = number
            tables.names.setdefault(number, name)
    for batch in _batches(subjects[DCP_ID]):
        for dcp_id, number, name in DcpId.objects.filter(dcp_id__in=batch).values_list(
            "dcp_id", "organisation__company_number", "organisation__name"
        ):
            tables.holders[Fact(DCP_ID, dcp_id)] = number
            tables.names.setdefault(number, name)


def _read_namesakes(tables: _Tables, names: Iterable[str]) -> None:
    for batch in _batches(names):
        tables.namesakes.update(
            Organisation.objects.annotate(name_in_lower_case=Lower("name"))
            .filter(name_in_lower_case__in=batch)
            .values_list("name_in_lower_case", "company_number")
        )


def _batches(values: Iterable[str]) -> Iterable[list[str]]:
    ordered = sorted(values)
    return (ordered[start : start + BATCH] for start in range(0, len(ordered), BATCH))
