"""API keys of DIP IDs: made here, kept encrypted, found without decrypting the table."""

import secrets as stdlib_secrets
from collections.abc import Iterable
from datetime import datetime

from dip_portal.lib import secrets
from organisations.models import ApiKey, DipId

PURPOSE = "api key"
KEY_BYTES = 16  # 32 hexadecimal digits, as on the seminar's DIP ID slide


def generate(dip_ids: Iterable[DipId], *, now: datetime) -> list[ApiKey]:
    """Give each of these DIP IDs, which have none yet, a fresh primary and secondary key.

    Returns the rows as stored: the keys themselves are only in them sealed.
    """
    return ApiKey.objects.bulk_create(
        [_sealed(dip_id, kind, now) for dip_id in dip_ids for kind in ApiKey.Kind.values],
        batch_size=1000,
    )


def reveal(api_key: ApiKey) -> str:
    """Return the key in the clear: 32 hexadecimal digits. Raises UnableToDecrypt."""
    return secrets.decrypt(api_key.ciphertext, purpose=PURPOSE)


def find(key: str) -> ApiKey | None:
    """Return the row of a key that somebody presents, by its blind index: one query."""
    index = secrets.blind_index(key, purpose=PURPOSE)
    return ApiKey.objects.select_related("dip_id__mpid").filter(blind_index=index).first()


def _sealed(dip_id: DipId, kind: str, now: datetime) -> ApiKey:
    key = stdlib_secrets.token_hex(KEY_BYTES)
    return ApiKey(
        dip_id=dip_id,
        kind=kind,
        ciphertext=secrets.encrypt(key, purpose=PURPOSE),
        blind_index=secrets.blind_index(key, purpose=PURPOSE),
        created_at=now,
    )
