"""A User Admin asks for a domain to be whitelisted; the DIP Manager approves or declines.

The verbs lock the company's row first, so that of two who decide at the same moment the
second is told what the first decided. Whoever asked is told by e-mail.
"""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from audit.services import record
from dip_portal.lib.identities import InvalidDomain, canonical_domain
from organisations.actors import Actor
from organisations.errors import UnableToChangeCompany
from organisations.models import DomainRequest, Organisation
from organisations.policies import Action, require
from organisations.services import domains, requests
from organisations.services.changes import locked, store


@transaction.atomic
def request_domain(
    *, actor: Actor, organisation: Organisation, domain: str, note: str = "", now: datetime
) -> DomainRequest:
    """Ask that a domain be whitelisted. `note` is what the DIP Manager reads beside it.

    Raises UnableToChangeCompany for what is no domain, or is whitelisted or asked for already.
    """
    require(actor, Action.DOMAIN_REQUEST, organisation)
    organisation = locked(organisation)
    try:
        canonical = canonical_domain(domain)
    except InvalidDomain as error:
        raise UnableToChangeCompany("domain", str(error)) from error
    if organisation.whitelisted_domains.filter(domain=canonical).exists():
        raise UnableToChangeCompany("domain", f"{canonical} is whitelisted already.")
    if organisation.domain_requests.filter(domain=canonical, state="PENDING").exists():
        raise UnableToChangeCompany(
            "domain", f"{canonical} has been asked for already; the DIP Manager will decide."
        )
    assert actor.user_id is not None  # a member is a person
    asked = DomainRequest(
        organisation=organisation,
        domain=canonical,
        note=note.strip(),
        requested_at=now,
        requested_by=User.objects.get(pk=actor.user_id),
    )
    store(asked)
    _record("domain_request:send", actor, asked, now, after={"domain": canonical, "note": note})
    return asked


@transaction.atomic
def withdraw(*, actor: Actor, request: DomainRequest, now: datetime) -> None:
    """Take a request back that is not decided yet. Raises UnableToChangeCompany."""
    require(actor, Action.DOMAIN_REQUEST, request)
    requests.end(request, DomainRequest.State.WITHDRAWN, now)
    _record("domain_request:withdraw", actor, request, now, before={"domain": request.domain})


@transaction.atomic
def approve(*, actor: Actor, request: DomainRequest, now: datetime) -> None:
    """Whitelist the domain that was asked for. Raises UnableToChangeCompany.

    A domain that was whitelisted meanwhile stays so.
    """
    require(actor, Action.DOMAIN_DECIDE, request)
    requests.end(request, DomainRequest.State.APPROVED, now)
    if not request.organisation.whitelisted_domains.filter(domain=request.domain).exists():
        domains.whitelist_domain(
            actor=actor, organisation=request.organisation, domain=request.domain, now=now
        )
    _record("domain_request:approve", actor, request, now, after={"domain": request.domain})
    requests.tell(
        request,
        f"{request.domain} is whitelisted for {request.organisation}.",
        "The DIP Manager approved your request. You can create members from this domain now.",
    )


@transaction.atomic
def decline(*, actor: Actor, request: DomainRequest, reason: str, now: datetime) -> None:
    """Decline a request; `reason` is told to whoever asked. Raises UnableToChangeCompany."""
    require(actor, Action.DOMAIN_DECIDE, request)
    reason = requests.decline(request, reason, now)
    after = {"domain": request.domain, "reason": reason}
    _record("domain_request:decline", actor, request, now, after=after)
    requests.tell(
        request,
        f"{request.domain} is not whitelisted for {request.organisation}.",
        f"The DIP Manager declined your request: {reason}",
    )


def _record(
    action: str,
    actor: Actor,
    request: DomainRequest,
    now: datetime,
    *,
    before: dict[str, str] | None = None,
    after: dict[str, str] | None = None,
) -> None:
    record(
        actor=actor,
        action=action,
        subject=request.organisation,
        before=before,
        after=after,
        at=now,
        organisation_id=request.organisation_id,
    )
