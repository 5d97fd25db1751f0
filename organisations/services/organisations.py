"""The DIP Manager creates companies and edits their details."""

from datetime import datetime
from typing import Any

from django.db import transaction

from audit.services import record
from organisations.actors import Actor
from organisations.errors import UnableToChangeCompany
from organisations.models import Organisation
from organisations.policies import Action, require
from organisations.roles import DcpStatus
from organisations.services.changes import store

DETAILS = ("name", "company_number", "description", "dcp_status")


@transaction.atomic
def create_organisation(
    *,
    actor: Actor,
    name: str,
    company_number: str,
    description: str = "",
    dcp_status: str = DcpStatus.DISABLED,
    parent: Organisation | None = None,
    now: datetime,
) -> Organisation:
    """Create a company, or a child organisation of `parent`. Raises UnableToChangeCompany."""
    require(actor, Action.ORGANISATION_CREATE)
    if parent is not None and parent.parent_id is not None:
        raise UnableToChangeCompany(
            "parent", f"{parent} is a child organisation itself and can have none of its own."
        )
    organisation = Organisation(
        name=name.strip(),
        company_number=company_number.strip().upper(),
        description=_lines(description),
        dcp_status=dcp_status,
        parent=parent,
        created_at=now,
        setup_changed_at=now,
    )
    store(organisation)
    record(
        actor=actor,
        action="organisation:create",
        subject=organisation,
        after={**_details(organisation), "parent": str(parent) if parent else None},
        at=now,
        organisation_id=organisation.pk,
    )
    return organisation


@transaction.atomic
def edit_organisation(
    *,
    actor: Actor,
    organisation: Organisation,
    name: str,
    company_number: str,
    description: str,
    dcp_status: str,
    revision: int,
    now: datetime,
) -> Organisation:
    """Edit a company's details. `revision` is that of the form; a stale one is refused.

    Raises UnableToChangeCompany.
    """
    require(actor, Action.ORGANISATION_EDIT, organisation)
    current = Organisation.objects.select_for_update().get(pk=organisation.pk)
    if current.revision != revision:
        raise UnableToChangeCompany(
            "", "Somebody else has changed this company meanwhile. Look at it again, then edit."
        )
    before = _details(current)
    current.name = name.strip()
    current.company_number = company_number.strip().upper()
    current.description = _lines(description)
    current.dcp_status = dcp_status
    after = _details(current)
    if before == after:
        return current
    if before["dcp_status"] == DcpStatus.APPROVED != dcp_status and current.dcp_ids.exists():
        raise UnableToChangeCompany(
            "dcp_status", "The company has DCP IDs, so that its DCP status stays Approved."
        )
    current.revision += 1
    current.setup_changed_at = now
    store(current)
    record(
        actor=actor,
        action="organisation:edit",
        subject=current,
        before=before,
        after=after,
        at=now,
        organisation_id=current.pk,
    )
    return current


def _details(organisation: Organisation) -> dict[str, Any]:
    return {name: str(getattr(organisation, name)) for name in DETAILS}


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
