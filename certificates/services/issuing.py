"""Takes the requests of companies to Atlas, at least once each, and brings their certificates.

A worker claims a row for a while, calls Atlas outside any transaction, and writes down what came
of it. If it dies in between, another takes the row up again: Atlas gives the same certificate
for the same order within ten minutes, and for later ones what it has issued since the first
order is looked through for the key. So nothing is lost, and nothing is issued twice.
"""

import logging
import uuid
from datetime import timedelta

from cryptography import x509
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from audit.services import record
from certificates import hvca, trust
from certificates.errors import NoCredentials
from certificates.models import Certificate, CertificateRequest
from certificates.pki import formats, keys
from certificates.pki.profiles import Purpose
from certificates.services.logins import session_of
from dip_portal.lib import correlation
from organisations.actors import SYSTEM

logger = logging.getLogger(__name__)
State = CertificateRequest.State
# How long to wait after the first, second, ... attempt; the last one again and again.
BACK_OFF = [
    timedelta(seconds=5),
    timedelta(seconds=15),
    timedelta(seconds=30),
    timedelta(minutes=1),
    timedelta(minutes=2),
    timedelta(minutes=5),
]
PENDING_PAUSE = timedelta(seconds=5)  # between two looks at what Atlas is issuing
CLAIM = timedelta(minutes=3)  # longer than the calls of an attempt can take
ROUND = timedelta(seconds=45)  # a sweep ends by then; the next one goes on
SAME_ANSWER = timedelta(minutes=9)  # for so long Atlas surely answers an order as before
CLOCKS_APART = timedelta(minutes=5)


class _NotOurs(Exception):
    """What Atlas sent is not the certificate that was asked for; the text says why."""


def work_on(request_id: int | str) -> bool:
    """Make one attempt at a request if it is due; tell whether there was one."""
    row = _claim(CertificateRequest.objects.filter(pk=request_id))
    if row is not None:
        _attempt(row)
    return row is not None


def work_on_due() -> int:
    """Make one attempt at each request that is due, longest waiting first; return how many."""
    count = 0
    end = timezone.now() + ROUND
    while timezone.now() < end:
        row = _claim(CertificateRequest.objects.all())
        if row is None:
            break
        count += 1
        _attempt(row)
    return count


@transaction.atomic
def _claim(candidates: QuerySet[CertificateRequest]) -> CertificateRequest | None:
    now = timezone.now()
    row = (
        candidates.filter(
            Q(claimed_until__isnull=True) | Q(claimed_until__lte=now),
            state__in=CertificateRequest.OPEN,
            next_attempt_at__lte=now,
        )
        .select_for_update(skip_locked=True)
        .order_by("next_attempt_at", "pk")
        .first()
    )
    if row is not None:
        row.claim()
        row.claimed_until = now + CLAIM
        row.attempts += 1
        row.save(update_fields=["claim_token", "claimed_until", "attempts"])
    return row


def _attempt(row: CertificateRequest) -> None:
    before = correlation.current()
    if row.correlation_id:
        correlation.begin(row.correlation_id)
    try:
        _ask(row)
    except NoCredentials:
        _wait(row, "There are no API credentials: save them, and the request goes on.")
    except hvca.HvcaUnavailable as trouble:
        _wait(row, str(trouble))
    except hvca.HvcaRefused as refusal:
        if refusal.is_about_login:
            text = f"Atlas does not take the API credentials ({refusal}) Replace them."
            _wait(row, text)
        else:
            _refuse(row, f"GlobalSign Atlas says: {refusal}")
    except (_NotOurs, trust.NoTrustedAuthority) as problem:
        _wait(row, str(problem))
    except Exception as error:
        # A fault of ours: the row waits, and the log has the reason.
        logger.exception("Request %s could not be worked on", row.pk)
        _wait(row, f"Something went wrong here: {type(error).__name__}.")
    finally:
        correlation.begin(before)


def _ask(row: CertificateRequest) -> None:
    with session_of(row.organisation_id) as atlas:
        if not row.serial:
            serial = _found_again(row, atlas) or _order(row, atlas)
            if not _update(row, serial=serial, state=State.WAITING, problem=""):
                return
            row.serial = serial
        found = atlas.certificate(row.serial)
        if found is None:
            _update(
                row,
                problem="Atlas is issuing it.",
                next_attempt_at=timezone.now() + PENDING_PAUSE,
                claimed_until=None,
            )
            return
        chain = atlas.trust_chain()
    _require_ours(row, found, chain)
    _keep(row, found, chain)


def _order(row: CertificateRequest, atlas: hvca.Session) -> str:
    if row.tried_at is None:
        row.tried_at = timezone.now()
        _update(row, tried_at=row.tried_at)
    return atlas.request_certificate(
        csr_pem=row.csr_pem, purpose=Purpose(row.purpose), names=row.dns_names
    )


def _found_again(row: CertificateRequest, atlas: hvca.Session) -> str:
    """Return the serial number of what an order whose answer was lost has given, if any."""
    if row.tried_at is None or timezone.now() - row.tried_at < SAME_ANSWER:
        return ""
    for serial in atlas.issued_since(row.tried_at - CLOCKS_APART):
        found = atlas.certificate(serial)
        if found is not None and keys.fingerprint(found.public_key()) == row.key_fingerprint:
            return serial
    return ""


def _require_ours(
    row: CertificateRequest, found: x509.Certificate, chain: list[x509.Certificate]
) -> None:
    if keys.fingerprint(found.public_key()) != row.key_fingerprint:
        raise _NotOurs("What Atlas sent is for another key than that of the CSR.")
    if not any(trust.has_signed(authority, found) for authority in trust.issuing_authorities()):
        raise _NotOurs("What Atlas sent is of an authority that is not trusted here.")
    if not chain or not trust.has_signed(chain[0], found):
        raise _NotOurs("The chain that Atlas sent is not that of the certificate.")


@transaction.atomic
def _keep(row: CertificateRequest, found: x509.Certificate, chain: list[x509.Certificate]) -> None:
    now = timezone.now()
    current = CertificateRequest.objects.select_for_update().get(pk=row.pk)
    if current.claim_token != row.claim_token or not current.is_open:
        return  # another worker was quicker
    made = Certificate.objects.create(
        organisation_id=row.organisation_id,
        purpose=row.purpose,
        serial=formats.serial_text(found.serial_number),
        thumbprint=formats.thumbprint(found),
        subject=found.subject.rfc4514_string(),
        dns_names=_dns_names(found),
        pem=formats.pem(found).decode(),
        chain_pem=formats.chain_pem(chain).decode(),
        not_before=found.not_valid_before_utc,
        not_after=found.not_valid_after_utc,
        issued_at=now,
        crl_url=_crl_url(found),
    )
    CertificateRequest.objects.filter(pk=row.pk).update(
        state=State.ISSUED,
        certificate=made,
        problem="",
        next_attempt_at=None,
        claim_token=None,
        claimed_until=None,
    )
    record(
        actor=SYSTEM,
        action="dip_certificate:issue",
        subject=made,
        after={"purpose": made.purpose, "names": made.dns_names, "thumbprint": made.thumbprint},
        at=now,
        organisation_id=row.organisation_id,
    )


@transaction.atomic
def _refuse(row: CertificateRequest, reason: str) -> None:
    if not _update(
        row,
        state=State.REFUSED,
        reason=reason,
        problem="",
        next_attempt_at=None,
        claimed_until=None,
    ):
        return
    record(
        actor=SYSTEM,
        action="certificate_request:refuse",
        subject=row,
        after={"reason": reason},
        organisation_id=row.organisation_id,
    )


def _wait(row: CertificateRequest, problem: str) -> None:
    pause = BACK_OFF[min(row.attempts, len(BACK_OFF)) - 1]
    logger.warning("Request %s waits %s: %s", row.pk, pause, problem)
    _update(row, problem=problem, next_attempt_at=timezone.now() + pause, claimed_until=None)


def _update(row: CertificateRequest, **values: object) -> bool:
    """Write these down, but only while the row is still ours; tell whether it is."""
    token: uuid.UUID | None = row.claim_token
    ours = CertificateRequest.objects.filter(
        pk=row.pk, claim_token=token, state__in=CertificateRequest.OPEN
    )
    return bool(ours.update(**values))


def _dns_names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return list(names.get_values_for_type(x509.DNSName))


def _crl_url(certificate: x509.Certificate) -> str:
    """Return the first address of the CRL that is of the web, empty if there is none."""
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return ""
    urls = (str(name.value) for point in points for name in point.full_name or [])
    return next((url for url in urls if url.startswith(("http://", "https://"))), "")
