"""The tables of the DIP's side of certificates."""

from certificates.models.certificate import Certificate
from certificates.models.credential import AtlasCredential, CredentialDraft
from certificates.models.domain import DomainRegistration
from certificates.models.request import CertificateRequest

__all__ = [
    "AtlasCredential",
    "Certificate",
    "CertificateRequest",
    "CredentialDraft",
    "DomainRegistration",
]
