"""Invented companies to rehearse with, and the people who sign in for them.

Everything goes through the services, as if a DIP Manager did it. Loading a second time
changes nothing. The people's passwords and authenticator secrets are made at random for
each installation and kept in DIP_SECRETS_DIR/demonstration.json.
"""

import time
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.db import transaction

from accounts.demonstration import keep, kept
from accounts.models import TermsAcceptance, User
from accounts.services import create_user
from dip_portal.lib import environment as environments
from organisations.actors import Actor, DipManagerActor, actor_for
from organisations.models import DcpId, DipId, Membership, Organisation
from organisations.roles import DcpStatus, Role
from organisations.services.dip_ids import add_dcp_id, add_dip_id, add_mpid
from organisations.services.domains import whitelist_domain
from organisations.services.invitations import MEMBERSHIP_LASTS
from organisations.services.members import create_member
from organisations.services.nominations import nominate
from organisations.services.organisations import create_organisation
from organisations.services.pab import record_approval
from promotion.demonstration_companies import (
    COMPANIES,
    DCP_ID,
    MANAGER,
    DemonstrationCompany,
    DemonstrationMember,
)


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """How one of the demonstration's people signs in; `code` is that of this half minute."""

    who: str
    email: str
    password: str
    authenticator_secret: str
    code: str


@transaction.atomic
def load(*, now: datetime) -> None:
    """Make this environment's DIP Manager, and in UIT the companies with their admins."""
    manager = _person(*MANAGER, now=now, is_dip_manager=True)
    if not environments.current().can_extract:
        return
    actor = manager_actor(manager)
    for company in COMPANIES:
        if not Organisation.objects.filter(company_number=company.company_number).exists():
            _make(company, actor, now)


def manager_actor(manager: User | None = None) -> DipManagerActor:
    """Return the demonstration's DIP Manager as an actor. Raises User.DoesNotExist."""
    manager = manager or User.objects.get(email=MANAGER[0])
    return DipManagerActor(user_id=manager.pk, label=str(manager))


def sign_ins() -> list[SignIn]:
    """Return how the people that are loaded in this environment sign in."""
    passwords = kept()
    people = User.objects.filter(email__in=passwords).order_by("-is_staff", "email")
    return [
        SignIn(
            who=_who(person),
            email=person.email,
            password=passwords[person.email]["password"],
            authenticator_secret=passwords[person.email]["secret"],
            code=totp.format_hotp_value(
                totp.hotp_value(passwords[person.email]["secret"], int(time.time()) // 30)
            ),
        )
        for person in people
    ]


def _make(company: DemonstrationCompany, actor: Actor, now: datetime) -> None:
    parent = Organisation.objects.filter(company_number=company.parent).first()
    made = create_organisation(
        actor=actor,
        name=company.name,
        company_number=company.company_number,
        description=company.description,
        dcp_status=DcpStatus.APPROVED if company.is_dcp else DcpStatus.DISABLED,
        parent=parent,
        now=now,
    )
    for domain in company.domains:
        whitelist_domain(actor=actor, organisation=made, domain=domain, now=now)
    if company.is_dcp:
        add_dcp_id(actor=actor, organisation=made, dcp_id=DCP_ID, now=now)
    for code, roles in company.mpids.items():
        mpid = add_mpid(actor=actor, organisation=made, code=code, now=now)
        for dip_role_code, mpr_role_code in roles:
            dip_id = add_dip_id(
                actor=actor,
                mpid=mpid,
                dip_role_code=dip_role_code,
                mpr_role_code=mpr_role_code,
                effective_from_date=date(2025, 7, 1),
                now=now,
            )
            if company.nominates_for == dip_role_code:
                _nominate(actor, made, dip_id, now)
    if company.nominates:
        _nominate(actor, made, None, now)
    if company.approved:
        reference, day = company.approved
        record_approval(
            actor=actor, organisation=made, reference=reference, approved_date=day, now=now
        )
    if company.admin:
        _staff(company, company.admin, made, now)


def _staff(
    company: DemonstrationCompany, admin: tuple[str, str, str], made: Organisation, now: datetime
) -> None:
    first = _join(DemonstrationMember(person=admin, roles=[Role.USER_ADMIN]), made, now)
    Organisation.objects.filter(pk=made.pk).update(
        details_verified_at=now, details_verified_by=first
    )
    for member in company.members:
        _join(member, made, now)
    for invited in company.invited:
        _invite(invited, made, first, now)


def _join(member: DemonstrationMember, company: Organisation, now: datetime) -> User:
    person = _person(*member.person, now=now)
    lasts = MEMBERSHIP_LASTS if member.days_left is None else timedelta(days=member.days_left)
    membership = Membership(
        organisation=company,
        user=person,
        all_dip_ids=not member.mpid,
        expires_date=now.date() + lasts,
        created_at=now,
    )
    membership.roles = member.roles
    membership.save()
    membership.dip_ids.set(DipId.objects.filter(mpid__code=member.mpid))
    return person


def _invite(member: DemonstrationMember, company: Organisation, admin: User, now: datetime) -> None:
    email, first_name, last_name = member.person
    create_member(
        actor=actor_for(admin, day=now.date()),
        organisation=company,
        first_name=first_name,
        last_name=last_name,
        email=email,
        roles=member.roles,
        dip_ids=None,
        now=now,
    )


def _nominate(actor: Actor, company: Organisation, dip_id: DipId | None, now: datetime) -> None:
    nominate(
        actor=actor,
        organisation=company,
        dip_id=dip_id,
        dcp_id_code=DcpId.objects.get(dcp_id=DCP_ID).dcp_id,
        whitelists_domains=dip_id is None,
        now=now,
    )


def _person(
    email: str, first_name: str, last_name: str, *, now: datetime, is_dip_manager: bool = False
) -> User:
    """Return this person, made with an authenticator app and the terms accepted if new."""
    known = User.objects.filter(email=email).first()
    if known is not None:
        return known
    own = keep(email)
    person = create_user(
        email=email,
        first_name=first_name,
        last_name=last_name,
        password=own["password"],
        is_dip_manager=is_dip_manager,
    )
    totp.TOTP.activate(person, own["secret"])
    TermsAcceptance.objects.create(
        user=person, version=settings.TERMS_OF_USE_VERSION, accepted_at=now
    )
    return person


def _who(person: User) -> str:
    if person.is_dip_manager:
        return f"{person.full_name}, DIP Manager"
    places = " and ".join(
        f"{', '.join(label.removeprefix('MP ') for label in membership.role_labels)} "
        f"of {membership.organisation}"
        for membership in person.memberships.select_related("organisation").order_by("pk")
    )
    return f"{person.full_name}, {places}"
