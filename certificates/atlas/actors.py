"""Who acts in Atlas: a signed-in person for their account, or Atlas itself."""

from dataclasses import dataclass

from allauth.core.internal.httpkit import get_client_ip
from django.http import HttpRequest

from accounts.models import User


@dataclass(frozen=True, kw_only=True)
class AtlasActor:
    """Somebody as the audit trail names them."""

    user_id: int | None = None
    label: str
    address: str | None = None


ATLAS = AtlasActor(label="Atlas")


def actor_for(user: User, request: HttpRequest | None = None) -> AtlasActor:
    """Return the actor that a person is, with the address that a request came from."""
    address = get_client_ip(request) if request is not None else None
    return AtlasActor(user_id=user.pk, label=str(user), address=address)
