"""Issue certificates: the root, the issuing CAs, and those of participants."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from certificates.pki import profiles
from certificates.pki.csr import Csr
from certificates.pki.profiles import CLOCK_SKEW, LIFETIME, Identity, Profile
from certificates.pki.refusals import OutOfDate

ROOT_LIFETIME = timedelta(days=20 * 365)
ISSUING_LIFETIME = timedelta(days=10 * 365)
ANY_POLICY = x509.ObjectIdentifier("2.5.29.32.0")


@dataclass(frozen=True, kw_only=True)
class Authority:
    """A CA: its certificate and its private key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey


@dataclass(frozen=True, kw_only=True)
class Urls:
    """Where a CA answers, over plain HTTP as is usual: its certificate, OCSP and CRL."""

    ca_issuers: str
    ocsp: str
    crl: str


def new_serial() -> int:
    """Return a random serial number: positive, 16 bytes (RFC 5280, section 4.1.2.2)."""
    return secrets.randbits(127) | 1 << 126


def make_root(
    *, organisation: str, common_name: str, key: rsa.RSAPrivateKey, serial: int, now: datetime
) -> Authority:
    """Return a new root, signed by itself, valid for twenty years from `now` (UTC)."""
    name = _ca_name(organisation, common_name)
    builder = (
        _unsigned(subject=name, issuer=name, key=key.public_key(), serial=serial)
        .not_valid_before(now)
        .not_valid_after(now + ROOT_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
        .add_extension(_CA_KEY_USAGE, critical=True)
    )
    return Authority(certificate=builder.sign(key, SHA256()), key=key)


def make_issuing_ca(
    *,
    root: Authority,
    organisation: str,
    common_name: str,
    key: rsa.RSAPrivateKey,
    serial: int,
    now: datetime,
    urls: Urls,
) -> Authority:
    """Return a new CA under the root that issues to participants, valid for ten years.

    `urls` are the root's. It issues no further CA (path length 0).
    """
    builder = (
        _unsigned(
            subject=_ca_name(organisation, common_name),
            issuer=root.certificate.subject,
            key=key.public_key(),
            serial=serial,
        )
        .not_valid_before(now)
        .not_valid_after(min(now + ISSUING_LIFETIME, root.certificate.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_CA_KEY_USAGE, critical=True)
        .add_extension(_policies(ANY_POLICY), critical=False)
    )
    builder = _issued_by(builder, root, urls)
    return Authority(certificate=builder.sign(root.key, SHA256()), key=key)


def issue(
    csr: Csr,
    *,
    profile: Profile,
    identity: Identity,
    allowed_domains: Collection[str],
    issuer: Authority,
    urls: Urls,
    serial: int,
    now: datetime,
    until: datetime | None = None,
) -> x509.Certificate:
    """Return the certificate of a request, for one year from `now` (UTC), or only `until`.

    `urls` are the issuer's. Of the CSR only the key and the DNS names are taken; the
    subject is the vetted identity. Raises NameRefused, IdentityRefused, and OutOfDate
    when the issuer itself is about to end.
    """
    names = profiles.names_for(csr, allowed_domains=allowed_domains)
    subject = profiles.subject_of(identity, names[0])
    builder = _leaf(csr, subject, profile, issuer, serial, now, until).add_extension(
        x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False
    )
    if profile.extended_key_usage is not None:
        builder = builder.add_extension(profile.extended_key_usage, critical=False)
    builder = _issued_by(builder, issuer, urls)
    return builder.sign(issuer.key, SHA256())


def issue_access(
    csr: Csr,
    *,
    identity: Identity,
    common_name: str,
    issuer: Authority,
    urls: Urls,
    serial: int,
    now: datetime,
) -> x509.Certificate:
    """Return a certificate with which a company shows itself to the authority's own API.

    A TLS client's, for one year; it names no host, so that it needs no verified domain. Of
    the CSR only the key is taken. Raises IdentityRefused and OutOfDate.
    """
    subject = profiles.subject_of(identity, common_name)
    builder = _leaf(csr, subject, profiles.ACCESS, issuer, serial, now).add_extension(
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
    )
    builder = _issued_by(builder, issuer, urls)
    return builder.sign(issuer.key, SHA256())


def _leaf(
    csr: Csr,
    subject: x509.Name,
    profile: Profile,
    issuer: Authority,
    serial: int,
    now: datetime,
    until: datetime | None = None,
) -> x509.CertificateBuilder:
    """Return what every certificate of a company begins with."""
    return (
        _unsigned(
            subject=subject,
            issuer=issuer.certificate.subject,
            key=csr.public_key,
            serial=serial,
        )
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(_end(issuer, now, until))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(profile.key_usage(csr.public_key), critical=True)
        .add_extension(_policies(profile.policy_oid), critical=False)
    )


def _end(issuer: Authority, now: datetime, until: datetime | None) -> datetime:
    ends = issuer.certificate.not_valid_after_utc
    if ends <= now + timedelta(days=1):
        raise OutOfDate("The issuing CA ends within a day; it has to be rotated first.")
    last = min(now - CLOCK_SKEW + LIFETIME - timedelta(seconds=1), ends)
    return last if until is None else min(until, last)


def _unsigned(
    *, subject: x509.Name, issuer: x509.Name, key: CertificatePublicKeyTypes, serial: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(serial)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _issued_by(
    builder: x509.CertificateBuilder, issuer: Authority, urls: Urls
) -> x509.CertificateBuilder:
    """Add what leads to the issuer: its key, its certificate, and where it says what is revoked."""
    key_id = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    information, points = _answers_at(urls)
    return (
        builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id.value),
            critical=False,
        )
        .add_extension(information, critical=False)
        .add_extension(points, critical=False)
    )


@lru_cache(maxsize=16)
def _answers_at(
    urls: Urls,
) -> tuple[x509.AuthorityInformationAccess, x509.CRLDistributionPoints]:
    """Return where an issuer answers, as extensions: alike in all that it issues."""
    information = x509.AuthorityInformationAccess(
        [
            x509.AccessDescription(method, x509.UniformResourceIdentifier(url))
            for method, url in (
                (AuthorityInformationAccessOID.OCSP, urls.ocsp),
                (AuthorityInformationAccessOID.CA_ISSUERS, urls.ca_issuers),
            )
        ]
    )
    points = x509.CRLDistributionPoints(
        [
            x509.DistributionPoint(
                full_name=[x509.UniformResourceIdentifier(urls.crl)],
                relative_name=None,
                reasons=None,
                crl_issuer=None,
            )
        ]
    )
    return information, points


def _policies(oid: x509.ObjectIdentifier) -> x509.CertificatePolicies:
    return x509.CertificatePolicies([x509.PolicyInformation(oid, None)])


def _ca_name(organisation: str, common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "GB"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


_CA_KEY_USAGE = x509.KeyUsage(
    digital_signature=True,  # it signs its own OCSP answers
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)
