"""The Performance Assurance Board's approval of a company, recorded in UIT."""

from datetime import date, datetime

from django.db import transaction

from audit.services import record
from organisations.actors import Actor
from organisations.errors import UnableToChangeCompany
from organisations.models import Organisation, PabApproval
from organisations.policies import Action, require
from organisations.services.changes import store


@transaction.atomic
def record_approval(
    *, actor: Actor, organisation: Organisation, reference: str, approved_date: date, now: datetime
) -> PabApproval:
    """Record that the PAB approved a company, when, and under which reference.

    Raises UnableToChangeCompany: for a date to come, a child organisation, or a company
    with an approval in force.
    """
    require(actor, Action.PAB_APPROVAL_RECORD, organisation)
    if organisation.parent_id is not None:
        raise UnableToChangeCompany(
            "", "A child organisation is carried by its parent's approval: record it there."
        )
    if approved_date > now.date():
        raise UnableToChangeCompany("approved_date", "The approval cannot be of a day to come.")
    approval = PabApproval(
        organisation=organisation,
        reference=reference.strip(),
        approved_date=approved_date,
        recorded_by_id=actor.user_id,
        recorded_at=now,
    )
    store(approval)
    record(
        actor=actor,
        action="pab_approval:record",
        subject=organisation,
        after={"reference": approval.reference, "approved_date": approved_date.isoformat()},
        at=now,
        organisation_id=organisation.pk,
    )
    return approval


@transaction.atomic
def withdraw_approval(*, actor: Actor, approval: PabApproval, now: datetime) -> None:
    """Withdraw an approval; the record of it stays. A second time changes nothing."""
    require(actor, Action.PAB_APPROVAL_WITHDRAW, approval)
    changed = PabApproval.objects.filter(pk=approval.pk, withdrawn_at=None).update(withdrawn_at=now)
    if changed:
        record(
            actor=actor,
            action="pab_approval:withdraw",
            subject=approval.organisation,
            before={"reference": approval.reference},
            at=now,
            organisation_id=approval.organisation_id,
        )
