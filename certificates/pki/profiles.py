"""What the authority puts into a certificate, and which names it lets in.

The fields follow RFC 5280, section 4.2, and the DIP's PKI rules (WIRE.md, 'PKI').
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certificates.pki.csr import Csr
from certificates.pki.refusals import IdentityRefused, NameRefused
from dip_portal.lib.identities import InvalidDomain, canonical_domain, has_hidden_characters

LIFETIME = timedelta(days=365)  # DOMAIN.md: certificates last one year
CLOCK_SKEW = timedelta(minutes=5)  # a participant's clock may be a little behind ours
MAX_NAMES = 20
COMMON_NAME_MAX_LENGTH = 64  # RFC 5280, appendix A.1, ub-common-name
# The enterprise number for examples (RFC 5612): these certificates are of a simulation, for
# which no registered policy may be claimed.
POLICY_ARC = "1.3.6.1.4.1.32473.1"


class Purpose(StrEnum):
    """What a certificate is for (seminar, Step 4.5)."""

    MTLS = "MTLS"
    SIGNING = "SIGNING"
    BOTH = "BOTH"


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What certificates of one purpose have in common. `policy` is the last arc of its OID."""

    purpose: Purpose
    policy: int
    is_for_tls: bool

    @property
    def policy_oid(self) -> x509.ObjectIdentifier:
        return x509.ObjectIdentifier(f"{POLICY_ARC}.{self.policy}")

    @property
    def extended_key_usage(self) -> x509.ExtendedKeyUsage | None:
        """Client and server for mTLS; none for signing alone, which TLS then refuses."""
        if not self.is_for_tls:
            return None
        return x509.ExtendedKeyUsage(
            [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
        )

    def key_usage(self, key: CertificatePublicKeyTypes) -> x509.KeyUsage:
        """digitalSignature; for TLS with RSA keyEncipherment too (RFC 5280, 4.2.1.3)."""
        return x509.KeyUsage(
            digital_signature=True,
            content_commitment=False,
            key_encipherment=self.is_for_tls and isinstance(key, rsa.RSAPublicKey),
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=False,
            crl_sign=False,
            encipher_only=False,
            decipher_only=False,
        )


PROFILES = {
    profile.purpose: profile
    for profile in (
        Profile(purpose=Purpose.MTLS, policy=1, is_for_tls=True),
        Profile(purpose=Purpose.SIGNING, policy=2, is_for_tls=False),
        Profile(purpose=Purpose.BOTH, policy=3, is_for_tls=True),
    )
}


# Of the certificates for the authority's own API, which are no participant's to ask for here.
ACCESS = Profile(purpose=Purpose.MTLS, policy=4, is_for_tls=True)


def is_of_participant(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate says by its policy that it is for meeting the DIP."""
    try:
        policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False
    ours = {profile.policy_oid for profile in PROFILES.values()}
    return any(policy.policy_identifier in ours for policy in policies)


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The vetted company that stands in the subject. `country` is two letters (ISO 3166)."""

    organisation: str
    country: str
    locality: str = ""
    state: str = ""


IDENTITY_FIELDS = (
    ("country", NameOID.COUNTRY_NAME, 2),
    ("state", NameOID.STATE_OR_PROVINCE_NAME, 128),
    ("locality", NameOID.LOCALITY_NAME, 128),
    ("organisation", NameOID.ORGANIZATION_NAME, 64),
)


def subject_of(identity: Identity, common_name: str = "") -> x509.Name:
    """Return the subject: the identity, and a common name that is not too long for one.

    Raises IdentityRefused, which names the field.
    """
    attributes = []
    for field, oid, most in IDENTITY_FIELDS:
        value = getattr(identity, field).strip()
        if not value and field in ("state", "locality"):
            continue
        if not value or len(value) > most or has_hidden_characters(value):
            raise IdentityRefused(
                f"The {field} of the identity profile must have 1 to {most} plain characters."
            )
        if field == "country" and not (value.isascii() and value.isalpha() and value.isupper()):
            raise IdentityRefused("The country of the identity profile must be two capitals (GB).")
        attributes.append(x509.NameAttribute(oid, value))
    if common_name and len(common_name) <= COMMON_NAME_MAX_LENGTH:
        attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
    return x509.Name(attributes)


def names_for(csr: Csr, *, allowed_domains: Collection[str]) -> list[str]:
    """Return the DNS names of a CSR in canonical form, if all of them may be issued.

    `allowed_domains` are the company's verified domains, canonical; a name is one of them
    or lies under one. Raises NameRefused, which quotes the name and says the remedy.
    """
    if csr.other_names:
        raise NameRefused(
            f"The CSR asks for a name of the kind {csr.other_names[0]}; only DNS names are "
            "issued. Leave it out of the subjectAltName."
        )
    if not csr.dns_names:
        raise NameRefused(
            "The CSR names nothing. Give it a common name or a subjectAltName under one of "
            f"your verified domains ({_listed(allowed_domains)})."
        )
    if len(csr.dns_names) > MAX_NAMES:
        raise NameRefused(f"The CSR asks for {len(csr.dns_names)} names; {MAX_NAMES} at most.")
    return list(dict.fromkeys(_name(name, allowed_domains) for name in csr.dns_names))


def _name(text: str, allowed_domains: Collection[str]) -> str:
    if "*" in text:
        raise NameRefused(
            f"{_shown(text)} is a wildcard, which this profile does not allow. Name each host."
        )
    try:
        name = canonical_domain(text)
    except InvalidDomain:
        raise NameRefused(
            f"{_shown(text)} is no full domain name. Use a name under one of your verified "
            f"domains ({_listed(allowed_domains)}) as the common name and in the subjectAltName."
        ) from None
    if not any(name == domain or name.endswith(f".{domain}") for domain in allowed_domains):
        raise NameRefused(
            f"{name} lies under no domain that is verified for your company "
            f"({_listed(allowed_domains)}). Claim and verify its domain first, or ask for "
            "another name."
        )
    return name


def _listed(domains: Collection[str]) -> str:
    shown: Sequence[str] = sorted(domains)[:5]
    return ", ".join(shown) + (" ..." if len(domains) > len(shown) else "") or "none yet"


def _shown(text: str) -> str:
    plain = "".join("\ufffd" if has_hidden_characters(letter) else letter for letter in text)
    return f"“{plain[:80]}”"
