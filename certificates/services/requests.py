"""Asking for certificates: the CSR is looked at here first, then a worker takes it to Atlas."""

from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from audit.services import record
from certificates import tasks
from certificates.errors import UnableToRequestCertificate
from certificates.models import AtlasCredential, Certificate, CertificateRequest
from certificates.pki import refusals
from certificates.pki.csr import Csr, read_csr
from certificates.pki.profiles import MAX_NAMES
from certificates.services.domains import CREDENTIALS_FIRST
from dip_portal.lib import correlation, wake
from dip_portal.lib.identities import InvalidDomain, canonical_domain
from dip_portal.lib.text import storable
from organisations.actors import Actor
from organisations.models import Organisation
from organisations.policies import Action, require

MOST_OPEN = 50


@transaction.atomic
def request_certificate(
    *,
    actor: Actor,
    organisation: Organisation,
    purpose: Certificate.Purpose,
    csr: bytes,
    renews: Certificate | None = None,
    now: datetime,
) -> CertificateRequest:
    """Let a certificate be issued of a CSR, for the DNS names in it.

    `renews` is the certificate whose names and purpose the new one has. Raises
    UnableToRequestCertificate; a private key sent by mistake is not stored.
    """
    require(actor, Action.CERTIFICATE_MANAGE, organisation)
    request = _read(csr)  # first of all: a private key is never shown again
    if not AtlasCredential.objects.filter(organisation=organisation).exists():
        raise UnableToRequestCertificate("", CREDENTIALS_FIRST)
    names = _names(request)
    if renews is not None:
        purpose = Certificate.Purpose(renews.purpose)
        _require_names_of(renews, names)
    _require_rsa_for_signing(request, purpose)
    _require_verified(organisation, names, now)
    _require_new_key(organisation, request.key_fingerprint, purpose)
    try:
        with transaction.atomic():
            row = CertificateRequest.objects.create(
                organisation=organisation,
                purpose=purpose,
                csr_pem=request.pem,
                dns_names=names,
                key_fingerprint=request.key_fingerprint,
                renews=renews,
                requested_at=now,
                requested_by=actor.label,
                correlation_id=correlation.current(),
                next_attempt_at=now,
            )
    except IntegrityError:
        raise UnableToRequestCertificate(
            "csr", "This CSR is on its way already: see the requests on the Certificates tab."
        ) from None
    record(
        actor=actor,
        action="certificate_request:send",
        subject=row,
        after={"purpose": row.purpose, "names": names, "renews": renews.serial if renews else ""},
        at=now,
        organisation_id=organisation.pk,
    )
    wake.on_commit(tasks.work_on_request, str(row.pk))
    return row


@transaction.atomic
def withdraw_request(*, actor: Actor, request: CertificateRequest, now: datetime) -> None:
    """Take back a request that Atlas has not taken yet. Raises UnableToRequestCertificate."""
    require(actor, Action.CERTIFICATE_MANAGE, request)
    row = CertificateRequest.objects.select_for_update().get(pk=request.pk)
    if row.state != CertificateRequest.State.REQUESTED:
        raise UnableToRequestCertificate("", f"It is {row.get_state_display().lower()} already.")
    if row.claimed_until is not None and row.claimed_until > now:
        raise UnableToRequestCertificate("", "It is on its way to Atlas this moment: look again.")
    row.state = CertificateRequest.State.WITHDRAWN
    row.next_attempt_at = None
    row.save(update_fields=["state", "next_attempt_at"])
    record(
        actor=actor,
        action="certificate_request:withdraw",
        subject=row,
        at=now,
        organisation_id=row.organisation_id,
    )


@transaction.atomic
def retry_request(*, actor: Actor, request: CertificateRequest, now: datetime) -> None:
    """Let a request that waits have its next attempt now; one that is finished stays so."""
    require(actor, Action.CERTIFICATE_RETRY, request)
    row = CertificateRequest.objects.select_for_update().get(pk=request.pk)
    if not row.is_open:
        return
    record(
        actor=actor,
        action="certificate_request:retry",
        subject=row,
        after={"attempts": row.attempts},
        at=now,
        organisation_id=row.organisation_id,
    )
    try_now(CertificateRequest.objects.filter(pk=row.pk), now=now)


def try_now(rows: QuerySet[CertificateRequest], *, now: datetime) -> None:
    """Let requests that wait for their next attempt have it now, on commit."""
    due = list(rows.values_list("pk", flat=True))
    CertificateRequest.objects.filter(pk__in=due).update(next_attempt_at=now)
    for key in due:
        wake.on_commit(tasks.work_on_request, str(key))


def _read(data: bytes) -> Csr:
    try:
        return read_csr(data)
    except refusals.WrongFile as refusal:
        raise UnableToRequestCertificate(
            "csr", str(refusal), exposes_key=refusal.exposes_key
        ) from None
    except refusals.Refusal as refusal:
        raise UnableToRequestCertificate("csr", str(refusal)) from None


def _names(request: Csr) -> list[str]:
    if request.other_names:
        raise UnableToRequestCertificate(
            "csr", "The CSR asks for names that are no DNS names. Make it with DNS names alone."
        )
    if not request.dns_names:
        raise UnableToRequestCertificate(
            "csr", "The CSR names nothing. Make it again with the command that the page shows."
        )
    if len(request.dns_names) > MAX_NAMES:
        raise UnableToRequestCertificate(
            "csr", f"The CSR has {len(request.dns_names)} names; a certificate has {MAX_NAMES}."
        )
    names = []
    for name in request.dns_names:
        try:
            names.append(canonical_domain(name))
        except InvalidDomain:
            kind = "a wildcard, which is not issued" if "*" in name else "no full DNS name"
            raise UnableToRequestCertificate(
                "csr",
                f"“{storable(name, 100)}” in the CSR is {kind}. Name each host in full, such as "
                "dip.superenergy.example.",
            ) from None
    return list(dict.fromkeys(names))


def _require_rsa_for_signing(request: Csr, purpose: Certificate.Purpose) -> None:
    """Refuse a key with which no message could be signed (WIRE.md, 'Signature')."""
    if purpose != Certificate.Purpose.MTLS and not isinstance(request.public_key, rsa.RSAPublicKey):
        raise UnableToRequestCertificate(
            "csr",
            "Messages to the DIP are signed with RSA, and the key of this CSR is of another kind. "
            "Make a new key and CSR with the command that the page shows, or choose mTLS alone.",
        )


def _require_names_of(former: Certificate, names: list[str]) -> None:
    if set(names) != set(former.dns_names):
        raise UnableToRequestCertificate(
            "csr",
            f"The CSR names {', '.join(names)}; the certificate that it renews names "
            f"{', '.join(former.dns_names)}. Make the CSR for the same names.",
        )


def _require_verified(organisation: Organisation, names: list[str], now: datetime) -> None:
    verified = [row for row in organisation.domain_registrations.all() if row.is_verified_at(now)]
    for name in names:
        if not any(row.covers(name) for row in verified):
            have = ", ".join(str(row) for row in verified) or "none yet"
            raise UnableToRequestCertificate(
                "csr",
                f"{name} is not under a verified domain of yours ({have}). Register and verify its "
                "domain first, or make the CSR for another name.",
            )


def _require_new_key(
    organisation: Organisation, fingerprint: str, purpose: Certificate.Purpose
) -> None:
    """Refuse a key that has a certificate already: a new certificate is for a new key."""
    known = CertificateRequest.objects.filter(key_fingerprint=fingerprint).exclude(
        state__in=[CertificateRequest.State.REFUSED, CertificateRequest.State.WITHDRAWN]
    )
    own = known.filter(organisation=organisation).first()
    if own is not None and own.is_open and own.purpose == purpose:
        raise UnableToRequestCertificate(
            "csr", "This CSR is on its way already: see the requests on the Certificates tab."
        )
    if known.exists():
        raise UnableToRequestCertificate(
            "csr",
            "The key of this CSR was used for another certificate. Make a new key and a new CSR: "
            "every certificate has a key of its own.",
        )
