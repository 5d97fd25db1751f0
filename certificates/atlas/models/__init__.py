"""The tables of Atlas."""

from certificates.atlas.models.accounts import (
    Account,
    AccountUser,
    ApiMood,
    DnsMood,
    Issuance,
    Vetting,
)
from certificates.atlas.models.authorities import CertificateAuthority
from certificates.atlas.models.certificates import Certificate, Reason
from certificates.atlas.models.credentials import ApiCredential, DipEnvironment
from certificates.atlas.models.dns import DnsRecord, DnsZone, RecordType
from certificates.atlas.models.domains import ClaimLog, DomainClaim, Method
from certificates.atlas.models.identities import IdentityProfile
from certificates.atlas.models.platform import PlatformCertificate

__all__ = [
    "Account",
    "AccountUser",
    "ApiCredential",
    "ApiMood",
    "Certificate",
    "CertificateAuthority",
    "ClaimLog",
    "DipEnvironment",
    "DnsMood",
    "DnsRecord",
    "DnsZone",
    "DomainClaim",
    "IdentityProfile",
    "Issuance",
    "Method",
    "PlatformCertificate",
    "Reason",
    "RecordType",
    "Vetting",
]
