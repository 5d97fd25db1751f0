"""What the tests of Atlas start from."""

from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from django.utils import timezone

from accounts.models import User
from certificates.atlas.actors import ATLAS
from certificates.atlas.models import (
    Account,
    Certificate,
    CertificateAuthority,
    DipEnvironment,
    DomainClaim,
    IdentityProfile,
    Method,
)
from certificates.atlas.models.domains import VERIFIED_FOR
from certificates.atlas.services.accounts import register
from certificates.atlas.services.authorities import ensure_authorities
from certificates.atlas.services.certificates import (
    issue_access_certificate,
    issue_certificate,
    read_request,
)
from certificates.atlas.services.credentials import NewCredential, create_api_credential
from certificates.atlas.services.domains import submit_claim
from certificates.atlas.services.identities import request_identity
from certificates.pki.profiles import Purpose

PASSWORD = "correct horse battery staple"


_made: list[dict[str, Any]] = []


def authorities() -> None:
    """Make the authorities; their keys are drawn once for all tests."""
    if _made:
        for fields in _made:
            CertificateAuthority.objects.create(**fields)
        return
    ensure_authorities(now=timezone.now())
    _made.extend({**row} for row in CertificateAuthority.objects.order_by("pk").values())


def customer(*, company: str, email: str) -> User:
    """Return the one person of a company that is registered with Atlas."""
    return register(
        company=company,
        email=email,
        first_name=email.partition("@")[0].title(),
        last_name="Tester",
        password=PASSWORD,
        address="192.0.2.7",
        now=timezone.now(),
    )


def identity(
    account: Account, *, name: str = "SUPER-ENERGY", organisation: str = "Super Energy Co"
) -> IdentityProfile:
    """Return an active identity of an account."""
    return request_identity(
        actor=ATLAS,
        account=account,
        name=name,
        organisation=organisation,
        locality="London",
        state="London",
        country="GB",
        now=timezone.now(),
    )


def credential(
    profile: IdentityProfile,
    *,
    environment: DipEnvironment = DipEnvironment.UIT,
    name: str = "dip_uit",
) -> NewCredential:
    """Return an API credential of an identity, with its key and secret."""
    return create_api_credential(
        actor=ATLAS,
        account=profile.account,
        profile=profile,
        environment=environment,
        name=name,
        now=timezone.now(),
    )


def claim(
    profile: IdentityProfile, domain: str = "superenergy.example", *, is_verified: bool = False
) -> DomainClaim:
    """Return a claim of a domain, verified if wanted."""
    now = timezone.now()
    made = submit_claim(actor=ATLAS, profile=profile, domain=domain, now=now)
    if is_verified:
        made.expires_at = now + VERIFIED_FOR
        made.last_verified_at, made.last_method = now, Method.DNS
        made.save()
    return made


def csr_pem(
    *names: str, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None
) -> bytes:
    """Return a CSR for these names, of a new key unless one is given."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0] if names else "nobody")])
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False
        )
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)


def certificate(
    profile: IdentityProfile,
    *names: str,
    purpose: Purpose = Purpose.BOTH,
    environment: DipEnvironment = DipEnvironment.UIT,
) -> Certificate:
    """Return a certificate for the DIP, for names under verified domains of the identity."""
    return issue_certificate(
        actor=ATLAS,
        profile=profile,
        environment=environment,
        purpose=purpose,
        csr=read_request(csr_pem(*names)),
        now=timezone.now(),
    )


def access_certificate(
    profile: IdentityProfile,
    *,
    environment: DipEnvironment = DipEnvironment.UIT,
    key: ec.EllipticCurvePrivateKey | None = None,
) -> Certificate:
    """Return an mTLS certificate for the HVCA API."""
    return issue_access_certificate(
        actor=ATLAS,
        profile=profile,
        environment=environment,
        csr=read_request(csr_pem(key=key)),
        now=timezone.now(),
    )
