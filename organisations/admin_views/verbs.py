"""What the DIP Manager can do on the page of a company: a form each, and the service it calls."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from organisations.actors import Actor
from organisations.forms import company as forms
from organisations.models import Organisation
from organisations.policies import Action
from organisations.services import dip_ids, domains, nominations, organisations, pab

Run = Callable[[Actor, Organisation, dict[str, Any], datetime], str]


@dataclass(frozen=True, kw_only=True)
class Verb:
    """One form of the page.

    `card` is the part of the page that it stands in; `run` does it with what the form says,
    and returns the words that tell it is done. It raises UnableToChangeCompany.
    """

    card: str
    action: Action
    form: type[forms.CompanyForm]
    run: Run


def _edit_details(actor: Actor, company: Organisation, said: dict[str, Any], now: datetime) -> str:
    edited = organisations.edit_organisation(actor=actor, organisation=company, now=now, **said)
    return f"The details of {edited} are saved."


def _record_approval(
    actor: Actor, company: Organisation, said: dict[str, Any], now: datetime
) -> str:
    pab.record_approval(actor=actor, organisation=company, now=now, **said)
    return f"The PAB approval of {company} is recorded: its setup can be extracted."


def _whitelist_domain(
    actor: Actor, company: Organisation, said: dict[str, Any], now: datetime
) -> str:
    made = domains.whitelist_domain(actor=actor, organisation=company, now=now, **said)
    return f"{made} is whitelisted."


def _add_mpid(actor: Actor, company: Organisation, said: dict[str, Any], now: datetime) -> str:
    made = dip_ids.add_mpid(actor=actor, organisation=company, now=now, **said)
    return f"MPID {made} is added. Give it a DIP ID for each of its roles."


def _add_dip_id(actor: Actor, company: Organisation, said: dict[str, Any], now: datetime) -> str:
    made = dip_ids.add_dip_id(actor=actor, now=now, **said)
    return f"DIP ID {made} is added, with fresh API keys. Set its effective dates next."


def _set_effective_dates(
    actor: Actor, company: Organisation, said: dict[str, Any], now: datetime
) -> str:
    chosen = list(said.pop("dip_ids"))
    dip_ids.set_effective_dates(actor=actor, dip_ids=chosen, now=now, **said)
    what = f"DIP ID {chosen[0]}" if len(chosen) == 1 else f"{len(chosen)} DIP IDs"
    return f"The effective dates of {what} are set."


def _add_dcp_id(actor: Actor, company: Organisation, said: dict[str, Any], now: datetime) -> str:
    made = dip_ids.add_dcp_id(actor=actor, organisation=company, now=now, **said)
    return f"DCP ID {made} is added: companies can nominate it."


def _nominate(actor: Actor, company: Organisation, said: dict[str, Any], now: datetime) -> str:
    made = nominations.nominate(actor=actor, organisation=company, now=now, **said)
    if made.is_pending:
        return f"DCP {made.dcp_id_code} is nominated; it completes when that DCP is here."
    return f"DCP {made.dcp_id_code} is nominated."


VERBS = {
    "details": Verb(
        card="details",
        action=Action.ORGANISATION_EDIT,
        form=forms.EditDetailsForm,
        run=_edit_details,
    ),
    "approval": Verb(
        card="approval",
        action=Action.PAB_APPROVAL_RECORD,
        form=forms.ApprovalForm,
        run=_record_approval,
    ),
    "domain": Verb(
        card="domains",
        action=Action.DOMAIN_WHITELIST,
        form=forms.DomainForm,
        run=_whitelist_domain,
    ),
    "mpid": Verb(card="dip-ids", action=Action.DIP_ID_CREATE, form=forms.MpidForm, run=_add_mpid),
    "dip_id": Verb(
        card="dip-ids", action=Action.DIP_ID_CREATE, form=forms.DipIdForm, run=_add_dip_id
    ),
    "effective_dates": Verb(
        card="dip-ids",
        action=Action.EFFECTIVE_DATES_SET,
        form=forms.EffectiveDatesForm,
        run=_set_effective_dates,
    ),
    "dcp_id": Verb(
        card="dcp-ids", action=Action.DCP_ID_CREATE, form=forms.DcpIdForm, run=_add_dcp_id
    ),
    "nomination": Verb(
        card="nominations",
        action=Action.NOMINATION_MAKE,
        form=forms.NominationForm,
        run=_nominate,
    ),
}
