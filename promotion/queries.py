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
from django.db.models.functions import Cast, Coalesce, Concat, Greatest

from certificates import onboarding as certificates_onboarding
from channels import onboarding as channels_onboarding
from dip_portal.lib import environment as environments
from mail.models import OutgoingMail
from organisations import onboarding
from organisations.models import DipId, Invitation, Membership, Organisation, PabApproval
from organisations.models.invitation import IS_OPEN
from organisations.queries import active_user_admins
from organisations.services.invitations import ABOUT
from promotion.models import Extract, Import


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One stage of the pipeline: its label, what it means, and what comes next.

    `is_last` is that nothing comes next, as `next_step` says.
    """

    code: str
    label: str
    meaning: str
    next_step: str
    tone: str = "neutral"
    is_last: bool = False


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
UNDELIVERED = Stage(
    code="undelivered",
    label="E-mail failed",
    meaning="The e-mail of the invitation was given up: the invited person does not have the link.",
    next_step="Send the invitation again, or replace the invited person.",
    tone="danger",
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
    meaning="The company has an active User Admin.",
    next_step="The company sets itself up: members, certificates, DIP IDs, message channels.",
    tone="success",
)
LEFT = Stage(
    code="left",
    label="No User Admin",
    meaning="The company has no active User Admin any more.",
    next_step="Invite a Primary User Admin.",
    tone="warning",
)
ONBOARDED = Stage(
    code="onboarded",
    label="Onboarded",
    meaning="The company has done all of its onboarding tasks.",
    next_step="Nothing to do.",
    tone="success",
    is_last=True,
)
STAGES_OF_UIT = (NOT_APPROVED, CANDIDATE, OUT_OF_DATE, EXTRACTED)
STAGES_OF_PRODUCTION = (IMPORTED, INVITED, UNDELIVERED, EXPIRED, ACCEPTED, LEFT, ONBOARDED)
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

    In UIT they also have `last_extract_at`, `last_extract_number`, `fetched_at` (the last
    extract by Production) and `approved_date`; in Production `invitation_expires_at`,
    `dip_id_count` and `undated_dip_id_count`.
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
        fetched_at=Subquery(last.values("fetched_at")[:1]),
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
    is_open = mine.filter(IS_OPEN)
    mails = (
        OutgoingMail.objects.exclude(about="")  # so that PostgreSQL takes the index of `about`
        .filter(about=Concat(Value(ABOUT), Cast(OuterRef("open_invitation"), CharField())))
        .order_by("-queued_at")
    )
    admins = Membership.objects.filter(organisation=OuterRef("pk"), is_user_admin=True)
    has_admin = Q(Exists(active_user_admins(now.date()).filter(organisation=OuterRef("pk"))))
    is_onboarded = (
        onboarding.finished(now.date())
        & certificates_onboarding.finished(now)
        & channels_onboarding.finished()
    )
    dip_ids = (
        DipId.objects.filter(mpid__organisation=OuterRef("pk"))
        .order_by()
        .values("mpid__organisation")
        .annotate(
            all=Count("pk"), undated=Count("pk", filter=Q(effective_dates_set_at__isnull=True))
        )
    )
    return (
        organisations.annotate(
            open_invitation=Subquery(is_open.values("pk")[:1]),
            invitation_expires_at=Subquery(is_open.values("expires_at")[:1]),
            dip_id_count=Coalesce(Subquery(dip_ids.values("all")), 0),
            undated_dip_id_count=Coalesce(Subquery(dip_ids.values("undated")), 0),
        )
        .annotate(
            mail_state=Case(
                When(open_invitation__isnull=False, then=Subquery(mails.values("state")[:1])),
                output_field=CharField(),
            )
        )
        .annotate(
            stage_code=Case(
                When(mail_state=OutgoingMail.State.FAILED, then=Value(UNDELIVERED.code)),
                When(has_admin & is_onboarded, then=Value(ONBOARDED.code)),
                When(has_admin, then=Value(ACCEPTED.code)),
                When(invitation_expires_at__lte=now, then=Value(EXPIRED.code)),
                When(open_invitation__isnull=False, then=Value(INVITED.code)),
                When(
                    Q(Exists(admins)) | Q(Exists(mine.filter(accepted_at__isnull=False))),
                    then=Value(LEFT.code),
                ),
                default=Value(IMPORTED.code),
                output_field=CharField(),
            )
        )
    )


def waiting_imports() -> QuerySet[Import]:
    """Return the imports that wait for the DIP Manager, oldest first."""
    return Import.objects.filter(state=Import.State.RECEIVED).order_by("received_at", "pk")
