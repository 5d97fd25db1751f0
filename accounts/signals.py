"""What happens to an account goes into the audit trail, and who fails to sign in into the log."""

import logging
from typing import Any

from allauth.account import signals as account_signals
from allauth.account.adapter import get_adapter
from allauth.core.internal.httpkit import get_client_ip
from allauth.mfa import signals as mfa_signals
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from accounts import session_life
from accounts.actors import actor_of
from accounts.adapter import NEW_PLACE
from accounts.models import User
from audit.sentences import register
from audit.services import addresses_of, record

logger = logging.getLogger(__name__)
SIGN_IN = "session:start"

SENTENCES = {
    "dip_manager:create": "created the DIP Manager",
    "terms:accept": "accepted the Terms of Use as",
    SIGN_IN: "signed in as",
    "session:end": "signed out as",
    "password:change": "changed the password of",
    "password:reset": "reset the password of",
    "second_factor:add": "added a second factor to",
    "second_factor:remove": "removed a second factor from",
    "second_factor:renew": "made new recovery codes for",
}


def connect() -> None:
    """Listen to allauth; called once, when the app is ready."""
    register(SENTENCES)
    user_logged_in.connect(_on_session_started)
    account_signals.user_logged_in.connect(_on_signed_in)
    user_logged_out.connect(_on_signed_out)
    user_login_failed.connect(_on_sign_in_failed)
    mfa_signals.authentication_failed.connect(_on_second_factor_failed)
    account_signals.password_changed.connect(_on_password_changed)
    account_signals.password_set.connect(_on_password_changed)
    account_signals.password_reset.connect(_on_password_reset)
    mfa_signals.authenticator_added.connect(_on_authenticator_added)
    mfa_signals.authenticator_removed.connect(_on_authenticator_removed)
    mfa_signals.authenticator_reset.connect(_on_authenticator_renewed)


def _on_session_started(*, request: HttpRequest, **_: Any) -> None:
    session_life.start(request.session)


def _on_signed_in(*, request: HttpRequest, user: User, **_: Any) -> None:
    """Record it, and tell whoever has signed in before, but never from this address."""
    known = addresses_of(user_id=user.pk, action=SIGN_IN)
    if known and get_client_ip(request) not in known:
        get_adapter().send_notification_mail(NEW_PLACE, user)
    _record(SIGN_IN, request, user)


def _on_signed_out(*, request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None:
        _record("session:end", request, user)


def _on_sign_in_failed(*, request: HttpRequest | None = None, **_: Any) -> None:
    """Log it without the name that was typed: it may be anybody's, or a password."""
    logger.warning("A sign-in failed, asked for from %s", _address_of(request))


def _on_second_factor_failed(*, request: HttpRequest, user: User, **_: Any) -> None:
    logger.warning(
        "A second factor of user %s was wrong, asked for from %s", user.pk, _address_of(request)
    )


def _address_of(request: HttpRequest | None) -> str:
    return (get_client_ip(request) if request is not None else None) or "nowhere"


def _on_password_changed(*, request: HttpRequest, user: User, **_: Any) -> None:
    _record("password:change", request, user)


def _on_password_reset(*, request: HttpRequest, user: User, **_: Any) -> None:
    _record("password:reset", request, user)


def _on_authenticator_added(
    *, request: HttpRequest, user: User, authenticator: Authenticator, **_: Any
) -> None:
    _record("second_factor:add", request, user, after={"type": authenticator.type})


def _on_authenticator_removed(
    *, request: HttpRequest, user: User, authenticator: Authenticator, **_: Any
) -> None:
    _record("second_factor:remove", request, user, before={"type": authenticator.type})


def _on_authenticator_renewed(
    *, request: HttpRequest, user: User, authenticator: Authenticator, **_: Any
) -> None:
    _record("second_factor:renew", request, user, after={"type": authenticator.type})


def _record(
    action: str,
    request: HttpRequest,
    user: User,
    *,
    before: dict[str, str] | None = None,
    after: dict[str, str] | None = None,
) -> None:
    record(actor=actor_of(request, user), action=action, subject=user, before=before, after=after)
