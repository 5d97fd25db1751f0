"""THE access table: who may do what. Every page, API, admin page and job asks here.

Three verbs use the table: `decide` (may they, and if not why), `require` (the first line
of every write) and `visible` (the only tenancy filter for reads). Strangers are told
nothing (404); a member without the right is told why (403). What only the other
environment does is nobody's here, and answers 404 too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404

from dip_portal.lib import environment as environments
from dip_portal.lib.environment import Environment
from organisations.actors import Actor, DipManagerActor, MemberActor, OtherEnvironmentActor
from organisations.roles import Role

AnyModel = TypeVar("AnyModel", bound=Model)


class Action(StrEnum):
    """Everything that somebody may be allowed to do, as `scope:verb`."""

    ORGANISATION_VIEW = "organisation:view"
    ORGANISATION_CREATE = "organisation:create"
    ORGANISATION_EDIT = "organisation:edit"
    ORGANISATION_VERIFY = "organisation:verify"
    PAB_APPROVAL_RECORD = "pab_approval:record"
    PAB_APPROVAL_WITHDRAW = "pab_approval:withdraw"
    DOMAIN_WHITELIST = "domain:whitelist"
    DIP_ID_VIEW = "dip_id:view"
    DIP_ID_CREATE = "dip_id:create"
    EFFECTIVE_DATES_SET = "dip_id:set_effective_dates"
    NOMINATION_MAKE = "nomination:make"
    MEMBER_VIEW = "member:view"
    INVITATION_VIEW = "invitation:view"
    INVITATION_SEND = "invitation:send"
    INVITATION_REVOKE = "invitation:revoke"
    PIPELINE_VIEW = "promotion:view"
    EXTRACT_VIEW = "extract:view"
    EXTRACT_MAKE = "extract:make"
    EXTRACT_FETCH = "extract:fetch"
    IMPORT_VIEW = "import:view"
    IMPORT_RECEIVE = "import:receive"
    IMPORT_APPLY = "import:apply"
    USER_VIEW = "user:view"
    AUDIT_VIEW = "audit:view"
    JOB_VIEW = "job:view"
    MAIL_VIEW = "mail:view"
    MAIL_RETRY = "mail:retry"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Who may: members with one of `roles`, DIP Managers, the other environment.

    `where` says in which environments the action exists at all. `within_dip_ids` says
    that a member who is limited to some DIP IDs may act on these only.
    """

    roles: frozenset[Role] = frozenset()
    dip_manager: bool = False
    other_environment: bool = False
    where: Callable[[Environment], bool] = lambda environment: True
    within_dip_ids: bool = False


def _extracting(environment: Environment) -> bool:
    return environment.can_extract


def _importing(environment: Environment) -> bool:
    return environment.can_import


ANY_MEMBER = frozenset(Role)
USER_ADMIN = frozenset({Role.USER_ADMIN})
OPERATOR = Rule(dip_manager=True)

RULES: dict[Action, Rule] = {
    Action.ORGANISATION_VIEW: Rule(roles=ANY_MEMBER, dip_manager=True),
    Action.ORGANISATION_CREATE: OPERATOR,
    Action.ORGANISATION_EDIT: OPERATOR,
    Action.ORGANISATION_VERIFY: Rule(roles=USER_ADMIN),
    Action.PAB_APPROVAL_RECORD: Rule(dip_manager=True, where=_extracting),
    Action.PAB_APPROVAL_WITHDRAW: Rule(dip_manager=True, where=_extracting),
    Action.DOMAIN_WHITELIST: OPERATOR,
    Action.DIP_ID_VIEW: Rule(roles=ANY_MEMBER, dip_manager=True, within_dip_ids=True),
    Action.DIP_ID_CREATE: OPERATOR,
    Action.EFFECTIVE_DATES_SET: OPERATOR,
    Action.NOMINATION_MAKE: OPERATOR,
    Action.MEMBER_VIEW: Rule(roles=ANY_MEMBER, dip_manager=True),
    Action.INVITATION_VIEW: OPERATOR,
    Action.INVITATION_SEND: OPERATOR,
    Action.INVITATION_REVOKE: OPERATOR,
    Action.PIPELINE_VIEW: OPERATOR,
    Action.EXTRACT_VIEW: Rule(dip_manager=True, where=_extracting),
    Action.EXTRACT_MAKE: Rule(dip_manager=True, where=_extracting),
    Action.EXTRACT_FETCH: Rule(other_environment=True, where=_extracting),
    Action.IMPORT_VIEW: Rule(dip_manager=True, where=_importing),
    Action.IMPORT_RECEIVE: Rule(dip_manager=True, where=_importing),
    Action.IMPORT_APPLY: Rule(dip_manager=True, where=_importing),
    Action.USER_VIEW: OPERATOR,
    Action.AUDIT_VIEW: OPERATOR,
    Action.JOB_VIEW: OPERATOR,
    Action.MAIL_VIEW: OPERATOR,
    Action.MAIL_RETRY: OPERATOR,
}

# How a row of each model leads to the company that it belongs to, and to its DIP ID.
ORGANISATION_PATHS = {
    "organisations.organisation": "pk",
    "organisations.pabapproval": "organisation",
    "organisations.whitelisteddomain": "organisation",
    "organisations.mpid": "organisation",
    "organisations.dipid": "mpid__organisation",
    "organisations.dcpid": "organisation",
    "organisations.nomination": "organisation",
    "organisations.membership": "organisation",
    "organisations.invitation": "organisation",
    "organisations.apikey": "dip_id__mpid__organisation",
}
DIP_ID_PATHS = {"organisations.dipid": "pk", "organisations.apikey": "dip_id"}


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whether an actor may; if not, `reason` for those who may know that the thing exists."""

    allowed: bool
    reason: str = ""
    is_stranger: bool = False

    def __bool__(self) -> bool:
        return self.allowed


class Stranger(Http404):
    """The actor may not know whether the thing exists: 404."""


class Refused(PermissionDenied):
    """The actor knows the thing and may not do this; the text says why: 403."""


ALLOWED = Decision(allowed=True)
STRANGER = Decision(allowed=False, is_stranger=True)


def decide(actor: Actor, action: Action, resource: Model | None = None) -> Decision:
    """Tell whether the actor may do this with this resource, and if not, why.

    `resource` is the company or something of it; None asks for what belongs to no
    company (a list for the DIP Manager, a thing still to be created).
    """
    rule = RULES[action]
    if not rule.where(environments.current()):
        return STRANGER
    if isinstance(actor, DipManagerActor):
        return ALLOWED if rule.dip_manager else _for_roles(rule)
    if isinstance(actor, OtherEnvironmentActor):
        return ALLOWED if rule.other_environment else STRANGER
    if not isinstance(actor, MemberActor) or resource is None:
        return STRANGER
    membership = actor.membership_in(_organisation_id(resource))
    if membership is None:
        return STRANGER
    if not membership.roles & rule.roles:
        return _for_roles(rule)
    if rule.within_dip_ids and membership.dip_ids is not None:
        dip_id = _dip_id(resource)
        if dip_id is not None and dip_id not in membership.dip_ids:
            return STRANGER
    return ALLOWED


def require(actor: Actor, action: Action, resource: Model | None = None) -> None:
    """Pass, or raise Stranger (404) or Refused (403, with the reason)."""
    decision = decide(actor, action, resource)
    if decision.is_stranger:
        raise Stranger
    if not decision.allowed:
        raise Refused(decision.reason)


def visible(actor: Actor, action: Action, queryset: QuerySet[AnyModel]) -> QuerySet[AnyModel]:
    """Return the rows with which the actor may do this; adds no query."""
    rule = RULES[action]
    if not rule.where(environments.current()):
        return queryset.none()
    if isinstance(actor, DipManagerActor):
        return queryset if rule.dip_manager else queryset.none()
    if isinstance(actor, OtherEnvironmentActor):
        return queryset if rule.other_environment else queryset.none()
    if not isinstance(actor, MemberActor):
        return queryset.none()
    label = queryset.model._meta.label_lower
    acting = [own for own in actor.memberships if own.roles & rule.roles]
    path = ORGANISATION_PATHS[label]
    if not rule.within_dip_ids or label not in DIP_ID_PATHS:
        return queryset.filter(**{f"{path}__in": [own.organisation_id for own in acting]})
    everywhere = [own.organisation_id for own in acting if own.dip_ids is None]
    some: set[int] = set().union(*(own.dip_ids for own in acting if own.dip_ids is not None))
    return queryset.filter(**{f"{path}__in": everywhere}) | queryset.filter(
        **{f"{DIP_ID_PATHS[label]}__in": some}
    )


def _for_roles(rule: Rule) -> Decision:
    who = [str(role.label) for role in Role if role in rule.roles]
    if rule.dip_manager:
        who.append("DIP Manager")
    names = " or ".join(who) or "the DIP"
    return Decision(allowed=False, reason=f"Only a person with the role {names} can do this.")


def _organisation_id(resource: Model) -> int:
    value: Any = resource
    for step in ORGANISATION_PATHS[resource._meta.label_lower].split("__"):
        value = getattr(value, step)
    return value.pk if isinstance(value, Model) else int(value)


def _dip_id(resource: Model) -> int | None:
    path = DIP_ID_PATHS.get(resource._meta.label_lower)
    if path is None:
        return None
    value = getattr(resource, path)
    return value.pk if isinstance(value, Model) else int(value)
