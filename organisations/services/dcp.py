"""DCP status: a company asks to act as a DIP Connection Provider; the DIP Manager decides.

The status is Disabled, Requested or Approved (the seminar's organisation page). Each verb
locks the company's row first, so that of two at the same moment the second is told.
"""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from audit.services import record
from mail.services import queue
from organisations.actors import Actor
from organisations.errors import UnableToChangeCompany
from organisations.models import Organisation
from organisations.policies import Action, require
from organisations.roles import DcpStatus
from organisations.services.changes import locked


@transaction.atomic
def request_status(*, actor: Actor, organisation: Organisation, now: datetime) -> None:
    """Ask for DCP status. Raises UnableToChangeCompany unless it is Disabled."""
    require(actor, Action.DCP_REQUEST, organisation)
    _move(actor, "dcp:request", organisation, DcpStatus.DISABLED, DcpStatus.REQUESTED, now)


@transaction.atomic
def withdraw_request(*, actor: Actor, organisation: Organisation, now: datetime) -> None:
    """Take the request back. Raises UnableToChangeCompany unless it waits."""
    require(actor, Action.DCP_REQUEST, organisation)
    _move(actor, "dcp:withdraw", organisation, DcpStatus.REQUESTED, DcpStatus.DISABLED, now)


@transaction.atomic
def approve(*, actor: Actor, organisation: Organisation, now: datetime) -> None:
    """Give DCP status to a company that asked for it; its User Admins are told by e-mail.

    Raises UnableToChangeCompany unless the request waits.
    """
    require(actor, Action.DCP_DECIDE, organisation)
    _move(actor, "dcp:approve", organisation, DcpStatus.REQUESTED, DcpStatus.APPROVED, now)
    _tell(
        organisation,
        f"{organisation} is a DIP Connection Provider now.",
        "The DIP Manager approved its DCP status. Create a DCP ID on the company's page and "
        "share it with those that nominate you.",
        now,
    )


@transaction.atomic
def decline(*, actor: Actor, organisation: Organisation, reason: str, now: datetime) -> None:
    """Decline a request; the User Admins are told the reason. Raises UnableToChangeCompany."""
    require(actor, Action.DCP_DECIDE, organisation)
    reason = reason.strip()
    if not reason:
        raise UnableToChangeCompany("reason", "Say why, so that the company knows what to do.")
    _move(
        actor,
        "dcp:decline",
        organisation,
        DcpStatus.REQUESTED,
        DcpStatus.DISABLED,
        now,
        reason=reason,
    )
    _tell(
        organisation,
        f"{organisation} does not get DCP status.",
        f"The DIP Manager declined the request: {reason}",
        now,
    )


def tell_changed(organisation: Organisation, now: datetime) -> None:
    """Tell the User Admins that the DIP Manager changed the DCP status without a request."""
    _tell(
        organisation,
        f"The DCP status of {organisation} is {organisation.get_dcp_status_display()} now.",
        "The DIP Manager changed it.",
        now,
    )


def _move(
    actor: Actor,
    action: str,
    organisation: Organisation,
    before: DcpStatus,
    after: DcpStatus,
    now: datetime,
    *,
    reason: str = "",
) -> None:
    current = locked(organisation)
    if current.dcp_status != before:
        raise UnableToChangeCompany(
            "",
            f"The DCP status of {current} is {current.get_dcp_status_display()} meanwhile: look "
            "at the company again.",
        )
    current.dcp_status = after
    current.revision += 1
    current.setup_changed_at = now
    current.save(update_fields=["dcp_status", "revision", "setup_changed_at"])
    record(
        actor=actor,
        action=action,
        subject=current,
        before={"dcp_status": str(before)},
        after={"dcp_status": str(after), **({"reason": reason} if reason else {})},
        at=now,
        organisation_id=current.pk,
    )


def _tell(organisation: Organisation, notice: str, text: str, now: datetime) -> None:
    """Tell the company's active User Admins, each in an e-mail of their own."""
    admins = User.objects.filter(
        is_active=True,
        memberships__organisation=organisation,
        memberships__is_user_admin=True,
        memberships__offboarded_at=None,
        memberships__expires_date__gt=now.date(),
    )
    for person in admins.order_by("pk"):
        queue(
            to=person.email,
            template="company_notice",
            context={
                "first_name": person.first_name,
                "notice": notice,
                "text": text,
                "company_id": organisation.pk,
            },
            organisation_id=organisation.pk,
        )
