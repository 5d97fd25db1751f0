"""Makes what a test starts from, past every rule but the database's own."""

import itertools
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils import timezone

from accounts.models import TermsAcceptance, User
from accounts.second_factor import PURPOSE
from accounts.services import create_user
from certificates.models import CertificateRequest, DomainRegistration
from channels.models import FailedCall, WebhookConfiguration, WebhookTest
from dip_portal.lib import secrets
from organisations.models import (
    DcpId,
    DipId,
    DomainRequest,
    Invitation,
    Membership,
    Mpid,
    Nomination,
    Organisation,
    PabApproval,
    RoleRequest,
    WhitelistedDomain,
)
from organisations.models.grant import ROLE_FIELDS
from organisations.roles import DIP_ID_PREFIXES, DcpStatus, DipRoleCode, Role
from organisations.services import api_keys

PASSWORD = "a-long-enough-passphrase"
_numbers = itertools.count(1)


def user(
    *,
    email: str = "",
    first_name: str = "Robin",
    last_name: str = "Doe",
    is_dip_manager: bool = False,
) -> User:
    """Make a person who can sign in with PASSWORD."""
    return create_user(
        email=email or f"person{next(_numbers)}@superenergy.example",
        first_name=first_name,
        last_name=last_name,
        password=PASSWORD,
        is_dip_manager=is_dip_manager,
    )


def pass_gates(person: User) -> None:
    """Give a person a second factor, the Terms of Use accepted, and verified companies."""
    Authenticator.objects.get_or_create(
        user=person,
        type=Authenticator.Type.TOTP,
        defaults={"data": {"secret": secrets.encrypt("unused", purpose=PURPOSE)}},
    )
    TermsAcceptance.objects.get_or_create(user=person, version=settings.TERMS_OF_USE_VERSION)
    Organisation.objects.filter(memberships__user=person, details_verified_at__isnull=True).update(
        details_verified_at=timezone.now(), details_verified_by=person
    )


def mpid_code(number: int) -> str:
    """Return the MPID of this number: four characters in 0-9, A-Z."""
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    code = ""
    for _ in range(4):
        number, digit = divmod(number, len(digits))
        code = digits[digit] + code
    return code


def company(
    *,
    name: str = "",
    company_number: str = "",
    description: str = "Our company.",
    domains: Sequence[str] = (),
    roles: Sequence[str] = (DipRoleCode.SUP,),
    parent: Organisation | None = None,
    dcp_status: str = DcpStatus.DISABLED,
    **fields: Any,
) -> Organisation:
    """Make a company with one MPID, and a DIP ID for each of these DIP role codes."""
    number = next(_numbers)
    now = timezone.now()
    organisation = Organisation.objects.create(
        name=name or f"Company {number} Ltd",
        company_number=company_number or f"{number:08d}",
        description=description,
        dcp_status=dcp_status,
        parent=parent,
        created_at=now,
        setup_changed_at=now,
        **fields,
    )
    WhitelistedDomain.objects.bulk_create(
        WhitelistedDomain(organisation=organisation, domain=domain) for domain in domains
    )
    if roles:
        mpid = Mpid.objects.create(organisation=organisation, code=mpid_code(number))
        for role in roles:
            dip_id(mpid=mpid, role=role)
    return organisation


def dip_id(
    *,
    mpid: Mpid,
    role: str = DipRoleCode.SUP,
    effective_from: date | None = date(2025, 7, 1),
    effective_to: date | None = None,
    dates_set: bool = True,
) -> DipId:
    """Make a DIP ID with both of its API keys."""
    code = f"{DIP_ID_PREFIXES[DipRoleCode(role)]}{next(_numbers):08d}"
    made = DipId.objects.create(
        mpid=mpid,
        dip_id=code,
        dip_role_code=role,
        mpr_role_code="X" if role == DipRoleCode.SUP else "",
        effective_from_date=effective_from,
        effective_to_date=effective_to,
        effective_dates_set_at=timezone.now() if dates_set else None,
    )
    api_keys.generate([made], now=timezone.now())
    return made


def webhook(
    *, dip_id: DipId, publication: str = "PUB-036", url: str = "https://hooks.example/dip"
) -> WebhookConfiguration:
    """Let a publication be delivered to this URL, for a DIP ID."""
    return WebhookConfiguration.objects.create(
        dip_id=dip_id,
        publication=publication,
        callback_url=url,
        configured_at=timezone.now(),
        configured_by="Robin Doe",
    )


def webhook_test(*, webhook: WebhookConfiguration) -> WebhookTest:
    """Let a test event wait that somebody asked for."""
    return WebhookTest.objects.create(
        webhook=webhook,
        url=webhook.callback_url,
        revision=webhook.revision,
        body="[]",
        requested_at=timezone.now(),
        requested_by="Robin Doe",
    )


def failed_call(*, dip_id: DipId, **fields: Any) -> FailedCall:
    """Keep a call to the API for this DIP ID that was refused."""
    path = f"/dip-channel/pub-036/pubconfig/{dip_id}"
    rest = "2025-06-27T14:29:09.061Z;RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o="
    return FailedCall.objects.create(
        **{
            "dip_id": dip_id,
            "at": timezone.now(),
            "method": "POST",
            "url": f"https://uit.dip.example{path}",
            "status": 401,
            "code": "wrong_signature",
            "sentence": "X-DIP-Signature was not made by the key of the certificate.",
            "canonical_full": f"POST;https://uit.dip.example{path};{rest}",
            "canonical_path": f"POST;{path};{rest}",
            "body_size": 2,
            "client_subject": "CN=dip.superenergy.example,O=Super Energy Co,C=GB",
            "client_thumbprint": "ab" * 32,
            "address": "192.0.2.7",
            "correlation_id": "0" * 32,
            **fields,
        }
    )


def dcp(*, name: str = "", domains: Sequence[str] = ()) -> DcpId:
    """Make an approved DIP Connection Provider and return its DCP ID."""
    provider = company(
        name=name, domains=domains, roles=[DipRoleCode.DCP], dcp_status=DcpStatus.APPROVED
    )
    return DcpId.objects.create(organisation=provider, dcp_id=f"10{next(_numbers):08d}")


def nomination(
    *, organisation: Organisation, of: DcpId, for_dip_id: DipId | None = None, domains: bool = False
) -> Nomination:
    """Nominate a DCP for a company, or for one of its DIP IDs."""
    return Nomination.objects.create(
        organisation=organisation,
        dip_id=for_dip_id,
        dcp_id=of,
        dcp_id_code=of.dcp_id,
        whitelists_domains=domains,
    )


def domain_request(
    *, organisation: Organisation, requested_by: User, domain: str = "wanted.example"
) -> DomainRequest:
    """Let a company wait for a domain to be whitelisted."""
    return DomainRequest.objects.create(
        organisation=organisation,
        domain=domain,
        requested_at=timezone.now(),
        requested_by=requested_by,
    )


def role_request(
    *,
    mpid: Mpid,
    requested_by: User,
    role: str = DipRoleCode.LDSO,
    state: str = RoleRequest.State.PENDING,
) -> RoleRequest:
    """Let a company wait for a DIP role, or have it approved or declined."""
    return RoleRequest.objects.create(
        organisation=mpid.organisation,
        mpid=mpid,
        dip_role_code=role,
        requested_at=timezone.now(),
        requested_by=requested_by,
        state=state,
        decided_at=None if state == RoleRequest.State.PENDING else timezone.now(),
    )


def pab_approval(*, organisation: Organisation, recorded_by: User | None = None) -> PabApproval:
    """Record the PAB's approval of a company."""
    return PabApproval.objects.create(
        organisation=organisation,
        reference=f"PAB-{organisation.pk}",
        approved_date=timezone.now().date(),
        recorded_by=recorded_by,
        recorded_at=timezone.now(),
    )


def membership(
    *,
    user: User,
    organisation: Organisation,
    roles: Sequence[Role],
    dip_ids: Sequence[DipId] | None = None,
    expires_date: date | None = None,
    offboarded: bool = False,
) -> Membership:
    """Make a person a member, of all DIP IDs unless some are named."""
    now = timezone.now()
    made = Membership.objects.create(
        organisation=organisation,
        user=user,
        **{ROLE_FIELDS[role]: True for role in roles},
        all_dip_ids=dip_ids is None,
        expires_date=expires_date or now.date() + timedelta(days=365),
        created_at=now,
        offboarded_at=now if offboarded else None,
    )
    made.dip_ids.set(dip_ids or [])
    return made


def invitation(
    *,
    organisation: Organisation,
    email: str = "",
    first_name: str = "Priya",
    last_name: str = "Admin",
    roles: Sequence[Role] = (Role.USER_ADMIN,),
    dip_ids: Sequence[DipId] | None = None,
    is_primary: bool = False,
    **fields: Any,
) -> Invitation:
    """Invite a person for the next week, of all DIP IDs unless some are named; no e-mail goes."""
    number = next(_numbers)
    now = timezone.now()
    made = Invitation.objects.create(
        organisation=organisation,
        first_name=first_name,
        last_name=last_name,
        email=email or f"invited{number}@superenergy.example",
        **{ROLE_FIELDS[role]: True for role in roles},
        all_dip_ids=dip_ids is None,
        is_primary=is_primary,
        **{
            "token_hash": f"{number:064d}",
            "sent_at": now,
            "expires_at": now + timedelta(days=7),
            **fields,
        },
    )
    made.dip_ids.set(dip_ids or [])
    return made


def domain_registration(
    *, organisation: Organisation, domain: str = "superenergy.example", is_verified: bool = True
) -> DomainRegistration:
    """Register a domain of a company at GlobalSign, as far as the DIP knows."""
    now = timezone.now()
    return DomainRegistration.objects.create(
        organisation=organisation,
        domain=domain,
        reference=f"CLAIM{next(_numbers)}",
        token="A1B2C3D4E5F60718293A4B5C6D7E8F90",
        verify_before=now + timedelta(days=30),
        registered_at=now,
        verified_until=now + timedelta(days=300) if is_verified else None,
    )


def certificate_request(*, organisation: Organisation, **fields: Any) -> CertificateRequest:
    """Let a company wait for a certificate, which no worker takes up for an hour."""
    now = timezone.now()
    return CertificateRequest.objects.create(
        **{
            "organisation": organisation,
            "purpose": "BOTH",
            "csr_pem": "none",
            "dns_names": ["dip.superenergy.example"],
            "key_fingerprint": f"{next(_numbers):064d}",
            "requested_at": now,
            "requested_by": "Cara Doe",
            "next_attempt_at": now + timedelta(hours=1),
            **fields,
        }
    )
