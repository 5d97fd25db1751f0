"""Revoking a certificate, and honouring what was revoked at Atlas itself.

The CRLs of this environment's issuing CAs are read twice a minute. A CRL counts if one of the
pinned CAs has signed it and it is fresh (RFC 5280, section 6.3.3); what is on it is revoked.
"""

import logging
from datetime import datetime, timedelta

import httpx
from cryptography import x509
from django.db import transaction

from audit.services import record
from certificates import hvca, trust
from certificates.errors import NoCredentials, UnableToRevokeCertificate
from certificates.models import Certificate
from certificates.pki.revoke import REASONS
from certificates.services.domains import CREDENTIALS_FIRST
from certificates.services.logins import session_of
from organisations.actors import SYSTEM, Actor
from organisations.policies import Action, require

logger = logging.getLogger(__name__)
CRL_SECONDS = 10
CRL_MAX_BYTES = 20 * 1024 * 1024
CLOCKS_APART = timedelta(minutes=5)
UNSPECIFIED = x509.ReasonFlags.unspecified.value


class UnusableCrl(Exception):
    """A CRL cannot be had, or may not be believed; the text says why."""


def revoke_certificate(
    *, actor: Actor, certificate: Certificate, reason: str, now: datetime
) -> None:
    """Let Atlas revoke a certificate for good, then mark it here.

    `reason` is one of `certificates.pki.revoke.REASONS`. A second time changes nothing.
    Raises UnableToRevokeCertificate, where nothing is changed here.
    """
    require(actor, Action.CERTIFICATE_MANAGE, certificate)
    if reason not in REASONS:
        raise UnableToRevokeCertificate("reason", "Choose one of the reasons.")
    if certificate.is_revoked:
        return
    try:
        with session_of(certificate.organisation_id) as atlas:
            _revoke_at_atlas(atlas, certificate.serial, reason)
    except NoCredentials:
        raise UnableToRevokeCertificate("", CREDENTIALS_FIRST) from None
    except hvca.HvcaUnavailable as trouble:
        raise UnableToRevokeCertificate(
            "", f"{trouble} The certificate is NOT revoked yet: try again at once."
        ) from None
    except hvca.HvcaRefused as refusal:
        raise UnableToRevokeCertificate(
            "", f"GlobalSign Atlas says: {refusal} The certificate is NOT revoked."
        ) from None
    _mark(actor, "dip_certificate:revoke", certificate.pk, reason=reason, at=now, now=now)


def read_crls(*, now: datetime) -> int:
    """Read every CRL that a certificate of this environment names; return how many are revoked."""
    urls = (
        Certificate.objects.filter(revoked_at=None, not_after__gt=now)
        .exclude(crl_url="")
        .values_list("crl_url", flat=True)
        .order_by("crl_url")
        .distinct()
    )
    count = 0
    for url in urls:
        try:
            count += apply_crl(_fetch(url), url=url, now=now)
        except (UnusableCrl, trust.NoTrustedAuthority) as problem:
            logger.warning("The CRL at %s was not read: %s", url, problem)
    return count


def apply_crl(data: bytes, *, url: str, now: datetime) -> int:
    """Mark as revoked what is on a CRL (DER or PEM); return how many. Raises UnusableCrl."""
    crl = _read(data)
    _check(crl, now)
    count = 0
    waiting = Certificate.objects.filter(crl_url=url, revoked_at=None).values_list("pk", "serial")
    for pk, serial in waiting.iterator():
        entry = crl.get_revoked_certificate_by_serial_number(int(serial, 16))
        if entry is None:
            continue
        count += _mark(
            SYSTEM,
            "dip_certificate:find_revoked",
            pk,
            reason=_reason(entry),
            at=entry.revocation_date_utc,
            now=now,
        )
    return count


def _revoke_at_atlas(atlas: hvca.Session, serial: str, reason: str) -> None:
    try:
        atlas.revoke(serial, reason=reason)
    except hvca.HvcaRefused:
        # Perhaps it is revoked already: there, or by a call whose answer was lost.
        if not atlas.is_revoked(serial):
            raise


@transaction.atomic
def _mark(actor: Actor, action: str, pk: int, *, reason: str, at: datetime, now: datetime) -> bool:
    row = Certificate.objects.select_for_update().get(pk=pk)
    if row.is_revoked:
        return False
    row.revoked_at, row.revocation_reason = at, reason
    row.save(update_fields=["revoked_at", "revocation_reason"])
    record(
        actor=actor,
        action=action,
        subject=row,
        after={"reason": reason, "revoked_at": at.isoformat()},
        at=now,
        organisation_id=row.organisation_id,
    )
    return True


def _fetch(url: str) -> bytes:
    try:
        with httpx.stream("GET", url, timeout=CRL_SECONDS, trust_env=False) as answer:
            if answer.status_code != httpx.codes.OK:
                raise UnusableCrl(f"it is answered with {answer.status_code}")
            content = bytearray()
            for part in answer.iter_bytes():
                content += part
                if len(content) > CRL_MAX_BYTES:
                    raise UnusableCrl("it is too large")
            return bytes(content)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise UnusableCrl(f"it cannot be reached ({type(error).__name__})") from None


def _read(data: bytes) -> x509.CertificateRevocationList:
    is_pem = data.lstrip().startswith(b"-----BEGIN")
    try:
        return x509.load_pem_x509_crl(data) if is_pem else x509.load_der_x509_crl(data)
    except ValueError:
        raise UnusableCrl("it is no CRL") from None


def _check(crl: x509.CertificateRevocationList, now: datetime) -> None:
    """Pass if a pinned issuing CA has signed it and it is fresh. Raises UnusableCrl."""
    if not any(_is_of(authority, crl) for authority in trust.issuing_authorities()):
        raise UnusableCrl("no issuing CA of this environment has signed it")
    if crl.last_update_utc > now + CLOCKS_APART:
        raise UnusableCrl("it is of the future")
    if crl.next_update_utc is None or crl.next_update_utc + CLOCKS_APART < now:
        raise UnusableCrl("it is out of date")


def _is_of(authority: x509.Certificate, crl: x509.CertificateRevocationList) -> bool:
    if crl.issuer != authority.subject:
        return False
    try:
        return crl.is_signature_valid(authority.public_key())  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False


def _reason(entry: x509.RevokedCertificate) -> str:
    """Return the reason of an entry, and for one that is none of ours, unspecified."""
    try:
        given = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.value
    except (x509.ExtensionNotFound, ValueError):
        return UNSPECIFIED
    return given if len(given) <= 20 else UNSPECIFIED
