"""API keys of DIP IDs: made here, kept encrypted, found without decrypting the table."""

import secrets as stdlib_secrets
from collections.abc import Iterable, Sequence
from datetime import datetime

from dip_portal.lib import bulk, secrets
from organisations.models import ApiKey, DipId

PURPOSE = "api key"
KEY_BYTES = 16  # 32 hexadecimal digits, as on the seminar's DIP ID slide


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


def reveal(api_key: ApiKey) -> str:
    """Return the key in the clear: 32 hexadecimal digits. Raises UnableToDecrypt."""
    return secrets.decrypt(api_key.ciphertext, purpose=PURPOSE)


def find(key: str) -> ApiKey | None:
    """Return the row of a key that somebody presents, with its DIP ID and company: one query."""
    index = secrets.blind_index(key, purpose=PURPOSE)
    rows = ApiKey.objects.select_related("dip_id__mpid__organisation")
    return rows.filter(blind_index=index).first()


def _sealed() -> tuple[str, str]:
    """Return a new key twice: sealed, and as its blind index."""
    key = stdlib_secrets.token_hex(KEY_BYTES)
    return secrets.encrypt(key, purpose=PURPOSE), secrets.blind_index(key, purpose=PURPOSE)
