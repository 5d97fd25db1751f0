"""What people's second factors keep sealed (dip_portal/lib/resealing.py)."""

from typing import Any

from allauth.mfa.models import Authenticator

from accounts.second_factor import PURPOSE
from dip_portal.lib.resealing import SealedTable, text


def _again(factor: Authenticator) -> dict[str, Any]:
    """Return the data of an authenticator app or of recovery codes; a passkey has no secret."""
    fresh = dict(factor.data)
    for name in ("secret", "seed"):
        if name in fresh:
            fresh[name] = text(fresh[name], purpose=PURPOSE)
    return {"data": fresh} if fresh != factor.data else {}


TABLES = [SealedTable(model="mfa.Authenticator", again=_again)]
