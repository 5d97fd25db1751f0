"""Production: import extracts, the second of the DIP Manager's three tasks.

Everything here runs in the caller's transaction: either all of a company's plan takes
effect, or none of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from audit.models import Event
from audit.services import draft, record_all
from dip_portal.lib import bulk
from organisations.actors import Actor
from organisations.models import Organisation
from organisations.policies import Action, require
from promotion import document
from promotion.changes import Changes
from promotion.errors import UnableToImport, UnableToReceive
from promotion.models import Import, ImportedCompany
from promotion.plan import Plan, Verdict
from promotion.receive import document_of, plans_for

LOCK_NAMESPACE = 0x444950  # keeps our advisory locks apart from others' in one database
ALREADY = "This extract was imported before; nothing was changed."
NOTHING = "Production already says all that this extract says; nothing was changed."
PLAN_CHANGED = (
    "Production has changed since the plan was shown. Look at the plan again, then import."
)
CONFLICTS_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What an import did: the import as it is now, and whether anything changed."""

    done: Import
    changed: bool
    message: str


Outcome = Applied | UnableToImport


@dataclass(kw_only=True)
class _Candidate:
    """One import on its way through: its row, its document, its plan."""

    row: Import
    content: document.Document
    plan: Plan


def apply_imports(
    *, actor: Actor, fingerprints: Mapping[str, str], now: datetime
) -> dict[str, Outcome]:
    """Apply imports (primary key to the fingerprint of the plan that was shown).

    An empty fingerprint stands for whatever the plan is. Returns for each what it did or
    why it was refused; a refusal leaves nothing of that import. Companies are locked, so
    that two imports of one company follow one another. Raises Refused or Stranger.
    """
    require(actor, Action.IMPORT_APPLY)
    rows = {
        str(row.pk): row
        for row in Import.objects.select_for_update(of=("self",))
        .select_related("organisation")
        .filter(pk__in=fingerprints)
        .order_by("pk")
    }
    outcomes: dict[str, Outcome] = {}
    waiting: list[tuple[Import, document.Document]] = []
    for key in fingerprints:
        row = rows.get(key)
        if row is None:
            outcomes[key] = UnableToImport("This import is no longer there.")
        elif not row.is_waiting:
            outcomes[key] = _decided_before(row)
        else:
            try:
                waiting.append((row, document_of(row)))
            except UnableToReceive as refusal:
                outcomes[key] = UnableToImport(str(refusal))
    _lock_companies([content for _, content in waiting])
    for round_ in _rounds(waiting):
        candidates = [
            _Candidate(row=row, content=content, plan=plan)
            for (row, content), plan in zip(
                round_, plans_for([content for _, content in round_]), strict=True
            )
        ]
        outcomes.update(_apply_round(candidates, fingerprints, actor, now))
    return {key: outcomes[key] for key in fingerprints}


def _apply_round(
    candidates: Sequence[_Candidate],
    fingerprints: Mapping[str, str],
    actor: Actor,
    now: datetime,
) -> dict[str, Outcome]:
    outcomes: dict[str, Outcome] = {}
    to_apply: list[_Candidate] = []
    for candidate in candidates:
        key = str(candidate.row.pk)
        refusal = _refusal(candidate.plan, fingerprints[key])
        if refusal is not None:
            outcomes[key] = refusal
        else:
            to_apply.append(candidate)
    changes = Changes(now=now)
    for candidate in to_apply:
        changes.add(candidate.content, candidate.plan)
    companies = changes.make()
    _remember(to_apply, companies, actor, now)
    for candidate in to_apply:
        changed = not candidate.plan.is_empty
        outcomes[str(candidate.row.pk)] = Applied(
            done=candidate.row,
            changed=changed,
            message=summary_of(candidate.plan) if changed else NOTHING,
        )
    return outcomes


def summary_of(plan: Plan) -> str:
    """Return in one line what a plan does."""
    parts = [
        f"{count} {word}"
        for verdict, word in (
            (Verdict.CREATE, "created"),
            (Verdict.CHANGE, "changed"),
            (Verdict.REMOVE, "removed"),
            (Verdict.KEEP, "left alone"),
            (Verdict.WAIT, "waiting for a DCP"),
        )
        if (count := plan.count(verdict))
    ]
    return ", ".join(parts) or "nothing to change"


def _refusal(plan: Plan, fingerprint: str) -> UnableToImport | None:
    conflicts = plan.conflicts
    if conflicts:
        shown = " ".join(
            f"{step.place}: {step.text}. {step.remedy}" for step in conflicts[:CONFLICTS_SHOWN]
        )
        more = len(conflicts) - CONFLICTS_SHOWN
        return UnableToImport(shown + (f" And {more} more conflicts." if more > 0 else ""))
    if fingerprint and not plan.is_empty and plan.fingerprint != fingerprint:
        return UnableToImport(PLAN_CHANGED)
    return None


def _decided_before(row: Import) -> Outcome:
    if row.state == Import.State.DISCARDED:
        return UnableToImport("This extract was discarded. Receive it again to import it.")
    return Applied(done=row, changed=False, message=ALREADY)


def _lock_companies(documents: Sequence[document.Document]) -> None:
    """Hold every company of these documents until the transaction ends.

    SQLite has one writer at a time, so that nothing else is needed there. The locks are
    taken in one order, so that two imports never wait for each other.
    """
    if connection.vendor != "postgresql":
        return
    numbers = sorted(
        {company.company_number for content in documents for company in content.setup.companies()}
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(number, %s)) "
            "FROM (SELECT unnest(%s::text[]) AS number ORDER BY 1) AS numbers",
            [LOCK_NAMESPACE, numbers],
        )


def _rounds(
    waiting: Sequence[tuple[Import, document.Document]],
) -> list[list[tuple[Import, document.Document]]]:
    """Put imports that name the same company into rounds of their own, in order of age."""
    rounds: list[list[tuple[Import, document.Document]]] = []
    taken: list[set[str]] = []
    for row, content in sorted(waiting, key=lambda pair: pair[1].extracted_at):
        numbers = {company.company_number for company in content.setup.companies()}
        place = max((n + 1 for n, seen in enumerate(taken) if seen & numbers), default=0)
        if place == len(rounds):
            rounds.append([])
            taken.append(set())
        rounds[place].append((row, content))
        taken[place] |= numbers
    return rounds


def _remember(
    applied: Sequence[_Candidate],
    companies: Mapping[str, Organisation],
    actor: Actor,
    now: datetime,
) -> None:
    """Store the state of the imports, the base of the next ones, and the audit events."""
    imported: list[ImportedCompany] = []
    for candidate in applied:
        row, setup = candidate.row, candidate.content.setup
        row.state = Import.State.UNCHANGED if candidate.plan.is_empty else Import.State.APPLIED
        row.decided_at = now
        row.decided_by_id = actor.user_id
        row.organisation = companies[row.company_number]
        row.report = [step.text for step in candidate.plan.steps]
        if candidate.plan.is_older:
            continue  # it says the same, and what was imported last stays the base
        for company in setup.companies():
            parent = setup.company.company_number if company is not setup.company else ""
            imported.append(
                ImportedCompany(
                    organisation=companies[company.company_number],
                    last_import=row,
                    extracted_at=candidate.content.extracted_at,
                    parent_number=parent,
                    setup=document.to_bytes(company).decode(),
                )
            )
    names = ("state", "decided_at", "decided_by_id", "organisation_id", "report")
    bulk.update(
        Import,
        names,
        [(*(getattr(it.row, name) for name in names), it.row.pk) for it in applied],
    )
    # In place of what was there: a COPY takes no conflicts.
    ImportedCompany.objects.filter(
        organisation__in=[one.organisation_id for one in imported]
    ).delete()
    bulk.insert_all(imported)
    record_all([_event(candidate, actor, now) for candidate in applied])


def _event(candidate: _Candidate, actor: Actor, now: datetime) -> Event:
    """Return the audit event of an import: what it changed in words, what it created in number."""
    row, plan = candidate.row, candidate.plan
    assert row.organisation is not None
    changes = [step.text for step in plan.changes if step.verdict is not Verdict.CREATE]
    return draft(
        actor=actor,
        action="import:apply",
        subject=row.organisation,
        after={
            "extract": row.setup_digest,
            "created": plan.count(Verdict.CREATE),
            "changes": changes,
        },
        at=now,
        organisation_id=row.organisation_id,
    )
