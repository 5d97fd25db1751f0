"""Certificates: issued by the CA of an environment of the DIP, retrieved, revoked.

Issuing is a line of stages: read the request, look at the identity, the key and the names,
sign, store. Each stage refuses by itself, with a sentence for people.
"""

import base64
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from django.db import IntegrityError, connection, transaction

from audit.services import record
from certificates.atlas import tasks
from certificates.atlas.actors import AtlasActor
from certificates.atlas.errors import (
    NamesRefused,
    QuotaUsedUp,
    UnableToIssue,
    UnableToRevoke,
)
from certificates.atlas.models import (
    Account,
    ApiCredential,
    Certificate,
    CertificateAuthority,
    DipEnvironment,
    IdentityProfile,
    Reason,
)
from certificates.atlas.services.authorities import chain_of, issuing_authority, urls_of
from certificates.atlas.services.domains import verified_domains
from certificates.pki import csr as csrs
from certificates.pki import formats, issue, refusals
from certificates.pki.csr import Csr, read_csr
from certificates.pki.profiles import PROFILES, Identity, Purpose
from dip_portal.lib import wake

Purposes = Certificate.Purpose
# A client whose request was done, and whose answer was lost, gets the same certificate again.
SAME_AGAIN_WITHIN = timedelta(minutes=10)
COMMON_NAME_MAX_LENGTH = 64
# For every certificate: the ORM takes longer to write it than the database to do it.
_TAKE = (
    f'UPDATE "{Account._meta.db_table}" SET "quota" = "quota" - 1 '  # noqa: S608
    'WHERE "id" = %s AND "quota" > 0'
)


def read_request(data: bytes) -> Csr:
    """Return the CSR of a file or a text. Raises UnableToIssue."""
    try:
        return read_csr(data)
    except refusals.WrongFile as refusal:
        raise UnableToIssue("csr", str(refusal), exposes_key=refusal.exposes_key) from None
    except refusals.Refusal as refusal:
        raise UnableToIssue("csr", str(refusal)) from None


def read_public_key(data: bytes, proof: str) -> Csr:
    """Return a public key that comes with a proof of its private key, in base64.

    Raises UnableToIssue, whose field is `proof` if that is what is wrong.
    """
    try:
        signature = base64.b64decode(proof, validate=True)
    except ValueError:
        raise UnableToIssue("proof", "The signature is no base64.") from None
    try:
        return csrs.read_public_key(data, signature)
    except refusals.BadSignature as refusal:
        raise UnableToIssue("proof", str(refusal)) from None
    except refusals.Refusal as refusal:
        raise UnableToIssue("csr", str(refusal)) from None


def issue_certificate(
    *,
    actor: AtlasActor,
    profile: IdentityProfile,
    environment: DipEnvironment,
    purpose: Purpose,
    csr: Csr,
    credential: ApiCredential | None = None,
    until: datetime | None = None,
    now: datetime,
) -> Certificate:
    """Issue a certificate for the DIP: of the identity, for names under its verified domains.

    `until` shortens its year. Raises UnableToIssue, with the field that is wrong.
    """
    _require_active(profile)
    domains = verified_domains(profile, now=now)

    def sign(authority: CertificateAuthority) -> x509.Certificate:
        return issue.issue(
            csr,
            profile=PROFILES[purpose],
            identity=_identity(profile),
            allowed_domains=domains,
            issuer=authority.signer,
            urls=urls_of(authority.kind, authority.generation),
            serial=issue.new_serial(),
            now=now.replace(microsecond=0),
            until=until,
        )

    return _issue(
        actor=actor,
        profile=profile,
        environment=environment,
        purpose=Purposes(purpose.value),
        csr=csr,
        credential=credential,
        sign=sign,
        now=now,
    )


def issue_access_certificate(
    *,
    actor: AtlasActor,
    profile: IdentityProfile,
    environment: DipEnvironment,
    csr: Csr,
    now: datetime,
) -> Certificate:
    """Issue the mTLS certificate by which a company's API credential is believed.

    Raises UnableToIssue, with the field that is wrong.
    """
    _require_active(profile)
    name = f"{profile.name} API access {environment.label}"[:COMMON_NAME_MAX_LENGTH]

    def sign(authority: CertificateAuthority) -> x509.Certificate:
        return issue.issue_access(
            csr,
            identity=_identity(profile),
            common_name=name,
            issuer=authority.signer,
            urls=urls_of(authority.kind, authority.generation),
            serial=issue.new_serial(),
            now=now.replace(microsecond=0),
        )

    return _issue(
        actor=actor,
        profile=profile,
        environment=environment,
        purpose=Purposes.ACCESS,
        csr=csr,
        credential=None,
        sign=sign,
        now=now,
    )


@transaction.atomic
def revoke_certificate(
    *,
    actor: AtlasActor,
    certificate: Certificate,
    reason: Reason,
    revoked_at: datetime | None = None,
    now: datetime,
) -> Certificate:
    """Revoke a certificate for good; the CRL is made anew, and OCSP says so from now on.

    `revoked_at` is when its key was lost, if that was before now. Raises UnableToRevoke.
    """
    current = Certificate.objects.select_for_update().get(pk=certificate.pk)
    if current.is_revoked:
        raise UnableToRevoke("", f"{current} is revoked already.")
    if revoked_at is not None and not current.not_before <= revoked_at <= now:
        raise UnableToRevoke(
            "revocation_time", "The time lies after the certificate's beginning and before now."
        )
    current.revoked_at = (revoked_at or now).replace(microsecond=0)
    current.reason = reason
    current.save(update_fields=["revoked_at", "reason"])
    CertificateAuthority.objects.filter(pk=current.authority_id).update(crl_is_stale=True)
    record(
        actor=actor,
        action="certificate:revoke",
        subject=current,
        after={"reason": str(reason.label)},
        at=now,
    )
    wake.on_commit(tasks.rebuild_crls)
    return current


@transaction.atomic
def set_quota(*, actor: AtlasActor, account: Account, quota: int, now: datetime) -> None:
    """Set how many certificates may still be issued to an account."""
    current = Account.objects.select_for_update().get(pk=account.pk)
    before, current.quota = current.quota, quota
    current.save(update_fields=["quota"])
    if before != quota:
        record(
            actor=actor,
            action="atlas_account:set_quota",
            subject=current,
            before={"quota": before},
            after={"quota": quota},
            at=now,
        )


def chain_pem(certificate: Certificate) -> bytes:
    """Return a certificate, its issuing CA and the root as PEM, one below the other."""
    above = [authority.certificate_pem for authority in chain_of(certificate.authority)]
    return "".join([certificate.pem, *above]).encode()


def _require_active(profile: IdentityProfile) -> None:
    if not profile.is_active:
        raise UnableToIssue("profile", f"The identity {profile} is not active.")


def _identity(profile: IdentityProfile) -> Identity:
    return Identity(
        organisation=profile.organisation,
        country=profile.country,
        locality=profile.locality,
        state=profile.state,
    )


def _same_again(wanted: Certificate, csr: Csr, now: datetime) -> Certificate:
    """Return what this very request has just led to, and refuse the key for anything else."""
    known = Certificate.objects.filter(key_fingerprint=csr.key_fingerprint).first()
    is_again = (
        known is not None
        and wanted.credential_id is not None
        and known.credential_id == wanted.credential_id
        and known.purpose == wanted.purpose
        and not known.is_revoked
        and now - known.issued_at < SAME_AGAIN_WITHIN
        and set(known.dns_names) == set(wanted.dns_names)
    )
    if known is None or not is_again:
        raise _reused()
    return known


def _reused() -> UnableToIssue:
    return UnableToIssue(
        "csr",
        "There is a certificate of this key already; every certificate needs a key of its own. "
        "Make a new key and a new CSR.",
    )


def _issue(
    *,
    actor: AtlasActor,
    profile: IdentityProfile,
    environment: DipEnvironment,
    purpose: Purposes,
    csr: Csr,
    credential: ApiCredential | None,
    sign: Callable[[CertificateAuthority], x509.Certificate],
    now: datetime,
) -> Certificate:
    authority = issuing_authority(environment)
    try:
        made = sign(authority)
    except refusals.IdentityRefused as refusal:
        raise UnableToIssue("profile", str(refusal)) from None
    except refusals.NameRefused as refusal:
        raise NamesRefused("csr", str(refusal)) from None
    except refusals.Refusal as refusal:
        raise UnableToIssue("csr", str(refusal)) from None
    certificate = Certificate(
        account_id=profile.account_id,
        profile=profile,
        credential=credential,
        authority=authority,
        environment=environment,
        purpose=purpose,
        issued_at=now,
        key_fingerprint=csr.key_fingerprint,
        **_facts(made),
    )
    try:
        with transaction.atomic():
            certificate.save(force_insert=True)
            record(
                actor=actor,
                action="certificate:issue",
                subject=certificate,
                after={
                    "environment": environment.label,
                    "purpose": purpose.label,
                    "names": certificate.dns_names,
                    "expires": certificate.not_after,
                },
                at=now,
            )
            # Last, so that others of the account wait for its row as shortly as can be.
            _take_from_quota(profile.account_id)
    except IntegrityError:  # the key has a certificate already
        return _same_again(certificate, csr, now)
    return certificate


def _take_from_quota(account_id: int) -> None:
    """Count one less; the row's own constraint keeps two at once from the last one."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [account_id])
        is_taken = cursor.rowcount == 1
    if not is_taken:
        raise QuotaUsedUp("", "Your issuance quota is used up. Test controls set a new one.")


def _facts(made: x509.Certificate) -> dict[str, Any]:
    """Return the fields that are read from the certificate itself."""
    try:
        names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        dns_names = names.value.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        dns_names = []
    common = made.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return {
        "serial": formats.serial_text(made.serial_number),
        "thumbprint": formats.thumbprint(made),
        "common_name": dns_names[0] if dns_names else str(common[0].value),
        "dns_names": dns_names,
        "subject": made.subject.rfc4514_string(),
        "pem": formats.pem(made).decode(),
        "not_before": made.not_valid_before_utc,
        "not_after": made.not_valid_after_utc,
    }
