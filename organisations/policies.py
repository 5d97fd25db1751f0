"""THE access table: who may do what. Every page, API, admin page and job asks here.

Three verbs use the table: `decide` (may they, and if not why), `require` (the first line
of every write) and `visible` (the only tenancy filter for reads). Strangers are told
nothing (404); a member without the right is told why (403). What only the other
environment does is nobody's here, and answers 404 too.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import Http404

from controls import state
from dip_portal.lib import environment as environments
from dip_portal.lib.environment import Environment
from organisations.actors import (
    ActingMembership,
    Actor,
    DipIdActor,
    DipManagerActor,
    MemberActor,
    OtherEnvironmentActor,
)
from organisations.models import Nomination
from organisations.roles import DcpStatus, Role

AnyModel = TypeVar("AnyModel", bound=Model)


class Action(StrEnum):
    """Everything that somebody may be allowed to do, as `scope:verb`."""

    ORGANISATION_VIEW = "organisation:view"
    ORGANISATION_CREATE = "organisation:create"
    ORGANISATION_EDIT = "organisation:edit"
    ORGANISATION_VERIFY = "organisation:verify"
    ORGANISATION_DESCRIBE = "organisation:edit_description"
    ORGANISATION_ADD_CHILD = "organisation:add_child"
    PAB_APPROVAL_RECORD = "pab_approval:record"
    PAB_APPROVAL_WITHDRAW = "pab_approval:withdraw"
    DOMAIN_WHITELIST = "domain:whitelist"
    DOMAIN_REQUEST = "domain:request"
    DOMAIN_DECIDE = "domain:decide"
    DIP_ID_VIEW = "dip_id:view"
    DIP_ID_CREATE = "dip_id:create"
    DIP_ID_CREATE_QUALIFIED = "dip_id:create_for_qualified_role"
    EFFECTIVE_DATES_SET = "dip_id:set_effective_dates"
    API_KEY_REVEAL = "api_key:reveal"
    API_KEY_REGENERATE = "api_key:regenerate"
    ROLE_REQUEST = "dip_role:request"
    ROLE_DECIDE = "dip_role:decide"
    NOMINATION_MAKE = "nomination:make"
    DCP_REQUEST = "dcp:request"
    DCP_DECIDE = "dcp:decide"
    DCP_ID_CREATE = "dcp_id:create"
    MEMBER_VIEW = "member:view"
    MEMBER_CREATE = "member:create"
    MEMBER_EDIT = "member:edit"
    MEMBER_EXTEND = "member:extend"
    MEMBER_OFFBOARD = "member:offboard"
    MEMBER_EXPORT = "member:export"
    INVITATION_VIEW = "invitation:view"
    INVITATION_SEND = "invitation:send"
    INVITATION_REVOKE = "invitation:revoke"
    CERTIFICATE_VIEW = "certificate:view"
    CERTIFICATE_MANAGE = "certificate:manage"
    CERTIFICATE_RETRY = "certificate:retry"
    CHANNEL_VIEW = "channel:view"
    CHANNEL_CONFIGURE = "channel:configure"
    CHANNEL_TEST = "channel:test"
    PIPELINE_VIEW = "promotion:view"
    EXTRACT_VIEW = "extract:view"
    EXTRACT_MAKE = "extract:make"
    EXTRACT_FETCH = "extract:fetch"
    IMPORT_VIEW = "import:view"
    IMPORT_RECEIVE = "import:receive"
    IMPORT_APPLY = "import:apply"
    USER_VIEW = "user:view"
    USER_RESET_SECOND_FACTOR = "user:reset_second_factor"
    USER_DEACTIVATE = "user:deactivate"
    USER_REACTIVATE = "user:reactivate"
    AUDIT_VIEW = "audit:view"
    OPERATIONS_VIEW = "operations:view"
    JOB_VIEW = "job:view"
    MAIL_VIEW = "mail:view"
    MAIL_RETRY = "mail:retry"
    TEST_CONTROLS_SET = "test_controls:set"


def _in_a_portal(environment: Environment) -> bool:
    return not environment.is_certificate_authority


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Who may: members with one of `roles`, DIP Managers, the other environment.

    `own_dip_id` is a DIP ID itself, by the API, with what is its own. `dcp_roles` are the roles
    with which a member of a DIP Connection Provider may, that the company nominated for itself
    or for one of its DIP IDs.

    `where` says in which environments the action exists at all: in both portals if it does
    not say. `within_dip_ids` says that a member who is limited to some DIP IDs may act on
    these only.
    """

    roles: frozenset[Role] = frozenset()
    dip_manager: bool = False
    other_environment: bool = False
    own_dip_id: bool = False
    dcp_roles: frozenset[Role] = frozenset()
    where: Callable[[Environment], bool] = _in_a_portal
    within_dip_ids: bool = False


def _extracting(environment: Environment) -> bool:
    return environment.can_extract


def _importing(environment: Environment) -> bool:
    return environment.can_import


def _rehearsing(environment: Environment) -> bool:
    return state.are_here()


ANY_MEMBER = frozenset(Role)
USER_ADMIN = frozenset({Role.USER_ADMIN})
CERTIFICATE_ADMIN = frozenset({Role.CERTIFICATE_ADMIN})
MESSAGE_ADMIN = frozenset({Role.MESSAGE_ADMIN})
ADMINS = frozenset({Role.USER_ADMIN, Role.CERTIFICATE_ADMIN, Role.MESSAGE_ADMIN})
OPERATOR = Rule(dip_manager=True)

RULES: dict[Action, Rule] = {
    Action.ORGANISATION_VIEW: Rule(roles=ANY_MEMBER, dip_manager=True),
    Action.ORGANISATION_CREATE: OPERATOR,
    Action.ORGANISATION_EDIT: OPERATOR,
    Action.ORGANISATION_VERIFY: Rule(roles=USER_ADMIN),
    Action.ORGANISATION_DESCRIBE: Rule(roles=USER_ADMIN),
    Action.ORGANISATION_ADD_CHILD: Rule(roles=USER_ADMIN),
    Action.PAB_APPROVAL_RECORD: Rule(dip_manager=True, where=_extracting),
    Action.PAB_APPROVAL_WITHDRAW: Rule(dip_manager=True, where=_extracting),
    Action.DOMAIN_WHITELIST: OPERATOR,
    Action.DOMAIN_REQUEST: Rule(roles=USER_ADMIN),
    Action.DOMAIN_DECIDE: OPERATOR,
    Action.DIP_ID_VIEW: Rule(roles=ANY_MEMBER, dip_manager=True, within_dip_ids=True),
    Action.DIP_ID_CREATE: OPERATOR,
    Action.DIP_ID_CREATE_QUALIFIED: Rule(roles=USER_ADMIN),
    Action.EFFECTIVE_DATES_SET: OPERATOR,
    # Who keeps DIP IDs, and who sets webhooks by the API, for which the key is needed.
    Action.API_KEY_REVEAL: Rule(roles=USER_ADMIN | MESSAGE_ADMIN, within_dip_ids=True),
    Action.API_KEY_REGENERATE: Rule(roles=USER_ADMIN | MESSAGE_ADMIN, within_dip_ids=True),
    Action.ROLE_REQUEST: Rule(roles=MESSAGE_ADMIN),
    Action.ROLE_DECIDE: OPERATOR,
    Action.NOMINATION_MAKE: Rule(roles=USER_ADMIN, dip_manager=True),
    Action.DCP_REQUEST: Rule(roles=USER_ADMIN),
    Action.DCP_DECIDE: OPERATOR,
    Action.DCP_ID_CREATE: Rule(roles=USER_ADMIN, dip_manager=True),
    Action.MEMBER_VIEW: Rule(roles=ANY_MEMBER, dip_manager=True),
    Action.MEMBER_CREATE: Rule(roles=USER_ADMIN),
    Action.MEMBER_EDIT: Rule(roles=USER_ADMIN),
    Action.MEMBER_EXTEND: Rule(roles=USER_ADMIN),
    Action.MEMBER_OFFBOARD: Rule(roles=USER_ADMIN),
    Action.MEMBER_EXPORT: Rule(roles=USER_ADMIN),
    Action.INVITATION_VIEW: OPERATOR,
    Action.INVITATION_SEND: OPERATOR,
    Action.INVITATION_REVOKE: OPERATOR,
    Action.CERTIFICATE_VIEW: Rule(roles=ANY_MEMBER, dip_manager=True, dcp_roles=ANY_MEMBER),
    Action.CERTIFICATE_MANAGE: Rule(roles=CERTIFICATE_ADMIN, dcp_roles=CERTIFICATE_ADMIN),
    Action.CERTIFICATE_RETRY: Rule(
        roles=CERTIFICATE_ADMIN, dip_manager=True, dcp_roles=CERTIFICATE_ADMIN
    ),
    Action.CHANNEL_VIEW: Rule(
        roles=ANY_MEMBER, dip_manager=True, own_dip_id=True, within_dip_ids=True
    ),
    Action.CHANNEL_CONFIGURE: Rule(roles=MESSAGE_ADMIN, own_dip_id=True, within_dip_ids=True),
    Action.CHANNEL_TEST: Rule(roles=MESSAGE_ADMIN, dip_manager=True, within_dip_ids=True),
    Action.PIPELINE_VIEW: OPERATOR,
    Action.EXTRACT_VIEW: Rule(dip_manager=True, where=_extracting),
    Action.EXTRACT_MAKE: Rule(dip_manager=True, where=_extracting),
    Action.EXTRACT_FETCH: Rule(other_environment=True, where=_extracting),
    Action.IMPORT_VIEW: Rule(dip_manager=True, where=_importing),
    Action.IMPORT_RECEIVE: Rule(dip_manager=True, where=_importing),
    Action.IMPORT_APPLY: Rule(dip_manager=True, where=_importing),
    Action.USER_VIEW: OPERATOR,
    Action.USER_RESET_SECOND_FACTOR: OPERATOR,
    Action.USER_DEACTIVATE: OPERATOR,
    Action.USER_REACTIVATE: OPERATOR,
    Action.AUDIT_VIEW: Rule(roles=ADMINS, dip_manager=True, within_dip_ids=True),
    Action.OPERATIONS_VIEW: OPERATOR,
    Action.JOB_VIEW: OPERATOR,
    Action.MAIL_VIEW: OPERATOR,
    Action.MAIL_RETRY: OPERATOR,
    Action.TEST_CONTROLS_SET: Rule(dip_manager=True, where=_rehearsing),
}

# How a row of each model leads to the company that it belongs to, and to its DIP ID.
ORGANISATION_PATHS = {
    "organisations.organisation": "pk",
    "organisations.pabapproval": "organisation",
    "organisations.whitelisteddomain": "organisation",
    "organisations.domainrequest": "organisation",
    "organisations.rolerequest": "organisation",
    "organisations.mpid": "organisation",
    "organisations.dipid": "mpid__organisation",
    "organisations.dcpid": "organisation",
    "organisations.nomination": "organisation",
    "organisations.membership": "organisation",
    "organisations.invitation": "organisation",
    "organisations.apikey": "dip_id__mpid__organisation",
    "channels.webhookconfiguration": "dip_id__mpid__organisation",
    "channels.webhooktest": "webhook__dip_id__mpid__organisation",
    "channels.failedcall": "dip_id__mpid__organisation",
    "certificates.certificate": "organisation",
    "certificates.atlascredential": "organisation",
    "certificates.certificaterequest": "organisation",
    "certificates.domainregistration": "organisation",
    "audit.event": "organisation_id",
}
EVENT = "audit.event"
DIP_ID = "organisations.dipid"
DIP_ID_PATHS = {
    "organisations.dipid": "pk",
    "organisations.apikey": "dip_id",
    "channels.webhookconfiguration": "dip_id",
    "channels.webhooktest": "webhook__dip_id",
    "channels.failedcall": "dip_id",
}


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
    if isinstance(actor, DipIdActor):
        return ALLOWED if rule.own_dip_id and _is_of(actor, resource) else STRANGER
    if not isinstance(actor, MemberActor) or resource is None:
        return STRANGER
    organisation_id = _organisation_id(resource)
    membership = actor.membership_in(organisation_id)
    if membership is None or not membership.roles & rule.roles:
        return _decide_as_dcp(actor, rule, organisation_id, is_member=membership is not None)
    if rule.within_dip_ids and membership.dip_ids is not None:
        dip_id = _dip_id(resource)
        if dip_id is not None and dip_id not in membership.dip_ids:
            return STRANGER
    return ALLOWED


def decide_anywhere(actor: Actor, action: Action) -> Decision:
    """Tell whether the actor may do this in at least one company, for a page of all of them."""
    rule = RULES[action]
    if not isinstance(actor, MemberActor) or not rule.where(environments.current()):
        return decide(actor, action)
    if any(own.roles & rule.roles for own in actor.memberships):
        return ALLOWED
    return _for_roles(rule) if actor.memberships else STRANGER


def require(actor: Actor, action: Action, resource: Model | None = None) -> None:
    """Pass, or raise Stranger (404) or Refused (403, with the reason)."""
    enforce(decide(actor, action, resource))


def enforce(decision: Decision) -> None:
    """Pass if it is allowed, or raise Stranger (404) or Refused (403, with the reason)."""
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
    label = queryset.model._meta.label_lower
    if isinstance(actor, DipIdActor):
        if not rule.own_dip_id or label not in DIP_ID_PATHS:
            return queryset.none()
        return queryset.filter(**{DIP_ID_PATHS[label]: actor.dip_id_key})
    if not isinstance(actor, MemberActor):
        return queryset.none()
    acting = [own for own in actor.memberships if own.roles & rule.roles]
    path = ORGANISATION_PATHS[label]
    if label == EVENT:
        return _events(queryset, acting, rule)
    if not rule.within_dip_ids or label not in DIP_ID_PATHS:
        own_rows = Q(**{f"{path}__in": [own.organisation_id for own in acting]})
        as_dcp = [own.organisation_id for own in actor.memberships if own.roles & rule.dcp_roles]
        if as_dcp:
            nominating = _nominations_of(as_dcp).values("organisation")
            return queryset.filter(own_rows | Q(**{f"{path}__in": nominating}))
        return queryset.filter(own_rows)
    everywhere = [own.organisation_id for own in acting if own.dip_ids is None]
    some: set[int] = set().union(*(own.dip_ids for own in acting if own.dip_ids is not None))
    return queryset.filter(**{f"{path}__in": everywhere}) | queryset.filter(
        **{f"{DIP_ID_PATHS[label]}__in": some}
    )


def _decide_as_dcp(
    actor: MemberActor, rule: Rule, organisation_id: int | None, *, is_member: bool
) -> Decision:
    """Decide for who lacks the role in the company itself: one query, if the rule has DCPs."""
    refused = _for_roles(rule)
    if not rule.dcp_roles:
        return refused if is_member else STRANGER
    nominated = set(
        _nominations_of([own.organisation_id for own in actor.memberships])
        .filter(organisation=organisation_id)
        .values_list("dcp_id__organisation", flat=True)
    )
    for own in actor.memberships:
        if own.organisation_id in nominated and own.roles & rule.dcp_roles:
            return ALLOWED
    return refused if is_member or nominated else STRANGER


def _nominations_of(dcps: Collection[int]) -> QuerySet[Nomination]:
    """Return who nominated one of these companies, as long as it is a DCP."""
    return Nomination.objects.filter(
        dcp_id__organisation__in=dcps, dcp_id__organisation__dcp_status=DcpStatus.APPROVED
    )


def _events(
    queryset: QuerySet[AnyModel], acting: list[ActingMembership], rule: Rule
) -> QuerySet[AnyModel]:
    """Return the events of these companies, but no DIP ID's that a member is not limited to.

    An event holds no foreign key: what it was done to is named by type and key.
    """
    rows = queryset.filter(organisation_id__in=[own.organisation_id for own in acting])
    for own in acting:
        if rule.within_dip_ids and own.dip_ids is not None:
            of_dip_ids = Q(organisation_id=own.organisation_id, subject_type=DIP_ID)
            keys = [str(key) for key in own.dip_ids]
            rows = rows.exclude(of_dip_ids & ~Q(subject_id__in=keys))
    return rows


def _for_roles(rule: Rule) -> Decision:
    who = [str(role.label) for role in Role if role in rule.roles]
    if rule.dip_manager:
        who.append("DIP Manager")
    if rule.dcp_roles and rule.dcp_roles != ANY_MEMBER:
        who[-1] += " (of the company, or of the DCP that it nominated)"
    names = " or ".join(who) or "the DIP"
    return Decision(allowed=False, reason=f"Only a person with the role {names} can do this.")


def _organisation_id(resource: Model) -> int | None:
    return _along(resource, ORGANISATION_PATHS[resource._meta.label_lower])


def _dip_id(resource: Model) -> int | None:
    if resource._meta.label_lower == EVENT:
        return int(resource.subject_id) if resource.subject_type == DIP_ID else None  # type: ignore[attr-defined]
    path = DIP_ID_PATHS.get(resource._meta.label_lower)
    if path is None:
        return None
    return _along(resource, path)


def _along(resource: Model, path: str) -> int | None:
    value: Any = resource
    for step in path.split("__"):
        value = getattr(value, step)
    return _key(value)


def _is_of(actor: DipIdActor, resource: Model | None) -> bool:
    if resource is None or resource._meta.label_lower not in DIP_ID_PATHS:
        return False
    return _dip_id(resource) == actor.dip_id_key


def _key(value: Any) -> int | None:
    return value.pk if isinstance(value, Model) else value
