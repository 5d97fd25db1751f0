"""API keys of DIP IDs: made here, kept encrypted, found without decrypting the table.

Showing a key, downloading the keys and making a new one are audited; a key itself is in no
audit event.
"""

import secrets as stdlib_secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from audit.services import record
from dip_portal.lib import bulk, secrets
from dip_portal.lib.prepared import Prepared
from organisations.actors import Actor
from organisations.errors import UnableToChangeApiKey
from organisations.models import ApiKey, DipId
from organisations.policies import Action, require

PURPOSE = "api key"
# The key with this blind index, with its DIP ID and company.
BY_INDEX = Prepared(
    lambda index: (
        ApiKey.objects.select_related("dip_id__mpid__organisation")
        .filter(blind_index=index)
        .order_by()
    ),
    "index",
)
KEY_BYTES = 16  # 32 hexadecimal digits, as on the seminar's DIP ID slide
# A client calls many times a second: that a key was used is written once a minute.
USE_NOTED_EVERY = timedelta(minutes=1)


def generate(dip_ids: Iterable[DipId], *, now: datetime) -> None:
    """Give each of these DIP IDs, which have none yet, a fresh primary and secondary key."""
    generate_for([dip_id.pk for dip_id in dip_ids], now=now)


def generate_for(dip_id_keys: Sequence[int], *, now: datetime) -> None:
    """Do as `generate` does, for DIP IDs given by their primary keys.

    The keys themselves are only in the rows, sealed.
    """
    kinds = ApiKey.Kind.values
    bulk.insert(
        ApiKey,
        ("dip_id_id", "kind", "ciphertext", "blind_index", "created_at"),
        [(key, kind, *_sealed(), now) for key in dip_id_keys for kind in kinds],
    )


@transaction.atomic
def show(*, actor: Actor, api_key: ApiKey, now: datetime) -> str:
    """Return a key in the clear to somebody of its company, and record that it was shown."""
    require(actor, Action.API_KEY_REVEAL, api_key)
    _note_shown([api_key], now)
    _record("api_key:show", actor, api_key.dip_id, now, key=api_key.get_kind_display())
    return reveal(api_key)


@transaction.atomic
def download(*, actor: Actor, dip_id: DipId, now: datetime) -> dict[str, str]:
    """Return both keys of a DIP ID in the clear, by PRIMARY and SECONDARY, and record it."""
    require(actor, Action.API_KEY_REVEAL, dip_id)
    keys = list(dip_id.api_keys.all())
    _note_shown(keys, now)
    _record("api_key:download", actor, dip_id, now, key="both")
    return {api_key.kind: reveal(api_key) for api_key in keys}


@transaction.atomic
def regenerate(*, actor: Actor, api_key: ApiKey, made_at: datetime, now: datetime) -> ApiKey:
    """Put a fresh key in the place of this one, which opens nothing from now on.

    The other key of the DIP ID keeps working, so that a client can change over without an
    outage. `made_at` is when the key was made that the person saw. Raises
    UnableToChangeApiKey if there is a newer one.
    """
    require(actor, Action.API_KEY_REGENERATE, api_key)
    current = ApiKey.objects.select_for_update(of=("self",)).select_related(
        "dip_id__mpid__organisation"
    ).get(pk=api_key.pk)  # fmt: skip
    if current.created_at != made_at:
        raise UnableToChangeApiKey(
            f"The {current.get_kind_display().lower()} was regenerated meanwhile. Show it, and "
            "regenerate it only if you need one more."
        )
    current.ciphertext, current.blind_index = _sealed()
    current.created_at = now
    current.first_shown_at = current.last_used_at = current.last_used_address = None
    current.save()
    _record("api_key:regenerate", actor, current.dip_id, now, key=current.get_kind_display())
    return current


def note_use(api_key: ApiKey, *, address: str | None, now: datetime) -> None:
    """Note that a call came with this key, from this network address: once a minute."""
    if api_key.last_used_at is not None and now - api_key.last_used_at < USE_NOTED_EVERY:
        return
    ApiKey.objects.filter(
        Q(last_used_at=None) | Q(last_used_at__lt=now), pk=api_key.pk
    ).update(last_used_at=now, last_used_address=address)  # fmt: skip


def _note_shown(keys: Iterable[ApiKey], now: datetime) -> None:
    new = [api_key.pk for api_key in keys if api_key.first_shown_at is None]
    ApiKey.objects.filter(pk__in=new).update(first_shown_at=now)


def _record(action: str, actor: Actor, dip_id: DipId, now: datetime, *, key: str) -> None:
    record(
        actor=actor,
        action=action,
        subject=dip_id,
        after={"key": key},
        at=now,
        organisation_id=dip_id.mpid.organisation_id,
    )


def reveal(api_key: ApiKey) -> str:
    """Return the key in the clear: 32 hexadecimal digits. Raises UnableToDecrypt."""
    return secrets.decrypt(api_key.ciphertext, purpose=PURPOSE)


def find(key: str) -> ApiKey | None:
    """Return the row of a key that somebody presents, with its DIP ID and company.

    One query, and one more for each older encryption key where the newest does not find it.
    """
    return BY_INDEX.first(index_of(key)) or find_by_older_index(key)


def find_by_older_index(key: str) -> ApiKey | None:
    """Return the row of a key that an older encryption key has indexed, if there is such a one."""
    older = secrets.blind_indexes(key, purpose=PURPOSE)[1:]
    return next(filter(None, map(BY_INDEX.first, older)), None)


def index_of(key: str) -> str:
    """Return the blind index of a key that somebody presents."""
    return secrets.blind_index(key, purpose=PURPOSE)


def _sealed() -> tuple[str, str]:
    """Return a new key twice: sealed, and as its blind index."""
    return _seal(stdlib_secrets.token_hex(KEY_BYTES))


def sealed_again(api_key: ApiKey) -> dict[str, str]:
    """Return the fields of a key by the newest encryption key. Raises UnableToDecrypt."""
    ciphertext, index = _seal(reveal(api_key))
    if api_key.blind_index == index and secrets.is_newest(api_key.ciphertext):
        return {}
    return {"ciphertext": ciphertext, "blind_index": index}


def _seal(key: str) -> tuple[str, str]:
    return secrets.encrypt(key, purpose=PURPOSE), secrets.blind_index(key, purpose=PURPOSE)
