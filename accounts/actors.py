"""The person behind an audit event of `accounts`."""

from dataclasses import dataclass

from allauth.core.internal.httpkit import get_client_ip
from django.http import HttpRequest

from accounts.models import User


@dataclass(frozen=True, kw_only=True)
class UserActor:
    """Who did something, as the audit trail wants to know it."""

    user_id: int | None
    label: str
    address: str | None


COMMAND_LINE = UserActor(user_id=None, label="Command line", address=None)


def signed_in_user(request: HttpRequest) -> User:
    """Return the person of a request that has one (behind `login_required`, or at a gate)."""
    assert isinstance(request.user, User)
    return request.user


def actor_of(request: HttpRequest, user: User) -> UserActor:
    """Return the person as the actor of this request, with the address it came from."""
    return UserActor(user_id=user.pk, label=str(user), address=get_client_ip(request))
