"""What Atlas keeps sealed, or finds by a blind index (dip_portal/lib/resealing.py)."""

from typing import Any

from certificates.atlas.models import ApiCredential
from certificates.atlas.models.authorities import KEY_PURPOSE
from dip_portal.lib import secrets
from dip_portal.lib.resealing import SealedTable, StaysWithOlderKey, columns


def _again(credential: ApiCredential) -> dict[str, Any]:
    """Leave a credential as it is: key and secret are kept nowhere. A login indexes it anew."""
    if credential.is_active and credential.index_key != secrets.newest_key_id():
        raise StaysWithOlderKey
    return {}


TABLES = [
    SealedTable(model="atlas.CertificateAuthority", again=columns(sealed_key=KEY_PURPOSE)),
    SealedTable(
        model="atlas.ApiCredential",
        again=_again,
        remedy="Each comes to the newest key when a portal next logs in with it. Keep the older "
        "key until then, or have new ones made and these deleted.",
    ),
]
