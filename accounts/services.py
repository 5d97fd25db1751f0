"""The verbs of `accounts`: create a person, sign them in, end their sessions, accept terms.

Closing somebody else's account asks the policies: that is `organisations.services.users`.
"""

from datetime import datetime

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import EmailAddress, Login
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from accounts.actors import COMMAND_LINE, UserActor
from accounts.errors import UnableToCreateUser
from accounts.models import TermsAcceptance, User
from accounts.second_factor import factor_names
from audit.services import record


@transaction.atomic
def create_user(
    *, email: str, first_name: str, last_name: str, password: str, is_dip_manager: bool = False
) -> User:
    """Create a person whose e-mail address is known to be theirs.

    `email` in any case, `password` in the clear. Raises UnableToCreateUser, with the name
    of the argument that is wrong.
    """
    user = User(
        email=User.objects.normalize_email(email),
        first_name=first_name.strip(),
        last_name=last_name.strip(),
        is_staff=is_dip_manager,
    )
    user.set_password(password)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise UnableToCreateUser("password", " ".join(error.messages)) from error
    try:
        user.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise UnableToCreateUser(field, messages[0]) from error
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@transaction.atomic
def create_dip_manager(*, email: str, first_name: str, last_name: str, password: str) -> User:
    """Create a DIP Manager from the command line. Raises UnableToCreateUser."""
    user = create_user(
        email=email,
        first_name=first_name,
        last_name=last_name,
        password=password,
        is_dip_manager=True,
    )
    record(
        actor=COMMAND_LINE,
        action="dip_manager:create",
        subject=user,
        after={"email": user.email, "first_name": user.first_name, "last_name": user.last_name},
    )
    return user


def sign_in(request: HttpRequest, user: User) -> HttpResponse:
    """Sign a person in who has just proven who they are (an invitation, a new password).

    Whoever was signed in here before is signed out. The proof counts as a fresh sign-in,
    so that enrolling the second factor asks for no password again. Returns allauth's
    redirect: to `next`, or to the second factor of a person who has one already.
    """
    if request.user.is_authenticated and request.user.pk != user.pk:
        logout(request)
    record_authentication(request, user, method="password", email=user.email)
    response: HttpResponse = perform_login(request, Login(user=user, email=user.email))
    return response


def end_sessions(user: User) -> int:
    """End every session of a person, in all browsers, and return how many there were.

    The rows go as they are: allauth's own way leaves the session of a closed account behind,
    which would come alive again with the account.
    """
    listed = UserSession.objects.filter(user=user)
    ended, _ = Session.objects.filter(session_key__in=listed.values("session_key")).delete()
    listed.delete()
    return ended


def count_sessions(user: User, *, now: datetime) -> int:
    """Return in how many browsers a person is signed in at this moment: one query."""
    keys = UserSession.objects.filter(user=user).values("session_key")
    return Session.objects.filter(session_key__in=keys, expire_date__gt=now).count()


def remove_second_factors(user: User) -> list[str]:
    """Remove a person's second factors and recovery codes; return what they were called.

    The next sign-in stops at the gate where one has to be enrolled anew.
    """
    authenticators = list(Authenticator.objects.filter(user=user))
    Authenticator.objects.filter(user=user).delete()
    return factor_names(authenticators)


def has_accepted_terms(user: User) -> bool:
    """Tell whether the person accepted the Terms of Use in their present version."""
    return TermsAcceptance.objects.filter(user=user, version=settings.TERMS_OF_USE_VERSION).exists()


@transaction.atomic
def accept_terms(*, user: User, actor: UserActor, now: datetime) -> TermsAcceptance:
    """Accept the Terms of Use in their present version; a second time changes nothing."""
    acceptance, created = TermsAcceptance.objects.get_or_create(
        user=user,
        version=settings.TERMS_OF_USE_VERSION,
        defaults={"accepted_at": now, "address": actor.address},
    )
    if created:
        record(
            actor=actor,
            action="terms:accept",
            subject=user,
            after={"version": acceptance.version},
            at=now,
        )
    return acceptance
