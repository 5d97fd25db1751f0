"""Invented companies to rehearse with, and the people who sign in for them.

Everything goes through the services, as if a DIP Manager did it. Loading a second time
changes nothing. The people's passwords and authenticator secrets are made at random for
each installation and kept in DIP_SECRETS_DIR/demonstration.json.
"""

import json
import secrets as stdlib_secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.db import transaction

from accounts.models import TermsAcceptance, User
from accounts.services import create_user
from dip_portal.lib import environment as environments
from dip_portal.lib import keyfiles
from organisations.actors import Actor, DipManagerActor
from organisations.models import DcpId, DipId, Membership, Organisation
from organisations.roles import DcpStatus
from organisations.services.dip_ids import add_dcp_id, add_dip_id, add_mpid
from organisations.services.domains import whitelist_domain
from organisations.services.invitations import MEMBERSHIP_LASTS
from organisations.services.nominations import nominate
from organisations.services.organisations import create_organisation
from organisations.services.pab import record_approval

MANAGER = ("dana.okafor@dip.example", "Dana", "Okafor")
DCP_ID = "1000042001"
SHOWN = "Brightwater Energy Ltd"  # the company that `make run` carries through the promotion
INVITED = ("priya.nair@brightwater-energy.example", "Priya", "Nair")


@dataclass(frozen=True, kw_only=True)
class DemonstrationCompany:
    """An invented company as it is in UIT.

    `mpids` maps MPIDs to the DIP role codes (with the market role code) of their DIP IDs;
    `nominates` whether the company as a whole nominates the demonstration's DCP.
    """

    name: str
    company_number: str
    description: str
    domains: Sequence[str]
    mpids: dict[str, Sequence[tuple[str, str]]]
    parent: str = ""
    is_dcp: bool = False
    nominates: bool = False
    nominates_for: str = ""  # the DIP role code of a single DIP ID
    approved: tuple[str, date] | None = None
    admin: tuple[str, str, str] | None = None


COMPANIES = (
    DemonstrationCompany(
        name="Conduit Connect Ltd",
        company_number="04410275",
        description="Connects market participants to the DIP.",
        domains=["conduit-connect.example"],
        mpids={"CNDT": [("DCP", "")]},
        is_dcp=True,
        approved=("PAB-2026-011", date(2026, 2, 3)),
        admin=("owen.pryce@conduit-connect.example", "Owen", "Pryce"),
    ),
    DemonstrationCompany(
        name=SHOWN,
        company_number="07345120",
        description="Electricity supplier to homes and small firms, mostly in the Midlands.",
        domains=["brightwater-energy.example", "brightwater.example"],
        mpids={"BRWE": [("SUP", "X"), ("MDR", "")], "BRW2": [("SUP", "X")]},
        nominates=True,
        approved=("PAB-2026-014", date(2026, 2, 17)),
        admin=("priya.nair@brightwater-energy.example", "Priya", "Nair"),
    ),
    DemonstrationCompany(
        name="Northmoor Networks plc",
        company_number="02219843",
        description="Distributor of electricity in the north; keeps its own registration service.",
        domains=["northmoor-networks.example"],
        mpids={"NMOR": [("LDSO", "R"), ("REGS", "P"), ("UMSO", "")]},
        approved=("PAB-2026-016", date(2026, 3, 3)),
        admin=("helen.ashdown@northmoor-networks.example", "Helen", "Ashdown"),
    ),
    DemonstrationCompany(
        name="Meridian Metering Group Ltd",
        company_number="05560918",
        description="Metering services; its data services are companies of their own.",
        domains=["meridian-metering.example"],
        mpids={"MERI": [("MSS", "M"), ("MSA", "M")]},
        approved=("PAB-2026-019", date(2026, 3, 17)),
        admin=("tomasz.wojcik@meridian-metering.example", "Tomasz", "Wójcik"),
    ),
    DemonstrationCompany(
        name="Meridian Smart Data Ltd",
        company_number="05560919",
        description="Data service for smart and non-smart meters.",
        domains=["meridian-metering.example"],
        mpids={"MERS": [("SDS", "D")]},
        parent="05560918",
    ),
    DemonstrationCompany(
        name="Meridian Advanced Data Ltd",
        company_number="05560920",
        description="Data service for advanced meters.",
        domains=["meridian-metering.example"],
        mpids={"MERA": [("ADS", "D")]},
        parent="05560918",
        nominates_for="ADS",
    ),
    DemonstrationCompany(
        name="Larkfield Energy Co-operative Ltd",
        company_number="IP31877",
        description="Supplier owned by its customers.",
        domains=["larkfield.example"],
        mpids={"LARK": [("SUP", "X"), ("UMSDS", "")]},
        nominates_for="SUP",
        approved=("PAB-2026-021", date(2026, 4, 7)),
        admin=("ruth.adeyemi@larkfield.example", "Ruth", "Adeyemi"),
    ),
    DemonstrationCompany(
        name="Tidepool Power Ltd",
        company_number="12890447",
        description="A new supplier, still in its qualification.",
        domains=["tidepool-power.example"],
        mpids={"TIDE": [("SUP", "X")]},
        admin=("sam.osei@tidepool-power.example", "Sam", "Osei"),
    ),
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
    kept = _kept()
    people = User.objects.filter(email__in=kept).order_by("-is_staff", "email")
    return [
        SignIn(
            who=_who(person),
            email=person.email,
            password=kept[person.email]["password"],
            authenticator_secret=kept[person.email]["secret"],
            code=totp.format_hotp_value(
                totp.hotp_value(kept[person.email]["secret"], int(time.time()) // 30)
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
        person = _person(*company.admin, now=now)
        Membership.objects.create(
            organisation=made,
            user=person,
            is_user_admin=True,
            expires_date=now.date() + MEMBERSHIP_LASTS,
            created_at=now,
        )
        Organisation.objects.filter(pk=made.pk).update(
            details_verified_at=now, details_verified_by=person
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
    kept = _kept()
    if email not in kept:
        kept[email] = {
            "password": stdlib_secrets.token_urlsafe(12),
            "secret": totp.generate_totp_secret(),
        }
        keyfiles.replace(_file(), json.dumps(kept, indent=1))
    person = create_user(
        email=email,
        first_name=first_name,
        last_name=last_name,
        password=kept[email]["password"],
        is_dip_manager=is_dip_manager,
    )
    totp.TOTP.activate(person, kept[email]["secret"])
    TermsAcceptance.objects.create(
        user=person, version=settings.TERMS_OF_USE_VERSION, accepted_at=now
    )
    return person


def _who(person: User) -> str:
    if person.is_dip_manager:
        return f"{person.full_name}, DIP Manager"
    companies = ", ".join(
        membership.organisation.name
        for membership in person.memberships.select_related("organisation")
    )
    return f"{person.full_name}, User Admin of {companies}"


def _file() -> Path:
    return Path(settings.DIP_SECRETS_DIR) / "demonstration.json"


def _kept() -> dict[str, dict[str, str]]:
    kept: dict[str, dict[str, str]] = json.loads(keyfiles.read_or_create(_file(), lambda: "{}"))
    return kept
