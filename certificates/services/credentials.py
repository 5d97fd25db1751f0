"""The API credentials of a company: validated, saved, removed (seminar, Step 4.2).

Between 'Validate' and 'Save' the set stays here, sealed; nothing of it goes back to the page.
"""

from datetime import datetime

from django.db import IntegrityError, transaction

from audit.services import record
from certificates import hvca
from certificates.errors import UnableToSaveCredentials
from certificates.models import AtlasCredential, CertificateRequest, CredentialDraft
from certificates.pki import formats
from certificates.services import logins
from certificates.services.drafts import waiting_draft
from certificates.services.requests import try_now
from certificates.services.validation import Outcome, validate
from organisations.actors import Actor
from organisations.models import Organisation
from organisations.policies import Action, require

VALIDATE_AGAIN = "Nothing that is validated waits here any more. Enter the set and validate again."
ANOTHER_COMPANYS = (
    "This mTLS certificate is in use by another company of this environment. Every company has "
    "API credentials and a certificate of its own: generate them at GlobalSign Atlas."
)


def validate_credentials(
    *,
    actor: Actor,
    organisation: Organisation,
    api_key: str,
    api_secret: str,
    pfx: bytes,
    password: str,
    now: datetime,
) -> Outcome:
    """Check a set, and keep it sealed for half an hour if it passes. Calls Atlas.

    Raises UnableToSaveCredentials for the certificate of another company.
    """
    require(actor, Action.CERTIFICATE_MANAGE, organisation)
    CredentialDraft.objects.filter(organisation=organisation, user=actor.user_id).delete()
    outcome = validate(api_key=api_key, api_secret=api_secret, pfx=pfx, password=password, now=now)
    if outcome.login is None or outcome.pfx is None:
        return outcome
    certificate = outcome.pfx.certificate
    _refuse_another_companys(organisation, formats.thumbprint(certificate))
    assert actor.user_id is not None  # only people pass the policies
    CredentialDraft.objects.update_or_create(
        organisation=organisation,
        user_id=actor.user_id,
        defaults={
            "sealed": logins.seal(outcome.login),
            "key_hint": hint(outcome.login),
            "certificate_pem": outcome.login.certificate_pem,
            "chain_pem": outcome.login.chain_pem,
            "thumbprint": formats.thumbprint(certificate),
            "not_after": certificate.not_valid_after_utc,
            "validated_at": now,
        },
    )
    return outcome


@transaction.atomic
def save_credentials(*, actor: Actor, organisation: Organisation, now: datetime) -> AtlasCredential:
    """Save what was validated, in place of what was there; requests that wait go on.

    Raises UnableToSaveCredentials.
    """
    require(actor, Action.CERTIFICATE_MANAGE, organisation)
    draft = waiting_draft(actor=actor, organisation=organisation, now=now)
    if draft is None:
        raise UnableToSaveCredentials("", VALIDATE_AGAIN)
    _refuse_another_companys(organisation, draft.thumbprint)
    former = AtlasCredential.objects.filter(organisation=organisation).first()
    before = _described(former) if former else None
    try:
        with transaction.atomic():
            saved, is_new = AtlasCredential.objects.update_or_create(
                organisation=organisation,
                defaults={
                    "sealed": draft.sealed,
                    "key_hint": draft.key_hint,
                    "certificate_pem": draft.certificate_pem,
                    "chain_pem": draft.chain_pem,
                    "thumbprint": draft.thumbprint,
                    "not_after": draft.not_after,
                    "saved_at": now,
                    "saved_by": actor.label,
                    "problem": "",
                    "reminded_days": None,
                },
            )
    except IntegrityError:
        raise UnableToSaveCredentials("", ANOTHER_COMPANYS) from None
    CredentialDraft.objects.filter(organisation=organisation, user=actor.user_id).delete()
    record(
        actor=actor,
        action="atlas_credential:save" if is_new else "atlas_credential:replace",
        subject=organisation,
        before=before,
        after=_described(saved),
        at=now,
        organisation_id=organisation.pk,
    )
    try_now(organisation.certificate_requests.filter(state__in=CertificateRequest.OPEN), now=now)
    return saved


@transaction.atomic
def remove_credentials(*, actor: Actor, organisation: Organisation, now: datetime) -> None:
    """Forget the set. Certificates stay; requests wait for a new one."""
    require(actor, Action.CERTIFICATE_MANAGE, organisation)
    former = AtlasCredential.objects.filter(organisation=organisation).first()
    if former is None:
        return
    before = _described(former)
    former.delete()
    record(
        actor=actor,
        action="atlas_credential:remove",
        subject=organisation,
        before=before,
        at=now,
        organisation_id=organisation.pk,
    )


def hint(login: hvca.Login) -> str:
    """Return how the API key ends, which gives nothing away of a key of usual length."""
    return login.api_key[-4:] if len(login.api_key) >= 12 else ""


def _refuse_another_companys(organisation: Organisation, thumbprint: str) -> None:
    others = AtlasCredential.objects.exclude(organisation=organisation)
    if others.filter(thumbprint=thumbprint).exists():
        raise UnableToSaveCredentials("pfx", ANOTHER_COMPANYS)


def _described(credential: AtlasCredential) -> dict[str, str]:
    return {
        "api_key": f"…{credential.key_hint}",
        "thumbprint": credential.thumbprint,
        "valid_until": credential.not_after.date().isoformat(),
    }
