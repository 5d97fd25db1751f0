"""Calls to the API that were refused: kept for the company whose they are, bounded.

Whose a call is has to be proven, or anybody could fill another company's list: by a key of
the DIP ID, or by a client certificate of the company (or of its DIP Connection Provider)
where the path names the DIP ID. TLS has proven that the client holds the certificate's key; a
revoked one proves nothing. All other failed calls are answered and forgotten.
"""

from datetime import datetime, timedelta

from cryptography import x509
from django.conf import settings

from certificates.models import Certificate
from certificates.pki import formats
from channels import wire
from channels.authentication import provider_of
from channels.calls import Call
from channels.models import FailedCall
from channels.refusals import CallRefused
from channels.wire import UrlForm
from dip_portal.lib import correlation
from dip_portal.lib.text import storable
from organisations.models import DipId
from organisations.services import api_keys

TEXT_MAX = 4000
HEADER_MAX = 100
# Answered, but not worth a row: whoever is told to slow down would fill the list with that.
NOT_KEPT = frozenset({"too_many_calls"})


def keep(*, call: Call, refusal: CallRefused, now: datetime) -> FailedCall | None:
    """Keep a refused call with the DIP ID that it provably comes from; None if it has none."""
    if refusal.code in NOT_KEPT:
        return None
    dip_id = whose(call)
    if dip_id is None:
        return None
    canonical = call.canonical()
    client_subject, client_thumbprint = _named(call.certificate)
    subject, thumbprint = _named(call.sent_certificate)
    kept = FailedCall.objects.create(
        dip_id=dip_id,
        at=now,
        method=storable(call.method, 10),
        url=storable(call.url, TEXT_MAX),
        status=refusal.status,
        code=refusal.code,
        sentence=storable(_sentence(refusal), TEXT_MAX),
        canonical_full=storable(canonical[UrlForm.FULL], TEXT_MAX),
        canonical_path=storable(canonical[UrlForm.PATH], TEXT_MAX),
        signature_date=storable(call.headers.get(wire.DATE, ""), HEADER_MAX),
        content_hash=storable(call.headers.get(wire.CONTENT_HASH, ""), HEADER_MAX),
        body_size=len(call.body),
        client_subject=client_subject,
        client_thumbprint=client_thumbprint,
        signature_subject=subject,
        signature_thumbprint=thumbprint,
        address=call.address,
        correlation_id=correlation.current(),
    )
    _forget_beyond(dip_id)
    return kept


def whose(call: Call) -> DipId | None:
    """Return the DIP ID that a call provably comes from: three queries at most."""
    found = api_keys.find(call.api_key) if call.api_key else None
    if found is not None:
        return found.dip_id
    if call.certificate is None:
        return None
    known = Certificate.objects.filter(
        thumbprint=formats.thumbprint(call.certificate), revoked_at=None
    ).first()
    named = (
        DipId.objects.select_related("mpid").filter(dip_id=call.recipient_id).first()
        if known and call.recipient_id
        else None
    )
    if known is None or named is None:
        return None
    is_its_own = known.organisation_id == named.mpid.organisation_id
    return named if is_its_own or known.organisation_id == provider_of(named) else None


def forget_old(*, now: datetime) -> int:
    """Forget the failed calls that are older than the setting's days; return how many."""
    oldest = now - timedelta(days=settings.FAILED_CALLS_DAYS)
    return FailedCall.objects.filter(at__lt=oldest).delete()[0]


def _forget_beyond(dip_id: DipId) -> None:
    """Forget all but the newest of a DIP ID."""
    rows = FailedCall.objects.filter(dip_id=dip_id).order_by("-at", "-pk")
    beyond = list(rows.values_list("pk", flat=True)[settings.FAILED_CALLS_KEPT :][:100])
    if beyond:
        FailedCall.objects.filter(pk__in=beyond).delete()


def _sentence(refusal: CallRefused) -> str:
    return " ".join([str(refusal), *(f"{it.field}: {it.message}" for it in refusal.errors)])


def _named(certificate: x509.Certificate | None) -> tuple[str, str]:
    """Return subject and thumbprint; whatever the subject holds, it is shown as text."""
    if certificate is None:
        return "", ""
    try:
        subject = certificate.subject.rfc4514_string()
    except ValueError:
        subject = "unreadable"
    return storable(subject, TEXT_MAX), formats.thumbprint(certificate)
