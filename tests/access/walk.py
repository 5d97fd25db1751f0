"""Every address of the URL configuration, and the people who knock at it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from audit.services import record
from certificates.models import Certificate, CertificateRequest, DomainRegistration
from channels.models import FailedCall, WebhookTest
from jobs.models import Job
from jobs.services import start
from mail.models import OutgoingMail
from mail.services import queue
from organisations.actors import SYSTEM
from organisations.models import (
    DipId,
    DomainRequest,
    Invitation,
    Membership,
    Nomination,
    Organisation,
    PabApproval,
    RoleRequest,
    WhitelistedDomain,
)
from organisations.roles import DipRoleCode, Role
from tests import factories, pki

NOBODY = "nobody"
ACTORS = (
    NOBODY,
    "user_admin",
    "certificate_admin",
    "message_admin",
    "analytics_reader",
    "limited",  # a Message Admin of one DIP ID, not of the one that the addresses name
    "outsider",  # the User Admin of another company
    "nominated",  # the User Admin of the DIP Connection Provider that the company nominated
    "expired",
    "offboarded",
    "deactivated",  # was a User Admin, until the DIP Manager closed the account
    "dip_manager",
)


@dataclass(frozen=True, kw_only=True)
class World:
    """What the addresses name, and who is there: Super Energy Co and its people."""

    company: Organisation
    dip_id: DipId
    domain: WhitelistedDomain
    domain_request: DomainRequest
    role_request: RoleRequest
    nomination: Nomination
    certificate: Certificate
    registration: DomainRegistration
    request: CertificateRequest
    approval: PabApproval
    invitation: Invitation
    user_admin: Membership
    member: Membership
    invited: Invitation
    webhook_test: WebhookTest
    event: Event
    failed_call: FailedCall
    job: Job
    mail: OutgoingMail
    people: dict[str, User]


def make_world() -> World:
    """Make a company with two DIP IDs and one person for each of ACTORS but nobody."""
    company = factories.company(
        name="Super Energy Co",
        domains=["superenergy.example"],
        roles=[DipRoleCode.SUP, DipRoleCode.MDR],
    )
    named, other = DipId.objects.order_by("dip_id")
    elsewhere = factories.company(name="Bright Grid Ltd")
    now = timezone.now()
    people = {
        name: factories.user(first_name=name.title(), is_dip_manager=name == "dip_manager")
        for name in ACTORS
        if name != NOBODY
    }

    def join(name: str, role: Role, **how: object) -> None:
        factories.membership(
            **{"user": people[name], "organisation": company, "roles": [role], **how}  # type: ignore[arg-type]
        )

    join("user_admin", Role.USER_ADMIN)
    join("certificate_admin", Role.CERTIFICATE_ADMIN)
    join("message_admin", Role.MESSAGE_ADMIN)
    join("analytics_reader", Role.ANALYTICS_READER)
    join("limited", Role.MESSAGE_ADMIN, dip_ids=[other])
    join("outsider", Role.USER_ADMIN, organisation=elsewhere)
    join("expired", Role.USER_ADMIN, expires_date=now.date())
    join("offboarded", Role.USER_ADMIN, offboarded=True)
    join("deactivated", Role.USER_ADMIN)
    dcp_id = factories.dcp(name="Conduit Connect")
    join("nominated", Role.USER_ADMIN, organisation=dcp_id.organisation)
    for person in people.values():
        factories.pass_gates(person)
    User.objects.filter(pk=people["deactivated"].pk).update(is_active=False)
    return World(
        company=company,
        dip_id=named,
        domain=company.whitelisted_domains.get(),
        domain_request=factories.domain_request(
            organisation=company, requested_by=people["user_admin"]
        ),
        role_request=factories.role_request(mpid=named.mpid, requested_by=people["message_admin"]),
        nomination=factories.nomination(organisation=company, of=dcp_id, domains=True),
        certificate=pki.held(company).row,
        registration=factories.domain_registration(organisation=company),
        request=factories.certificate_request(organisation=company),
        approval=factories.pab_approval(organisation=company),
        invitation=factories.invitation(organisation=company, is_primary=True),
        user_admin=company.memberships.get(user=people["user_admin"]),
        member=company.memberships.get(user=people["analytics_reader"]),
        invited=factories.invitation(organisation=company),
        webhook_test=factories.webhook_test(
            webhook=factories.webhook(dip_id=named, publication="STATUS")
        ),
        event=record(actor=SYSTEM, action="organisation:create", subject=company),
        failed_call=factories.failed_call(dip_id=named),
        job=start(kind="promotion.extract", actor=SYSTEM, items=[]),
        mail=queue(to="priya@superenergy.example", template="security_notice", context={}),
        people=people,
    )


def routes() -> list[str]:
    """Return the route of every address, as the URL configuration writes it."""
    return list(_routes(get_resolver().url_patterns))


def _routes(patterns: "list[URLPattern | URLResolver]", before: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        else:
            yield route


def path_of(route: str, arguments: dict[str, Any]) -> str:
    """Return the path of a route, with these arguments in it."""
    path = re.sub(r"<\w+:(\w+)>", lambda part: str(arguments[part[1]]), route)
    path = re.sub(r"\(\?P<(\w+)>[^)]*\)", lambda part: str(arguments[part[1]]), path)
    return "/" + path.replace("^", "").replace("/?$", "").replace("$", "")
