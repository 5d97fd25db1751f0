"""A Message Admin asks for a DIP role of an MPID; approved, a User Admin creates its DIP ID."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from audit.services import record
from organisations.actors import Actor
from organisations.errors import UnableToChangeCompany
from organisations.models import DipId, Mpid, Organisation, RoleRequest
from organisations.policies import Action, require
from organisations.roles import DipRoleCode
from organisations.services import dip_ids, requests
from organisations.services.changes import locked, store

State = RoleRequest.State


@transaction.atomic
def request_role(
    *,
    actor: Actor,
    organisation: Organisation,
    mpid: Mpid,
    dip_role_code: str,
    mpr_role_code: str = "",
    note: str = "",
    now: datetime,
) -> RoleRequest:
    """Ask that an MPID of the company be qualified for a DIP role.

    Raises UnableToChangeCompany if it has the role, may have it already, or waits for it.
    """
    require(actor, Action.ROLE_REQUEST, organisation)
    organisation = locked(organisation)
    role = DipRoleCode(dip_role_code)
    if mpid.organisation_id != organisation.pk:
        raise UnableToChangeCompany("mpid", "Choose one of the MPIDs of your company.")
    if DipId.objects.filter(mpid=mpid, dip_role_code=role).exists():
        raise UnableToChangeCompany("dip_role_code", f"MPID {mpid} has a DIP ID as {role} already.")
    earlier = mpid.role_requests.filter(dip_role_code=role)
    if earlier.filter(state=State.PENDING).exists():
        raise UnableToChangeCompany(
            "dip_role_code", f"{role} for MPID {mpid} has been asked for already."
        )
    if earlier.filter(state=State.APPROVED, dip_id=None).exists():
        raise UnableToChangeCompany(
            "dip_role_code",
            f"MPID {mpid} is qualified for {role} already: a User Admin can create its DIP ID.",
        )
    assert actor.user_id is not None  # a member is a person
    asked = RoleRequest(
        organisation=organisation,
        mpid=mpid,
        dip_role_code=role,
        mpr_role_code=mpr_role_code.strip().upper(),
        note=note.strip(),
        requested_at=now,
        requested_by=User.objects.get(pk=actor.user_id),
    )
    store(asked)
    _record("role_request:send", actor, asked, now, note=note)
    return asked


@transaction.atomic
def withdraw(*, actor: Actor, request: RoleRequest, now: datetime) -> None:
    """Take a request back that is not decided yet. Raises UnableToChangeCompany."""
    require(actor, Action.ROLE_REQUEST, request)
    requests.end(request, State.WITHDRAWN, now)
    _record("role_request:withdraw", actor, request, now)


@transaction.atomic
def approve(*, actor: Actor, request: RoleRequest, now: datetime) -> None:
    """Qualify the MPID for the role. Raises UnableToChangeCompany."""
    require(actor, Action.ROLE_DECIDE, request)
    requests.end(request, State.APPROVED, now)
    _record("role_request:approve", actor, request, now)
    requests.tell(
        request,
        f"MPID {request.mpid} is qualified for the DIP role {request.dip_role_code}.",
        "The DIP Manager approved your request. A User Admin of your company can create the DIP "
        "ID now.",
    )


@transaction.atomic
def decline(*, actor: Actor, request: RoleRequest, reason: str, now: datetime) -> None:
    """Decline a request; `reason` is told to whoever asked. Raises UnableToChangeCompany."""
    require(actor, Action.ROLE_DECIDE, request)
    reason = requests.decline(request, reason, now)
    _record("role_request:decline", actor, request, now, reason=reason)
    requests.tell(
        request,
        f"MPID {request.mpid} does not get the DIP role {request.dip_role_code}.",
        f"The DIP Manager declined your request: {reason}",
    )


def qualified(organisation: Organisation) -> list[RoleRequest]:
    """Return the approved roles of a company that have no DIP ID yet: one query."""
    return list(
        organisation.role_requests.filter(state=State.APPROVED, dip_id=None)
        .select_related("mpid")
        .order_by("mpid__code", "dip_role_code")
    )


@transaction.atomic
def create_dip_id(
    *, actor: Actor, organisation: Organisation, request_key: int, now: datetime
) -> DipId:
    """Create the DIP ID of an approved role, with two fresh API keys and no effective dates.

    The DIP Manager sets the dates. Raises UnableToChangeCompany if the role is not approved
    for this company, or has its DIP ID already.
    """
    require(actor, Action.DIP_ID_CREATE_QUALIFIED, organisation)
    organisation = locked(organisation)
    approved = next((it for it in qualified(organisation) if it.pk == request_key), None)
    if approved is None:
        raise UnableToChangeCompany(
            "qualified", "Choose one of the MPIDs and roles that the DIP Manager has approved."
        )
    made = dip_ids.make(
        actor=actor,
        mpid=approved.mpid,
        dip_role_code=approved.dip_role_code,
        mpr_role_code=approved.mpr_role_code,
        now=now,
    )
    approved.dip_id = made
    approved.save(update_fields=["dip_id"])
    return made


def _record(action: str, actor: Actor, request: RoleRequest, now: datetime, **more: str) -> None:
    record(
        actor=actor,
        action=action,
        subject=request.organisation,
        after={"mpid": str(request.mpid), "role": request.dip_role_code, **more},
        at=now,
        organisation_id=request.organisation_id,
    )
