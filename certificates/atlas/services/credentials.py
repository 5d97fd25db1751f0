"""API credentials: made once, shown once, found again by their blind indexes."""

import hmac
import secrets as stdlib_secrets
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from audit.services import record
from certificates.atlas.actors import AtlasActor
from certificates.atlas.errors import UnableToCreateCredential
from certificates.atlas.models import Account, ApiCredential, DipEnvironment, IdentityProfile
from dip_portal.lib import secrets

KEY_BYTES = 8  # 16 hexadecimal digits
SECRET_BYTES = 20  # 40 hexadecimal digits
KEY_PURPOSE = "Atlas API key"
SECRET_PURPOSE = "Atlas API secret"  # noqa: S105 - what the secret is for, not the secret
MOST = 50


@dataclass(frozen=True, kw_only=True)
class NewCredential:
    """A credential with its key and secret in the clear, as nobody will see them again."""

    credential: ApiCredential
    api_key: str
    api_secret: str


@transaction.atomic
def create_api_credential(
    *,
    actor: AtlasActor,
    account: Account,
    profile: IdentityProfile,
    environment: DipEnvironment,
    name: str,
    now: datetime,
) -> NewCredential:
    """Make an API key and its secret for an active identity. Raises UnableToCreateCredential."""
    account = Account.objects.select_for_update().get(pk=account.pk)
    if profile.account_id != account.pk or not profile.is_active:
        raise UnableToCreateCredential("profile", "Choose one of your active identity profiles.")
    if account.credentials.filter(revoked_at=None).count() >= MOST:
        raise UnableToCreateCredential("", f"You have {MOST} API credentials: delete one first.")
    api_key = stdlib_secrets.token_hex(KEY_BYTES)
    api_secret = stdlib_secrets.token_hex(SECRET_BYTES)
    credential = ApiCredential(
        account=account,
        profile=profile,
        environment=environment,
        name=name.strip(),
        **_indexes(api_key, api_secret),
        hint=api_key[-4:],
        created_at=now,
    )
    try:
        credential.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise UnableToCreateCredential(field, messages[0]) from error
    credential.save()
    record(
        actor=actor,
        action="api_credential:create",
        subject=credential,
        after={
            "environment": credential.get_environment_display(),
            "profile": str(profile),
            "ends in": credential.hint,
        },
        at=now,
    )
    return NewCredential(credential=credential, api_key=api_key, api_secret=api_secret)


@transaction.atomic
def revoke_api_credential(*, actor: AtlasActor, credential: ApiCredential, now: datetime) -> bool:
    """Let a credential open nothing any more; return False if that was so already."""
    current = ApiCredential.objects.select_for_update().get(pk=credential.pk)
    if not current.is_active:
        return False
    current.revoked_at = now
    current.save(update_fields=["revoked_at"])
    record(actor=actor, action="api_credential:revoke", subject=current, at=now)
    return True


def find_credential(*, api_key: str, api_secret: str) -> ApiCredential | None:
    """Return the active credential with this key and this secret: one query.

    One that an older encryption key has indexed is indexed anew: key and secret are kept
    nowhere, so that it can be done only when somebody brings them.
    """
    found = (
        ApiCredential.objects.select_related("account", "profile")
        .filter(key_index__in=_key_indexes(api_key), revoked_at=None)
        .first()
    )
    # Compared in every case, so that the time tells nothing of the key.
    given = secrets.blind_indexes(api_secret, purpose=SECRET_PURPOSE)
    kept = found.secret_index if found else "0" * len(given[0])
    matches = sum(hmac.compare_digest(one, kept) for one in given)
    if found is None or not matches:
        return None
    if found.index_key != secrets.newest_key_id():
        ApiCredential.objects.filter(pk=found.pk).update(**_indexes(api_key, api_secret))
        found.refresh_from_db(fields=["key_index", "secret_index", "index_key"])
    return found


def key_index(api_key: str) -> str:
    """Return by what an API key is found and counted, which tells nothing of it."""
    return secrets.blind_index(api_key, purpose=KEY_PURPOSE)


def _key_indexes(api_key: str) -> list[str]:
    return secrets.blind_indexes(api_key, purpose=KEY_PURPOSE)


def _indexes(api_key: str, api_secret: str) -> dict[str, str]:
    return {
        "key_index": key_index(api_key),
        "secret_index": secrets.blind_index(api_secret, purpose=SECRET_PURPOSE),
        "index_key": secrets.newest_key_id(),
    }


@transaction.atomic
def note_login(
    *, actor: AtlasActor, credential: ApiCredential, thumbprint: str, now: datetime
) -> None:
    """Record that a credential logged in to the HVCA API, showing this certificate."""
    ApiCredential.objects.filter(pk=credential.pk).update(last_used_at=now)
    record(
        actor=actor,
        action="api_credential:log_in",
        subject=credential,
        after={"certificate": thumbprint},
        at=now,
    )


def note_refused_login(*, api_key: str, reason: str, address: str | None, now: datetime) -> None:
    """Record an attempt to log in with the key of a credential; with any other there is nobody.

    `reason` is what was wrong: secret or certificate.
    """
    credential = ApiCredential.objects.filter(key_index__in=_key_indexes(api_key)).first()
    if credential is not None:
        record(
            actor=AtlasActor(label="Somebody", address=address),
            action="api_credential:refuse_login",
            subject=credential,
            after={"wrong": reason},
            at=now,
        )
