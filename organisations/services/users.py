"""What the DIP Manager does to somebody's account: reset the second factor, close it, open it.

Whoever is touched is told by e-mail. Each verb locks the account's row first.
"""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.second_factor import has_second_factor
from accounts.services import end_sessions, remove_second_factors
from audit.services import record
from mail.services import queue
from organisations.actors import Actor
from organisations.errors import UnableToChangeUser
from organisations.policies import Action, require


@transaction.atomic
def reset_second_factor(*, actor: Actor, user: User, now: datetime) -> None:
    """Remove a person's second factors and end their sessions: the next sign-in enrols anew.

    Raises UnableToChangeUser for somebody who has none, and for oneself.
    """
    require(actor, Action.USER_RESET_SECOND_FACTOR)
    user = _locked(user)
    _refuse_if(why_no_second_factor_reset(actor, user))
    names = remove_second_factors(user)
    ended = end_sessions(user)
    record(
        actor=actor,
        action="user:reset_second_factor",
        subject=user,
        before={"second_factor": names, "sessions": ended},
        after={"second_factor": [], "sessions": 0},
        at=now,
    )
    _tell(
        user,
        "The DIP Manager reset your second factor.",
        "Your authenticator app, passkeys and recovery codes for this environment no longer "
        "work, and you were signed out everywhere. When you sign in next, with your password, "
        "you set up a second factor anew. You can remove the old entry from your app.",
    )


@transaction.atomic
def deactivate(*, actor: Actor, user: User, now: datetime) -> None:
    """Close an account: it is signed out everywhere at once, and can neither sign in nor reset.

    Memberships stay as they are, and give no access while the account is closed. Raises
    UnableToChangeUser for oneself, the last active DIP Manager, and a closed account.
    """
    require(actor, Action.USER_DEACTIVATE)
    # All DIP Managers are locked, so that two who deactivate each other do not both succeed.
    list(User.objects.select_for_update().filter(is_staff=True).order_by("pk"))
    user = _locked(user)
    _refuse_if(why_no_deactivation(actor, user))
    user.is_active = False
    user.save(update_fields=["is_active"])
    ended = end_sessions(user)
    record(
        actor=actor,
        action="user:deactivate",
        subject=user,
        before={"is_active": True, "sessions": ended},
        after={"is_active": False, "sessions": 0},
        at=now,
    )
    _tell(
        user,
        "The DIP Manager deactivated your account.",
        "You were signed out everywhere, and cannot sign in to this environment any more. If "
        "you think that this is a mistake, contact the DIP Manager.",
    )


@transaction.atomic
def reactivate(*, actor: Actor, user: User, now: datetime) -> None:
    """Open a closed account again, with its password, second factor and memberships.

    Raises UnableToChangeUser for an account that is open.
    """
    require(actor, Action.USER_REACTIVATE)
    user = _locked(user)
    _refuse_if(why_no_reactivation(actor, user))
    user.is_active = True
    user.save(update_fields=["is_active"])
    record(
        actor=actor,
        action="user:reactivate",
        subject=user,
        before={"is_active": False},
        after={"is_active": True},
        at=now,
    )
    _tell(
        user,
        "The DIP Manager reactivated your account.",
        "You can sign in to this environment again, with the password and the second factor "
        "that you had.",
    )


def why_no_second_factor_reset(actor: Actor, user: User) -> str:
    """Return why a second factor cannot be reset; empty if it can. One query at most."""
    if actor.user_id == user.pk:
        return "This is your own account: change your second factor on its own page."
    return "" if has_second_factor(user) else "This person has no second factor."


def why_no_deactivation(actor: Actor, user: User) -> str:
    """Return why an account cannot be deactivated; empty if it can. One query at most."""
    if not user.is_active:
        return "This account is deactivated already."
    if actor.user_id == user.pk:
        return "This is your own account: another DIP Manager has to deactivate it."
    if user.is_staff and not _other_managers(user):
        return "This is the last active DIP Manager: make another one first."
    return ""


def why_no_reactivation(actor: Actor, user: User) -> str:
    """Return why an account cannot be reactivated; empty if it can."""
    return "This account is active already." if user.is_active else ""


def _other_managers(user: User) -> bool:
    return User.objects.filter(is_staff=True, is_active=True).exclude(pk=user.pk).exists()


def _locked(user: User) -> User:
    return User.objects.select_for_update().get(pk=user.pk)


def _refuse_if(reason: str) -> None:
    if reason:
        raise UnableToChangeUser(reason)


def _tell(user: User, notice: str, text: str) -> None:
    queue(
        to=user.email,
        template="account_notice",
        context={"first_name": user.first_name, "notice": notice, "text": text},
    )
