"""The DIP Manager creates companies and edits their details."""

from datetime import datetime
from typing import Any

from django.db import transaction

from audit.services import record
from organisations.actors import Actor, DipManagerActor
from organisations.errors import UnableToChangeCompany
from organisations.models import Membership, Organisation, WhitelistedDomain
from organisations.policies import Action, require
from organisations.roles import DcpStatus
from organisations.services import dcp
from organisations.services.changes import store, touch
from organisations.services.invitations import MEMBERSHIP_LASTS

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
    return _create(
        actor=actor,
        name=name,
        company_number=company_number,
        description=description,
        dcp_status=dcp_status,
        parent=parent,
        now=now,
    )


@transaction.atomic
def add_child(
    *,
    actor: Actor,
    parent: Organisation,
    name: str,
    company_number: str,
    description: str,
    now: datetime,
) -> Organisation:
    """Add a child organisation, whose first User Admin the person becomes, for a year.

    It begins with the parent's own whitelisted domains; its details count as verified by
    who enters them. Raises UnableToChangeCompany.
    """
    require(actor, Action.ORGANISATION_ADD_CHILD, parent)
    child = _create(
        actor=actor,
        name=name,
        company_number=company_number,
        description=description,
        dcp_status=DcpStatus.DISABLED,
        parent=parent,
        now=now,
    )
    assert actor.user_id is not None  # a member is a person
    child.details_verified_at = now
    child.details_verified_by_id = actor.user_id
    child.save(update_fields=["details_verified_at", "details_verified_by"])
    domains = parent.whitelisted_domains.order_by("domain").values_list("domain", flat=True)
    WhitelistedDomain.objects.bulk_create(
        WhitelistedDomain(organisation=child, domain=domain) for domain in domains
    )
    membership = Membership.objects.create(
        organisation=child,
        user_id=actor.user_id,
        is_user_admin=True,
        expires_date=now.date() + MEMBERSHIP_LASTS,
        created_at=now,
    )
    record(
        actor=actor,
        action="member:create",
        subject=membership,
        after={"roles": membership.role_labels, "domains": list(domains)},
        at=now,
        organisation_id=child.pk,
    )
    touch(parent, now)
    return child


def _create(
    *,
    actor: Actor,
    name: str,
    company_number: str,
    description: str,
    dcp_status: str,
    parent: Organisation | None,
    now: datetime,
) -> Organisation:
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
    _require_free_number(actor, organisation)
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

    A company that asked for DCP status gets its answer by dcp.approve or dcp.decline alone;
    of any other change of the status its User Admins are told by e-mail.
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
    if before["dcp_status"] == DcpStatus.REQUESTED != dcp_status:
        raise UnableToChangeCompany(
            "dcp_status",
            "The company has requested DCP status: approve or decline the request, under DCP IDs.",
        )
    if before["dcp_status"] == DcpStatus.APPROVED != dcp_status and current.dcp_ids.exists():
        raise UnableToChangeCompany(
            "dcp_status", "The company has DCP IDs, so that its DCP status stays Approved."
        )
    if before["company_number"] != after["company_number"]:
        _require_free_number(actor, current)
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
    if before["dcp_status"] != after["dcp_status"]:
        dcp.tell_changed(current, now)
    return current


@transaction.atomic
def edit_description(
    *, actor: Actor, organisation: Organisation, description: str, revision: int, now: datetime
) -> bool:
    """Change what a company says of itself. `revision` is that of the form; a stale one is refused.

    Returns whether it is another text than before. Raises UnableToChangeCompany; `organisation`
    is then as it is now.
    """
    require(actor, Action.ORGANISATION_DESCRIBE, organisation)
    current = Organisation.objects.select_for_update().get(pk=organisation.pk)
    before, after = current.description, _lines(description)
    if current.revision != revision and before != after:
        organisation.revision, organisation.description = current.revision, before
        raise UnableToChangeCompany(
            "",
            "Somebody else has changed this company since you opened the page. Compare, correct "
            "what you entered where you must, and save once more.",
        )
    if before == after:
        return False
    current.description = after
    current.revision += 1
    current.setup_changed_at = now
    store(current)
    record(
        actor=actor,
        action="organisation:edit",
        subject=current,
        before={"description": before},
        after={"description": after},
        at=now,
        organisation_id=current.pk,
    )
    return True


def _require_free_number(actor: Actor, organisation: Organisation) -> None:
    """Pass if no other company has the number; only the DIP Manager is told which has."""
    same = Organisation.objects.filter(company_number=organisation.company_number)
    holder = same.exclude(pk=organisation.pk).first()
    if holder is not None:
        who = holder.name if isinstance(actor, DipManagerActor) else "Another company"
        raise UnableToChangeCompany("company_number", f"{who} has this company number already.")


def _details(organisation: Organisation) -> dict[str, Any]:
    return {name: str(getattr(organisation, name)) for name in DETAILS}


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
