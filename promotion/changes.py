"""Makes the changes of many plans at once, table by table, in the caller's transaction."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db.models import QuerySet
from organisations.services.nominations import complete_pending

from organisations.models import (
    DcpId,
    DipId,
    Mpid,
    Nomination,
    Organisation,
    WhitelistedDomain,
)
from organisations.services import api_keys
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

BATCH = 1000


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
        self._change_companies(companies)
        self._change_domains(companies)
        new_dcp_ids = self._create_dcp_ids(companies)
        dip_ids = self._create_identities(companies)
        self._change_dip_ids(dip_ids)
        self._change_nominations(companies, dip_ids)
        if new_dcp_ids:
            complete_pending(new_dcp_ids, now=self.now)
        return companies

    def _create_companies(self) -> None:
        Organisation.objects.bulk_create(
            [
                Organisation(
                    name=company.name,
                    company_number=company.company_number,
                    description=company.description,
                    dcp_status=company.dcp_status,
                    created_at=self.now,
                    setup_changed_at=self.now,
                )
                for company in self.new_companies
            ],
            batch_size=BATCH,
        )

    def _change_companies(self, companies: dict[str, Organisation]) -> None:
        new = {company.company_number for company in self.new_companies}
        changed: dict[str, Organisation] = {}
        for fact, value in {**self.created, **self.changed, **self.removed}.items():
            if fact.kind != COMPANY or fact.aspect == NOMINATION:
                continue
            company = companies[fact.subject]
            gone = fact in self.removed
            if fact.aspect == PARENT:
                company.parent = None if gone else companies[str(value)]
            elif fact.aspect in COMPANY_DETAILS and fact.subject not in new:
                setattr(company, fact.aspect, "" if gone else value)
            else:
                continue
            changed[fact.subject] = company
        for number in self.touched - new:
            company = changed.setdefault(number, companies[number])
            company.setup_changed_at = self.now
            company.revision += 1
        Organisation.objects.bulk_update(
            changed.values(),
            [*COMPANY_DETAILS, "parent", "setup_changed_at", "revision"],
            batch_size=BATCH,
        )

    def _change_domains(self, companies: dict[str, Organisation]) -> None:
        WhitelistedDomain.objects.bulk_create(
            [
                WhitelistedDomain(organisation=companies[fact.subject], domain=fact.aspect)
                for fact in _of(DOMAIN, self.created)
            ],
            batch_size=BATCH,
        )
        for fact in _of(DOMAIN, self.removed):
            WhitelistedDomain.objects.filter(
                organisation=companies[fact.subject], domain=fact.aspect
            ).delete()

    def _create_dcp_ids(self, companies: dict[str, Organisation]) -> list[DcpId]:
        return DcpId.objects.bulk_create(
            [
                DcpId(organisation=companies[str(self.created[fact])], dcp_id=fact.subject)
                for fact in _of(DCP_ID, self.created)
            ],
            batch_size=BATCH,
        )

    def _create_identities(self, companies: dict[str, Organisation]) -> dict[str, DipId]:
        """Create MPIDs and DIP IDs with fresh API keys; return the DIP IDs to be changed too."""
        mpids = {
            mpid.code: mpid
            for mpid in Mpid.objects.bulk_create(
                [
                    Mpid(organisation=companies[str(self.created[fact])], code=fact.subject)
                    for fact in _of(MPID, self.created)
                ],
                batch_size=BATCH,
            )
        }
        new_dip_ids = {
            fact.subject: str(value)
            for fact, value in self.created.items()
            if fact.kind == DIP_ID and fact.aspect == "mpid"
        }
        known = set(new_dip_ids.values()) - mpids.keys()
        mpids.update({mpid.code: mpid for mpid in Mpid.objects.filter(code__in=known)})
        new = DipId.objects.bulk_create(
            [self._new_dip_id(dip_id, mpids[code]) for dip_id, code in new_dip_ids.items()],
            batch_size=BATCH,
        )
        api_keys.generate(new, now=self.now)
        dip_ids = {dip_id.dip_id: dip_id for dip_id in new}
        others = {
            fact.subject
            for facts in (self.created, self.changed, self.removed)
            for fact in _of(DIP_ID, facts)
        } - dip_ids.keys()
        for dip_id in DipId.objects.filter(dip_id__in=others).select_related("mpid"):
            dip_ids[dip_id.dip_id] = dip_id
        return dip_ids

    def _new_dip_id(self, dip_id: str, mpid: Mpid) -> DipId:
        def said(aspect: str) -> Value:
            return self.created.get(Fact(DIP_ID, dip_id, aspect), "")

        effective_from, effective_to = _dates(said(EFFECTIVE_DATES))
        return DipId(
            mpid=mpid,
            dip_id=dip_id,
            dip_role_code=str(said("dip_role_code")),
            mpr_role_code=str(said("mpr_role_code")),
            effective_from_date=effective_from,
            effective_to_date=effective_to,
        )

    def _change_dip_ids(self, dip_ids: dict[str, DipId]) -> None:
        new = {fact.subject for fact in _of(DIP_ID, self.created) if fact.aspect == "mpid"}
        changed: dict[str, DipId] = {}
        for fact, value in {**self.created, **self.changed, **self.removed}.items():
            if fact.kind != DIP_ID or fact.subject in new:
                continue
            dip_id, says = dip_ids[fact.subject], "" if fact in self.removed else value
            if fact.aspect == EFFECTIVE_DATES:
                dip_id.effective_from_date, dip_id.effective_to_date = _dates(says)
            elif fact.aspect == "mpr_role_code":
                dip_id.mpr_role_code = str(says)
            else:
                continue
            changed[fact.subject] = dip_id
        DipId.objects.bulk_update(
            changed.values(),
            ["effective_from_date", "effective_to_date", "mpr_role_code"],
            batch_size=BATCH,
        )

    def _change_nominations(
        self, companies: dict[str, Organisation], dip_ids: dict[str, DipId]
    ) -> None:
        for fact in [*_nominations(self.changed), *_nominations(self.removed)]:
            self._place_of(fact, companies, dip_ids).delete()
        wanted = {
            fact: nomination_parts(str(value))
            for facts in (self.created, self.changed)
            for fact, value in facts.items()
            if fact.aspect == NOMINATION
        }
        here = {
            dcp_id.dcp_id: dcp_id
            for dcp_id in DcpId.objects.filter(dcp_id__in={code for code, _ in wanted.values()})
        }
        Nomination.objects.bulk_create(
            [
                Nomination(
                    organisation=self._company_of(fact, companies, dip_ids),
                    dip_id=dip_ids[fact.subject] if fact.kind == DIP_ID else None,
                    dcp_id=here.get(code),
                    dcp_id_code=code,
                    whitelists_domains=whitelists,
                )
                for fact, (code, whitelists) in wanted.items()
            ],
            batch_size=BATCH,
        )

    def _place_of(
        self, fact: Fact, companies: dict[str, Organisation], dip_ids: dict[str, DipId]
    ) -> QuerySet[Nomination]:
        if fact.kind == DIP_ID:
            return Nomination.objects.filter(dip_id=dip_ids[fact.subject])
        return Nomination.objects.filter(organisation=companies[fact.subject], dip_id=None)

    def _company_of(
        self, fact: Fact, companies: dict[str, Organisation], dip_ids: dict[str, DipId]
    ) -> Organisation:
        if fact.kind == COMPANY:
            return companies[fact.subject]
        return companies[self.mpid_owner[dip_ids[fact.subject].mpid.code]]


def _of(kind: str, facts: Iterable[Fact]) -> Iterable[Fact]:
    return (fact for fact in facts if fact.kind == kind)


def _nominations(facts: Iterable[Fact]) -> Iterable[Fact]:
    return (fact for fact in facts if fact.aspect == NOMINATION)


def _dates(value: Value) -> tuple[date | None, date | None]:
    if isinstance(value, str):
        return None, None
    effective_from, effective_to = value
    return (
        date.fromisoformat(effective_from) if effective_from else None,
        date.fromisoformat(effective_to) if effective_to else None,
    )
