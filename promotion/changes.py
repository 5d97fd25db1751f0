"""Makes the changes of many plans at once, table by table, in the caller's transaction."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from django.db.models import Q

from dip_portal.lib import bulk
from organisations.models import (
    DcpId,
    DipId,
    Mpid,
    Nomination,
    Organisation,
    WhitelistedDomain,
)
from organisations.services import api_keys
from organisations.services.nominations import complete_pending
from promotion import document
from promotion.facts import (
    COMPANY,
    COMPANY_DETAILS,
    DCP_ID,
    DIP_ID,
    DOMAIN,
    EFFECTIVE_DATES,
    MPID,
    NOMINATION,
    PARENT,
    Fact,
    Value,
    nomination_parts,
)
from promotion.plan import CHANGING, Plan, Verdict


class Changes:
    """Collects plans, then makes their changes with a few statements a table."""

    def __init__(self, *, now: datetime) -> None:
        self.now = now
        self.numbers: set[str] = set()
        self.touched: set[str] = set()
        self.created: dict[Fact, Value] = {}
        self.changed: dict[Fact, Value] = {}
        self.removed: dict[Fact, Value] = {}
        self.new_companies: list[document.Company] = []
        self.mpid_owner: dict[str, str] = {}

    def add(self, content: document.Document, plan: Plan) -> None:
        """Add a plan without conflicts, made for the database as it is in this transaction."""
        collected = {
            Verdict.CREATE: self.created,
            Verdict.CHANGE: self.changed,
            Verdict.REMOVE: self.removed,
        }
        for step in plan.steps:
            if step.verdict in CHANGING:
                says = step.before if step.verdict is Verdict.REMOVE else step.after
                collected[step.verdict][step.fact] = says
        companies = content.setup.companies()
        for company in companies:
            self.numbers.add(company.company_number)
            for mpid in company.mpids:
                self.mpid_owner[mpid.mpid] = company.company_number
            if company.company_number in plan.new_companies:
                self.new_companies.append(company)
        if not plan.is_empty:
            self.touched.update(company.company_number for company in companies)

    def make(self) -> dict[str, Organisation]:
        """Make all changes and return the companies concerned by their company number."""
        self._create_companies()
        companies = {
            company.company_number: company
            for company in Organisation.objects.filter(company_number__in=self.numbers)
        }
        keys = {number: company.pk for number, company in companies.items()}
        self._change_companies(companies)
        self._change_domains(keys)
        self._create_dcp_ids(keys)
        dip_ids = self._create_identities(keys)
        self._change_dip_ids()
        self._change_nominations(keys, dip_ids)
        new_dcp_ids = [fact.subject for fact in _of(DCP_ID, self.created)]
        if new_dcp_ids:
            complete_pending(DcpId.objects.filter(dcp_id__in=new_dcp_ids), now=self.now)
        return companies

    def _create_companies(self) -> None:
        bulk.insert(
            Organisation,
            (
                "name", "company_number", "description", "dcp_status", "created_at",
                "setup_changed_at", "revision",
            ),
            [
                (it.name, it.company_number, it.description, it.dcp_status, self.now, self.now, 1)
                for it in self.new_companies
            ],
        )  # fmt: skip

    def _change_companies(self, companies: dict[str, Organisation]) -> None:
        new = {company.company_number for company in self.new_companies}
        changed: dict[str, Organisation] = {}
        for fact, value in self._facts_of(COMPANY):
            company = companies[fact.subject]
            if fact.aspect == PARENT:
                company.parent_id = companies[str(value)].pk if value else None
            elif fact.aspect in COMPANY_DETAILS and fact.subject not in new:
                setattr(company, fact.aspect, value)
            else:
                continue
            changed[fact.subject] = company
        for number in self.touched - new:
            company = changed.setdefault(number, companies[number])
            company.setup_changed_at = self.now
            company.revision += 1
        names = (*COMPANY_DETAILS, "parent_id", "setup_changed_at", "revision")
        bulk.update(
            Organisation,
            names,
            [(*(getattr(it, name) for name in names), it.pk) for it in changed.values()],
        )

    def _change_domains(self, keys: dict[str, int]) -> None:
        bulk.insert(
            WhitelistedDomain,
            ("organisation_id", "domain"),
            [(keys[fact.subject], fact.aspect) for fact in _of(DOMAIN, self.created)],
        )
        for fact in _of(DOMAIN, self.removed):
            WhitelistedDomain.objects.filter(
                organisation=keys[fact.subject], domain=fact.aspect
            ).delete()

    def _create_dcp_ids(self, keys: dict[str, int]) -> None:
        bulk.insert(
            DcpId,
            ("organisation_id", "dcp_id"),
            [(keys[str(self.created[fact])], fact.subject) for fact in _of(DCP_ID, self.created)],
        )

    def _create_identities(self, keys: dict[str, int]) -> dict[str, int]:
        """Create MPIDs and DIP IDs with fresh API keys; return the new DIP IDs' primary keys."""
        codes = [fact.subject for fact in _of(MPID, self.created)]
        mpids = dict(
            zip(
                codes,
                bulk.insert_for_keys(
                    Mpid,
                    ("organisation_id", "code"),
                    [(keys[str(self.created[Fact(MPID, code)])], code) for code in codes],
                ),
                strict=True,
            )
        )
        new = {
            fact.subject: str(value)
            for fact, value in self.created.items()
            if fact.kind == DIP_ID and fact.aspect == "mpid"
        }
        here = set(new.values()) - mpids.keys()
        mpids.update(Mpid.objects.filter(code__in=here).values_list("code", "pk"))
        made = bulk.insert_for_keys(
            DipId,
            (
                "mpid_id", "dip_id", "dip_role_code", "mpr_role_code", "effective_from_date",
                "effective_to_date",
            ),
            [(mpids[code], dip_id, *self._said_of(dip_id)) for dip_id, code in new.items()],
        )  # fmt: skip
        api_keys.generate_for(made, now=self.now)
        return dict(zip(new, made, strict=True))

    def _said_of(self, dip_id: str) -> tuple[Value, Value, date | None, date | None]:
        def said(aspect: str) -> Value:
            return self.created.get(Fact(DIP_ID, dip_id, aspect), "")

        return said("dip_role_code"), said("mpr_role_code"), *_dates(said(EFFECTIVE_DATES))

    def _change_dip_ids(self) -> None:
        new = {fact.subject for fact in _of(DIP_ID, self.created) if fact.aspect == "mpid"}
        wanted = [
            (fact, value)
            for fact, value in self._facts_of(DIP_ID)
            if fact.subject not in new and fact.aspect in (EFFECTIVE_DATES, "mpr_role_code")
        ]
        subjects = {fact.subject for fact, _ in wanted}
        dip_ids = {it.dip_id: it for it in DipId.objects.filter(dip_id__in=subjects)}
        for fact, value in wanted:
            dip_id = dip_ids[fact.subject]
            if fact.aspect == EFFECTIVE_DATES:
                dip_id.effective_from_date, dip_id.effective_to_date = _dates(value)
            else:
                dip_id.mpr_role_code = str(value)
        names = ("effective_from_date", "effective_to_date", "mpr_role_code")
        bulk.update(
            DipId,
            names,
            [(*(getattr(it, name) for name in names), it.pk) for it in dip_ids.values()],
        )

    def _change_nominations(self, keys: dict[str, int], dip_ids: dict[str, int]) -> None:
        facts = [(fact, value) for fact, value in self._facts_of(COMPANY, DIP_ID)
                 if fact.aspect == NOMINATION]  # fmt: skip
        others = {fact.subject for fact, _ in facts if fact.kind == DIP_ID} - dip_ids.keys()
        known = DipId.objects.filter(dip_id__in=others).values_list(
            "dip_id", "pk", "mpid__organisation_id"
        )
        owners = dict(self._owners(keys))
        for dip_id, key, owner in known:
            dip_ids[dip_id] = key
            owners[dip_id] = owner
        before = [fact for fact, _ in facts if fact not in self.created]
        Nomination.objects.filter(
            Q(dip_id__in=[dip_ids[fact.subject] for fact in before if fact.kind == DIP_ID])
            | Q(
                dip_id__isnull=True,
                organisation__in=[keys[fact.subject] for fact in before if fact.kind == COMPANY],
            )
        ).delete()
        wanted = [(fact, *nomination_parts(str(value))) for fact, value in facts if value]
        here = dict(
            DcpId.objects.filter(dcp_id__in={code for _, code, _ in wanted}).values_list(
                "dcp_id", "pk"
            )
        )
        bulk.insert(
            Nomination,
            ("organisation_id", "dip_id_id", "dcp_id_id", "dcp_id_code", "whitelists_domains"),
            [
                (
                    owners[fact.subject] if fact.kind == DIP_ID else keys[fact.subject],
                    dip_ids[fact.subject] if fact.kind == DIP_ID else None,
                    here.get(code),
                    code,
                    whitelists,
                )
                for fact, code, whitelists in wanted
            ],
        )

    def _owners(self, keys: dict[str, int]) -> Iterator[tuple[str, int]]:
        """Yield each new DIP ID with the primary key of its company."""
        for fact, code in self.created.items():
            if fact.kind == DIP_ID and fact.aspect == "mpid":
                yield fact.subject, keys[self.mpid_owner[str(code)]]

    def _facts_of(self, *kinds: str) -> Iterator[tuple[Fact, Value]]:
        """Yield the facts of these kinds with what they are to say; nothing, if removed."""
        for facts in (self.created, self.changed, self.removed):
            for fact, value in facts.items():
                if fact.kind in kinds:
                    yield fact, "" if facts is self.removed else value


def _of(kind: str, facts: Iterable[Fact]) -> Iterable[Fact]:
    return (fact for fact in facts if fact.kind == kind)


def _dates(value: Value) -> tuple[date | None, date | None]:
    if isinstance(value, str):
        return None, None
    effective_from, effective_to = value
    return (
        date.fromisoformat(effective_from) if effective_from else None,
        date.fromisoformat(effective_to) if effective_to else None,
    )
