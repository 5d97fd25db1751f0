"""The identities of a company: MPIDs, DIP IDs with their effective dates, DCP IDs."""

import secrets
from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from audit.services import draft, record, record_all
from organisations.actors import Actor
from organisations.errors import UnableToChangeCompany
from organisations.models import DcpId, DipId, Mpid, Organisation
from organisations.policies import Action, require
from organisations.roles import DIP_ID_PREFIXES, DcpStatus, DipRoleCode
from organisations.services import api_keys
from organisations.services.changes import locked, store, touch
from organisations.services.nominations import complete_pending


@transaction.atomic
def add_mpid(*, actor: Actor, organisation: Organisation, code: str, now: datetime) -> Mpid:
    """Give a company an MPID. Raises UnableToChangeCompany if another company holds it."""
    require(actor, Action.DIP_ID_CREATE, organisation)
    code = code.strip().upper()
    holder = Organisation.objects.filter(mpids__code=code).first()
    if holder is not None:
        raise UnableToChangeCompany("code", f"MPID {code} is held by {holder} already.")
    mpid = Mpid(organisation=organisation, code=code)
    store(mpid)
    touch(organisation, now)
    _record("mpid:create", actor, mpid, organisation, {"mpid": code}, now)
    return mpid


@transaction.atomic
def add_dip_id(
    *,
    actor: Actor,
    mpid: Mpid,
    dip_role_code: str,
    mpr_role_code: str = "",
    dip_id: str = "",
    effective_from_date: date | None = None,
    effective_to_date: date | None = None,
    now: datetime,
) -> DipId:
    """Give an MPID the DIP ID of a role, with two fresh API keys.

    Without `dip_id` a free one is chosen, with the first two digits of its role. Dates
    given here are set by the DIP Manager, and count. Raises UnableToChangeCompany.
    """
    require(actor, Action.DIP_ID_CREATE, mpid)
    return make(
        actor=actor,
        mpid=mpid,
        dip_role_code=dip_role_code,
        mpr_role_code=mpr_role_code,
        dip_id=dip_id,
        effective_from_date=effective_from_date,
        effective_to_date=effective_to_date,
        now=now,
    )


def make(
    *,
    actor: Actor,
    mpid: Mpid,
    dip_role_code: str,
    mpr_role_code: str = "",
    dip_id: str = "",
    effective_from_date: date | None = None,
    effective_to_date: date | None = None,
    now: datetime,
) -> DipId:
    """Do as `add_dip_id` does, for a caller that has asked the policies and holds a transaction."""
    if dip_id and DipId.objects.filter(dip_id=dip_id).exists():
        raise UnableToChangeCompany("dip_id", f"DIP ID {dip_id} exists already.")
    made = DipId(
        mpid=mpid,
        dip_id=dip_id or _free_dip_id(dip_role_code),
        dip_role_code=dip_role_code,
        mpr_role_code=mpr_role_code.strip().upper(),
        effective_from_date=effective_from_date,
        effective_to_date=effective_to_date,
        effective_dates_set_at=now if effective_from_date else None,
    )
    _require_order(effective_from_date, effective_to_date)
    store(made)
    api_keys.generate([made], now=now)
    touch(mpid.organisation, now)
    after = {"dip_id": made.dip_id, "mpid": mpid.code, "role": dip_role_code, **_dates(made)}
    _record("dip_id:create", actor, made, mpid.organisation, after, now)
    return made


@transaction.atomic
def set_effective_dates(
    *,
    actor: Actor,
    dip_ids: Sequence[DipId],
    effective_from_date: date,
    effective_to_date: date | None,
    now: datetime,
) -> None:
    """Set the effective dates (MPR) of one or many DIP IDs, which count from now on.

    The DIP Manager does this for each Production DIP ID under PAB guidance (seminar,
    'DIP Id Management'). All or none: raises UnableToChangeCompany, Refused or Stranger.
    """
    if not dip_ids:
        raise UnableToChangeCompany("dip_ids", "Choose the DIP IDs that these dates are for.")
    _require_order(effective_from_date, effective_to_date)
    locked = DipId.objects.select_for_update(of=("self",)).select_related("mpid__organisation")
    chosen = list(locked.filter(pk__in=[dip_id.pk for dip_id in dip_ids]).order_by("pk"))
    events = []
    for dip_id in chosen:
        require(actor, Action.EFFECTIVE_DATES_SET, dip_id)
        before = _dates(dip_id)
        dip_id.effective_from_date = effective_from_date
        dip_id.effective_to_date = effective_to_date
        dip_id.effective_dates_set_at = now
        events.append(
            draft(
                actor=actor,
                action="dip_id:set_effective_dates",
                subject=dip_id,
                before=before,
                after=_dates(dip_id),
                at=now,
                organisation_id=dip_id.mpid.organisation_id,
            )
        )
    DipId.objects.filter(pk__in=[dip_id.pk for dip_id in chosen]).update(
        effective_from_date=effective_from_date,
        effective_to_date=effective_to_date,
        effective_dates_set_at=now,
    )
    for organisation in {dip_id.mpid.organisation for dip_id in chosen}:
        touch(organisation, now)
    record_all(events)


@transaction.atomic
def add_dcp_id(
    *,
    actor: Actor,
    organisation: Organisation,
    dcp_id: str = "",
    known: int | None = None,
    now: datetime,
) -> DcpId:
    """Give a DIP Connection Provider a DCP ID; nominations that waited for it are completed.

    `known` is how many DCP IDs the person saw: a form that is sent twice makes one, not two.
    Raises UnableToChangeCompany if its DCP status is not Approved, the ID is taken, or the
    company has another number of them than `known` meanwhile.
    """
    require(actor, Action.DCP_ID_CREATE, organisation)
    organisation = locked(organisation)
    if organisation.dcp_status != DcpStatus.APPROVED:
        raise UnableToChangeCompany(
            "dcp_id", "Only a company with DCP status Approved has DCP IDs."
        )
    if known is not None and organisation.dcp_ids.count() != known:
        raise UnableToChangeCompany(
            "", "A DCP ID was created just now. Create one more only if you need it."
        )
    if DcpId.objects.filter(dcp_id=dcp_id).exists():
        raise UnableToChangeCompany("dcp_id", f"DCP ID {dcp_id} exists already.")
    made = DcpId(organisation=organisation, dcp_id=dcp_id or _free_dip_id(DipRoleCode.DCP))
    store(made)
    touch(organisation, now)
    _record("dcp_id:create", actor, made, organisation, {"dcp_id": made.dcp_id}, now)
    complete_pending([made], now=now)
    return made


def _free_dip_id(role: str) -> str:
    """Return ten digits that no DIP ID or DCP ID has; a role that is unknown gets any."""
    prefix = DIP_ID_PREFIXES.get(DipRoleCode(role), "99") if role in DipRoleCode.values else "99"
    while True:
        digits = f"{prefix}{secrets.randbelow(10**8):08d}"
        taken = DipId.objects.filter(dip_id=digits).exists()
        if not taken and not DcpId.objects.filter(dcp_id=digits).exists():
            return digits


def _require_order(effective_from: date | None, effective_to: date | None) -> None:
    if effective_to is None:
        return
    if effective_from is None or effective_to <= effective_from:
        raise UnableToChangeCompany(
            "effective_to_date", "The effective to date must be after the effective from date."
        )


def _dates(dip_id: DipId) -> dict[str, str | None]:
    return {
        name: value.isoformat() if value else None
        for name, value in (
            ("effective_from_date", dip_id.effective_from_date),
            ("effective_to_date", dip_id.effective_to_date),
        )
    } | {"set_by_dip_manager": "yes" if dip_id.effective_dates_set_at else "no"}


def _record(
    action: str,
    actor: Actor,
    subject: Mpid | DipId | DcpId,
    organisation: Organisation,
    after: dict[str, str | None],
    now: datetime,
) -> None:
    record(
        actor=actor,
        action=action,
        subject=subject,
        after=after,
        at=now,
        organisation_id=organisation.pk,
    )
