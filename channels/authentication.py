"""Client certificate, API key and signature give a DipIdActor: each call passes all three.

The order: the TLS client's certificate is one of this environment; the API key is that of
the DIP ID in the path; the certificate is the company's or its DIP Connection Provider's; the
DIP ID is within its effective dates; the signature holds, with a certificate of the same
owners, and comes for the first time. Whether any other DIP ID exists is never looked up, so
that no answer can tell.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from cryptography import x509
from django.conf import settings
from django.db.models import F, Q

from certificates.models import Certificate
from certificates.pki import formats
from certificates.recognition import BY_THUMBPRINT, NotRecognised, judge
from certificates.trust import NoTrustedAuthority
from channels import wire
from channels.calls import API_KEY, Call
from channels.refusals import CallRefused
from channels.services import signatures
from channels.wire import SignatureRefused, Verified
from controls import state
from dip_portal.lib import clock
from dip_portal.lib.prepared import Prepared, together
from organisations.actors import DipIdActor
from organisations.models import ApiKey, DipId, Nomination
from organisations.services import api_keys

Which = Literal["client", "signature"]
WHAT: dict[Which, str] = {
    "client": "The client certificate of the TLS connection",
    "signature": f"The certificate in {wire.CERTIFICATE}",
}
DATES = {
    "no effective from date": "has no effective from date",
    "awaiting DIP Manager": "has effective dates that the DIP Manager has yet to set",
    "not yet effective": "is not effective yet",
    "ended": "is not effective any more",
}


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who calls, for which DIP ID (with MPID and company), by which signature, and when."""

    actor: DipIdActor
    dip_id: DipId
    verified: Verified
    at: datetime


def signature_window() -> timedelta:
    """Return how far the date of a signature may be from the clock (a setting)."""
    return timedelta(seconds=settings.SIGNATURE_WINDOW_SECONDS)


def authenticate(call: Call, *, now: datetime) -> Caller:
    """Return who calls. Raises CallRefused with the first check that fails.

    `now` is the real time, by which the signature's date is judged; certificates and effective
    dates are so by the time of the DIP's business, which a test clock may move.
    """
    known = _Known(call)
    at = now + clock.ahead()
    client = known.certificate(call.certificate, "client", at)
    if not client.is_for_mtls:
        raise CallRefused(
            "client_certificate_not_for_mtls",
            f"{WHAT['client']} is for signing only. Connect with one that is for mTLS.",
        )
    api_key = _api_key(call, known)
    dip_id = api_key.dip_id
    owners = _Owners(dip_id)
    owners.require(client, "client")
    _require_operational(dip_id, at)
    verified = _verified(call, now)
    signer = (
        client
        if verified.certificate == call.certificate
        else known.certificate(verified.certificate, "signature", at)
    )
    if not signer.is_for_signing:
        raise CallRefused(
            "signature_certificate_not_for_signing",
            f"{WHAT['signature']} is for mTLS only. Sign with one that is for signing.",
        )
    owners.require(signer, "signature")
    if not signatures.is_first_use(
        verified.signature, expires_at=verified.signed_at + signature_window()
    ):
        raise CallRefused(
            "replayed_signature",
            f"The same {wire.SIGNATURE} has come before. Sign each call anew, with the date of "
            "now to the millisecond; a call that is repeated needs a signature of its own.",
        )
    api_keys.note_use(api_key, address=call.address, now=now)
    return Caller(actor=_actor(dip_id, client, call), dip_id=dip_id, verified=verified, at=at)


class _Owners:
    """Whose certificates may speak for a DIP ID: its company's, and its nominated DCP's."""

    def __init__(self, dip_id: DipId) -> None:
        self._dip_id = dip_id
        self._provider: int | None = None
        self._is_looked_up = False

    def require(self, certificate: Certificate, which: Which) -> None:
        """Pass, or raise CallRefused. One query at most, for those that are not the company's."""
        owner = certificate.organisation_id
        if owner == self._dip_id.mpid.organisation_id:
            return
        if not self._is_looked_up:
            self._provider, self._is_looked_up = provider_of(self._dip_id), True
        if owner == self._provider:
            return
        raise CallRefused(
            f"{which}_certificate_of_another_company",
            f"{WHAT[which]} belongs neither to the company of DIP ID {self._dip_id} nor to the "
            "DIP Connection Provider nominated for it. Use a certificate of one of them, or let "
            "the company's User Admin nominate the provider.",
        )


def provider_of(dip_id: DipId) -> int | None:
    """Return the key of the approved DCP that connects for a DIP ID: one query.

    The nomination for the DIP ID comes before the one for all of the company.
    """
    nomination = (
        Nomination.objects.select_related("dcp_id__organisation")
        .filter(Q(dip_id=dip_id) | Q(dip_id=None, organisation=dip_id.mpid.organisation_id))
        .order_by(F("dip_id").asc(nulls_last=True))
        .first()
    )
    if nomination is None or nomination.dcp_id is None:
        return None
    provider = nomination.dcp_id.organisation
    return provider.pk if provider.is_dcp else None


class _Known:
    """What the DIP knows of the certificates and the key of a call: asked in one go."""

    def __init__(self, call: Call) -> None:
        self.api_key: ApiKey | None = None
        shown = {it for it in (call.certificate, call.sent_certificate) if it is not None}
        queries: list[tuple[Prepared[Any], tuple[Any, ...]]] = [
            (BY_THUMBPRINT, (formats.thumbprint(it),)) for it in shown
        ]
        if call.api_key:
            queries.append((api_keys.BY_INDEX, (api_keys.index_of(call.api_key),)))
        controls = state.unasked()  # by which the clock goes
        rows = together(*queries, *controls) if call.certificate else []
        if rows and controls:
            state.take(rows.pop())
        if rows and call.api_key:
            found = next(iter(rows.pop()), None)
            self.api_key = found or api_keys.find_by_older_index(call.api_key)
        self._certificates: dict[str, Certificate] = {
            row.thumbprint: row for those in rows for row in those
        }

    def certificate(
        self, certificate: x509.Certificate | None, which: Which, now: datetime
    ) -> Certificate:
        """Return the company's certificate that this is. Raises CallRefused."""
        if certificate is None:
            raise CallRefused(
                "client_certificate_missing",
                "The TLS connection shows no client certificate. Connect with the certificate "
                "and key that the company has for mTLS, to the API's own address.",
            )
        found = self._certificates.get(formats.thumbprint(certificate))
        try:
            return judge(certificate, found, now=now)
        except NoTrustedAuthority as unready:
            raise CallRefused(
                "no_trusted_authority",
                "The DIP cannot judge certificates yet: its operator has to pin the authority "
                "of this environment.",
            ) from unready
        except NotRecognised as refusal:
            code = refusal.code.removesuffix("_certificate")
            raise CallRefused(
                f"{which}_certificate_{code}", f"{WHAT[which]}: {refusal}"
            ) from refusal


def _api_key(call: Call, known: _Known) -> ApiKey:
    if not call.api_key:
        raise CallRefused(
            "api_key_missing",
            f"The call has no {API_KEY}. Send the primary or secondary key of the DIP ID, which "
            "the portal shows on the DIP ID's page.",
        )
    found = known.api_key
    if found is None:
        raise CallRefused(
            "api_key_unknown",
            f"No DIP ID has the key in {API_KEY}. Take the key from the page of the DIP ID in "
            "this environment: it may have been regenerated, and UIT and Production have "
            "different ones.",
        )
    if found.dip_id.dip_id != call.recipient_id:
        raise CallRefused(
            "api_key_of_another_dip_id",
            f"The key in {API_KEY} is not that of the DIP ID in the path, "
            f"{call.recipient_id[:20]}. Call with a key of the DIP ID that you configure.",
        )
    return found


def _require_operational(dip_id: DipId, now: datetime) -> None:
    state = dip_id.state_on(now.date())
    if state in DATES:
        raise CallRefused(
            "dip_id_not_operational",
            f"DIP ID {dip_id} {DATES[state]} (from {dip_id.effective_from_date or 'none'} to "
            f"{dip_id.effective_to_date or 'open'}). The DIP Manager sets the effective dates.",
        )


def _verified(call: Call, now: datetime) -> Verified:
    try:
        return wire.verify(
            method=call.method,
            url=call.url,
            body=call.body,
            headers=call.headers,
            now=now,
            window=signature_window(),
        )
    except SignatureRefused as refusal:
        raise CallRefused(refusal.code, str(refusal)) from refusal


def _actor(dip_id: DipId, client: Certificate, call: Call) -> DipIdActor:
    company = dip_id.mpid.organisation_id
    via = "API" if client.organisation_id == company else f"API, through {client.organisation}"
    return DipIdActor(
        label=f"DIP ID {dip_id} ({via})",
        address=call.address,
        dip_id_key=dip_id.pk,
        organisation_id=company,
    )
