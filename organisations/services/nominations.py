"""Who connects to the DIP on a company's behalf: nominations of DIP Connection Providers."""

import re
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from audit.services import draft, record, record_all
from dip_portal.lib import identities
from organisations.actors import SYSTEM, Actor
from organisations.errors import UnableToChangeCompany
from organisations.models import DcpId, DipId, Nomination, Organisation
from organisations.policies import Action, require
from organisations.services.changes import store, touch


@transaction.atomic
def nominate(
    *,
    actor: Actor,
    organisation: Organisation,
    dcp_id_code: str,
    dip_id: DipId | None = None,
    whitelists_domains: bool = False,
    now: datetime,
) -> Nomination:
    """Nominate a DCP for a company, or for one of its DIP IDs, in place of an earlier one.

    `whitelists_domains` is the form's 'Whitelist DCP's domains'. A DCP ID that is not here
    yet is kept, and the nomination completes when it comes. Raises UnableToChangeCompany.
    """
    require(actor, Action.NOMINATION_MAKE, organisation)
    code = dcp_id_code.strip()
    dcp_id = check(organisation, code, dip_id=dip_id)
    former = organisation.nominations.filter(dip_id=dip_id).first()
    before = _said(former) if former else {}
    if former is not None:
        former.delete()
    nomination = Nomination(
        organisation=organisation,
        dip_id=dip_id,
        dcp_id=dcp_id,
        dcp_id_code=code,
        whitelists_domains=whitelists_domains,
    )
    store(nomination)
    touch(organisation, now)
    record(
        actor=actor,
        action="nomination:make",
        subject=organisation,
        before=before,
        after=_said(nomination),
        at=now,
        organisation_id=organisation.pk,
    )
    return nomination


def check(
    organisation: Organisation, dcp_id_code: str, *, dip_id: DipId | None = None
) -> DcpId | None:
    """Return the DCP ID of this code, or None if it is not here yet.

    Raises UnableToChangeCompany for what can be nominated by nobody, or not by this company.
    """
    if dip_id is not None and dip_id.mpid.organisation_id != organisation.pk:
        raise UnableToChangeCompany("dip_id", f"DIP ID {dip_id} is not one of {organisation}.")
    if not re.fullmatch(identities.DIP_ID_PATTERN, dcp_id_code):
        raise UnableToChangeCompany("dcp_id_code", "A DCP ID has ten digits: ask the DCP for it.")
    dcp_id = DcpId.objects.select_related("organisation").filter(dcp_id=dcp_id_code).first()
    if dcp_id is not None and dcp_id.organisation_id == organisation.pk:
        raise UnableToChangeCompany("dcp_id_code", "A company does not nominate itself.")
    return dcp_id


@transaction.atomic
def remove_nomination(*, actor: Actor, nomination: Nomination, now: datetime) -> None:
    """Remove a nomination, and with it the domains that it whitelisted."""
    require(actor, Action.NOMINATION_MAKE, nomination)
    organisation, before = nomination.organisation, _said(nomination)
    deleted, _ = Nomination.objects.filter(pk=nomination.pk).delete()
    if deleted:
        touch(organisation, now)
        record(
            actor=actor,
            action="nomination:remove",
            subject=organisation,
            before=before,
            at=now,
            organisation_id=organisation.pk,
        )


def complete_pending(dcp_ids: Iterable[DcpId], *, now: datetime) -> list[Nomination]:
    """Complete the nominations that waited for these DCP IDs, which are here now.

    In the caller's transaction; three queries, however many there are. Each is audited as
    the DIP's own doing. Returns the nominations that were completed.
    """
    here = {dcp_id.dcp_id: dcp_id for dcp_id in dcp_ids}
    pending = list(
        Nomination.objects.select_related("organisation").filter(
            dcp_id__isnull=True, dcp_id_code__in=here
        )
    )
    for nomination in pending:
        nomination.dcp_id = here[nomination.dcp_id_code]
    Nomination.objects.bulk_update(pending, ["dcp_id"], batch_size=1000)
    record_all(
        [
            draft(
                actor=SYSTEM,
                action="nomination:complete",
                subject=nomination.organisation,
                after={"dcp_id": nomination.dcp_id_code},
                at=now,
                organisation_id=nomination.organisation_id,
            )
            for nomination in pending
        ]
    )
    return pending


def _said(nomination: Nomination) -> dict[str, str]:
    return {
        "dip_id": str(nomination.dip_id or "all of the company"),
        "dcp_id": nomination.dcp_id_code,
        "whitelists_domains": "yes" if nomination.whitelists_domains else "no",
    }
