"""Reads of the pipeline: where each company stands, with a constant number of queries."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest

from dip_portal.lib import environment as environments
from organisations.models import DipId, Invitation, Organisation, PabApproval
from promotion.models import Extract, Import


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One stage of the pipeline: its label, what it means, and what comes next."""

    code: str
    label: str
    meaning: str
    next_step: str
    tone: str = "neutral"


NOT_APPROVED = Stage(
    code="not-approved",
    label="Not approved",
    meaning="No PAB approval is recorded.",
    next_step="Record the PAB approval when the PAB has given it.",
)
CANDIDATE = Stage(
    code="candidate",
    label="Candidate",
    meaning="Approved by the PAB and not extracted yet.",
    next_step="Extract the company setup.",
    tone="info",
)
OUT_OF_DATE = Stage(
    code="out-of-date",
    label="Out of date",
    meaning="The setup has changed since the last extract.",
    next_step="Extract the company setup again.",
    tone="warning",
)
EXTRACTED = Stage(
    code="extracted",
    label="Extracted",
    meaning="The last extract says what UIT says.",
    next_step="Import the extract in Production.",
    tone="success",
)
IMPORTED = Stage(
    code="imported",
    label="Imported",
    meaning="In Production, nobody invited yet.",
    next_step="Invite the Primary User Admin.",
    tone="info",
)
INVITED = Stage(
    code="invited",
    label="Invited",
    meaning="The invitation is open.",
    next_step="Wait for the Primary User Admin to accept.",
    tone="info",
)
EXPIRED = Stage(
    code="expired",
    label="Invitation expired",
    meaning="The invitation was not accepted in time.",
    next_step="Send the invitation again, or replace the invited person.",
    tone="warning",
)
ACCEPTED = Stage(
    code="accepted",
    label="Accepted",
    meaning="The Primary User Admin has signed in.",
    next_step="The company sets itself up: members, certificates, DIP IDs, message channels.",
    tone="success",
)
STAGES_OF_UIT = (NOT_APPROVED, CANDIDATE, OUT_OF_DATE, EXTRACTED)
STAGES_OF_PRODUCTION = (IMPORTED, INVITED, EXPIRED, ACCEPTED)
STAGES = {stage.code: stage for stage in (*STAGES_OF_UIT, *STAGES_OF_PRODUCTION)}

# Companies with what `pipeline` adds to them, which the type checker cannot see.
Companies = QuerySet[Any]

IN_FORCE = PabApproval.objects.filter(withdrawn_at__isnull=True)
APPROVAL_OF_EXTRACT = IN_FORCE.filter(organisation=OuterRef("organisation"))
IS_NEWEST = ~Exists(
    Extract.objects.filter(organisation=OuterRef("organisation"), number__gt=OuterRef("number"))
)


def stages() -> tuple[Stage, ...]:
    """Return the stages that companies pass in this environment, in order."""
    can_extract = environments.current().can_extract
    return STAGES_OF_UIT if can_extract else STAGES_OF_PRODUCTION


def pipeline(organisations: QuerySet[Organisation], *, now: datetime) -> Companies:
    """Return these companies, without child organisations, each with `stage_code`.

    In UIT they also have `last_extract_at`, `last_extract_number`, `approved_date`; in
    Production `invitation_expires_at`, `dip_id_count` and `undated_dip_id_count`.
    """
    if environments.current().can_extract:
        return _pipeline_of_uit(organisations.filter(parent__isnull=True))
    return _pipeline_of_production(organisations, now)


def counts(companies: Companies) -> Mapping[str, int]:
    """Return how many companies of a pipeline there are by stage code: one query."""
    found = companies.order_by().values_list("stage_code").annotate(Count("pk"))
    return dict(found)


def _pipeline_of_uit(organisations: QuerySet[Organisation]) -> Companies:
    last = Extract.objects.filter(organisation=OuterRef("pk")).order_by("-number")
    children = (
        Organisation.objects.filter(parent=OuterRef("pk"))
        .order_by()
        .values("parent")
        .annotate(newest=Max("setup_changed_at"))
        .values("newest")
    )
    approval = IN_FORCE.filter(organisation=OuterRef("pk"))
    return organisations.annotate(
        approved_date=Subquery(approval.values("approved_date")[:1]),
        last_extract=Subquery(last.values("pk")[:1]),
        last_extract_number=Subquery(last.values("number")[:1]),
        last_extract_at=Subquery(last.values("made_at")[:1]),
        confirmed_at=Subquery(last.values("confirmed_at")[:1]),
        family_changed_at=Greatest(
            F("setup_changed_at"), Coalesce(Subquery(children), F("setup_changed_at"))
        ),
    ).annotate(
        stage_code=Case(
            When(approved_date__isnull=True, then=Value(NOT_APPROVED.code)),
            When(last_extract__isnull=True, then=Value(CANDIDATE.code)),
            When(confirmed_at__lt=F("family_changed_at"), then=Value(OUT_OF_DATE.code)),
            default=Value(EXTRACTED.code),
            output_field=CharField(),
        )
    )


def _pipeline_of_production(organisations: QuerySet[Organisation], now: datetime) -> Companies:
    mine = Invitation.objects.filter(organisation=OuterRef("pk"), is_primary=True)
    is_open = mine.filter(accepted_at__isnull=True, revoked_at__isnull=True)
    dip_ids = (
        DipId.objects.filter(mpid__organisation=OuterRef("pk"))
        .order_by()
        .values("mpid__organisation")
        .annotate(
            all=Count("pk"), undated=Count("pk", filter=Q(effective_dates_set_at__isnull=True))
        )
    )
    return organisations.annotate(
        is_accepted=Exists(mine.filter(accepted_at__isnull=False)),
        invitation_expires_at=Subquery(is_open.values("expires_at")[:1]),
        dip_id_count=Coalesce(Subquery(dip_ids.values("all")), 0),
        undated_dip_id_count=Coalesce(Subquery(dip_ids.values("undated")), 0),
    ).annotate(
        stage_code=Case(
            When(is_accepted=True, then=Value(ACCEPTED.code)),
            When(invitation_expires_at__isnull=True, then=Value(IMPORTED.code)),
            When(invitation_expires_at__lte=now, then=Value(EXPIRED.code)),
            default=Value(INVITED.code),
            output_field=CharField(),
        )
    )


def waiting_imports() -> QuerySet[Import]:
    """Return the imports that wait for the DIP Manager, oldest first."""
    return Import.objects.filter(state=Import.State.RECEIVED).order_by("received_at", "pk")
