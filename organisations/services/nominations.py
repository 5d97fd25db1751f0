"""Who connects to the DIP on a company's behalf: nominations of DIP Connection Providers."""

from collections.abc import Iterable
from datetime import datetime

from audit.services import draft, record_all
from organisations.actors import SYSTEM
from organisations.models import DcpId, Nomination


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
