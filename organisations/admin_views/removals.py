"""What the DIP Manager can take away on the page of a company: each asks first."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from organisations.actors import Actor
from organisations.models import Nomination, Organisation, PabApproval, WhitelistedDomain
from organisations.policies import Action
from organisations.services import domains, nominations, pab


@dataclass(frozen=True, kw_only=True)
class Removal:
    """One page that asks before something is taken away.

    `found` gives what of the company can go; `question`, `consequence` and `done` are told
    with `it`, the thing. `remove` calls the service.
    """

    card: str
    action: Action
    found: Callable[[Organisation], QuerySet[Any]]
    remove: Callable[[Actor, Any, datetime], None]
    question: str
    consequence: str
    button: str
    done: str


def _withdraw_approval(actor: Actor, approval: PabApproval, now: datetime) -> None:
    pab.withdraw_approval(actor=actor, approval=approval, now=now)


def _remove_domain(actor: Actor, domain: WhitelistedDomain, now: datetime) -> None:
    domains.remove_domain(actor=actor, domain=domain, now=now)


def _remove_nomination(actor: Actor, nomination: Nomination, now: datetime) -> None:
    nominations.remove_nomination(actor=actor, nomination=nomination, now=now)


REMOVALS = {
    "approval": Removal(
        card="approval",
        action=Action.PAB_APPROVAL_WITHDRAW,
        found=lambda company: company.pab_approvals.filter(withdrawn_at=None),
        remove=_withdraw_approval,
        question="Withdraw the PAB approval {it}?",
        consequence="The company can no longer be extracted, until an approval is recorded "
        "anew. Extracts that were made stay as they are, and so does what Production imported.",
        button="Withdraw the approval",
        done="The PAB approval {it} is withdrawn.",
    ),
    "domain": Removal(
        card="domains",
        action=Action.DOMAIN_WHITELIST,
        found=lambda company: company.whitelisted_domains.all(),
        remove=_remove_domain,
        question="Take {it} off the whitelist?",
        consequence="Nobody can be added from this domain any more, and an open invitation of "
        "somebody there can no longer be accepted. Members who came from it stay members.",
        button="Remove the domain",
        done="{it} is no longer whitelisted.",
    ),
    "nomination": Removal(
        card="nominations",
        action=Action.NOMINATION_MAKE,
        found=lambda company: company.nominations.select_related("dip_id", "organisation"),
        remove=_remove_nomination,
        question="Remove the nomination of {it}?",
        consequence="The DIP Connection Provider no longer connects on the company’s behalf, "
        "and domains that were whitelisted with it are no longer.",
        button="Remove the nomination",
        done="The nomination of {it} is removed.",
    ),
}
