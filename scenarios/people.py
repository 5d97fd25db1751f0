"""The people of a scenario: their accounts, and how they sign in.

Passwords and authenticator secrets are made at random for each installation and kept in
DIP_SECRETS_DIR/demonstration.json, so that somebody has the same after every reset.
"""

import time
from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.totp.internal import auth as totp
from django.conf import settings

from accounts.demonstration import keep, kept
from accounts.models import TermsAcceptance, User
from accounts.services import create_user
from organisations.actors import DipManagerActor

MANAGER = ("dana.okafor@dip.example", "Dana", "Okafor")


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """How one of the scenario's people signs in; `code` is that of this half minute."""

    who: str
    email: str
    password: str
    authenticator_secret: str
    code: str


def make_manager(*, now: datetime) -> DipManagerActor:
    """Return the demonstration's DIP Manager, made if there is none yet."""
    return _actor(make_person(*MANAGER, now=now, is_dip_manager=True))


def manager_actor() -> DipManagerActor:
    """Return the demonstration's DIP Manager as an actor. Raises User.DoesNotExist."""
    return _actor(User.objects.get(email=MANAGER[0]))


def any_manager(*, now: datetime) -> DipManagerActor:
    """Return a DIP Manager of this environment, who is made if there is none."""
    manager = User.objects.filter(is_staff=True, is_active=True).order_by("pk").first()
    return _actor(manager) if manager else make_manager(now=now)


def make_person(
    email: str, first_name: str, last_name: str, *, now: datetime, is_dip_manager: bool = False
) -> User:
    """Return this person, made with an authenticator app and the terms accepted if new.

    Raises UnableToCreateUser.
    """
    known = User.objects.filter(email=email).first()
    if known is not None:
        return known
    own = keep(email)
    person = create_user(
        email=email,
        first_name=first_name,
        last_name=last_name,
        password=own["password"],
        is_dip_manager=is_dip_manager,
    )
    totp.TOTP.activate(person, own["secret"])
    TermsAcceptance.objects.create(
        user=person, version=settings.TERMS_OF_USE_VERSION, accepted_at=now
    )
    return person


def sign_ins() -> list[SignIn]:
    """Return how the people of the scenario that is loaded here sign in."""
    passwords = kept()
    people = User.objects.filter(email__in=passwords).order_by("-is_staff", "email")
    return [
        SignIn(
            who=_who(person),
            email=person.email,
            password=passwords[person.email]["password"],
            authenticator_secret=passwords[person.email]["secret"],
            code=code_of_now(passwords[person.email]["secret"]),
        )
        for person in people
    ]


def code_of_now(secret: str) -> str:
    """Return the six digits that an authenticator app with this secret shows now (RFC 6238).

    Raises binascii.Error if it is not in base32.
    """
    return totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30))


def _actor(manager: User) -> DipManagerActor:
    return DipManagerActor(user_id=manager.pk, label=str(manager))


def _who(person: User) -> str:
    if person.is_dip_manager:
        return f"{person.full_name}, DIP Manager"
    places = " and ".join(
        f"{', '.join(label.removeprefix('MP ') for label in membership.role_labels)} "
        f"of {membership.organisation}"
        for membership in person.memberships.select_related("organisation").order_by("pk")
    )
    return f"{person.full_name}, {places}"
