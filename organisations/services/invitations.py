"""Invite a company's Primary User Admin: send, send again, replace, revoke, accept.

The link in the e-mail holds a random token and works once, until it expires; only the
token's hash is kept. The verbs lock the company's row first, so that of two at the same
moment the second sees what the first did.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.actors import UserActor
from accounts.models import User
from accounts.services import create_user
from audit.services import record
from dip_portal.lib import validation
from mail.models import OutgoingMail
from mail.services import queue
from organisations.actors import Actor
from organisations.errors import UnableToInvite
from organisations.models import Invitation, Membership, Organisation
from organisations.policies import Action, require
from organisations.services import domains

MEMBERSHIP_LASTS = timedelta(days=365)  # DOMAIN.md: membership lasts one year
NAME_MAX_LENGTH = 100


class UnableToAccept(Exception):
    """The link opens nothing: unknown, used, revoked, expired; never said which."""


class SignInFirst(Exception):
    """The invited address has an account here already: its owner has to sign in to accept."""


class UnableToChangeInvitation(Exception):
    """An invitation that was accepted or revoked cannot be sent again, replaced or revoked."""


@transaction.atomic
def send_invitation(
    *,
    actor: Actor,
    organisation: Organisation,
    first_name: str,
    last_name: str,
    email: str,
    now: datetime,
) -> Invitation:
    """Invite somebody to be the company's Primary User Admin; the e-mail goes on commit.

    Raises UnableToInvite if the person's details are wrong, their domain is not
    whitelisted, or the company has an open invitation or a User Admin already.
    """
    require(actor, Action.INVITATION_SEND, organisation)
    organisation = _locked(organisation.pk)
    if organisation.invitations.filter(accepted_at=None, revoked_at=None).exists():
        raise UnableToInvite(
            "", "This company has an open invitation: send it again, replace it or revoke it."
        )
    invitation = _invite(organisation, first_name, last_name, email, now)
    _record("invitation:send", actor, invitation, now, after=_person(invitation))
    return invitation


@transaction.atomic
def resend(*, actor: Actor, invitation: Invitation, now: datetime) -> None:
    """Send an open invitation again with a new link and a new expiry; the old link is dead.

    Raises UnableToChangeInvitation, and UnableToInvite if the person may no longer be invited.
    """
    require(actor, Action.INVITATION_SEND, invitation)
    current = _open(invitation)
    _check_person(current.organisation, current.email, now)
    before = {"expires_at": current.expires_at.isoformat()}
    _send_link(current, now)
    after = {"expires_at": current.expires_at.isoformat()}
    _record("invitation:resend", actor, current, now, before=before, after=after)


@transaction.atomic
def replace(
    *,
    actor: Actor,
    invitation: Invitation,
    first_name: str,
    last_name: str,
    email: str,
    now: datetime,
) -> Invitation:
    """Invite somebody else in place of the person of an open invitation, whose link is dead.

    Raises UnableToChangeInvitation, and UnableToInvite: then the invitation stays as it was.
    """
    require(actor, Action.INVITATION_SEND, invitation)
    require(actor, Action.INVITATION_REVOKE, invitation)
    former = _open(invitation)
    former.revoked_at = now
    former.save(update_fields=["revoked_at"])
    invited = _invite(former.organisation, first_name, last_name, email, now)
    _record(
        "invitation:replace", actor, invited, now, before=_person(former), after=_person(invited)
    )
    return invited


@transaction.atomic
def revoke(*, actor: Actor, invitation: Invitation, now: datetime) -> None:
    """Withdraw an open invitation: its link is dead. Raises UnableToChangeInvitation."""
    require(actor, Action.INVITATION_REVOKE, invitation)
    current = _open(invitation)
    current.revoked_at = now
    current.save(update_fields=["revoked_at"])
    _record("invitation:revoke", actor, current, now, before=_person(current))


def find_by_token(token: str) -> Invitation | None:
    """Return the invitation of a link, whatever its state, with its company: one query."""
    return (
        Invitation.objects.select_related("organisation").filter(token_hash=_hash_of(token)).first()
    )


def find_redeemable(token: str, *, now: datetime) -> Invitation | None:
    """Return the invitation whose link opens at this moment, or None."""
    invitation = find_by_token(token)
    return invitation if invitation and invitation.is_redeemable_at(now) else None


def account_of(invitation: Invitation) -> User | None:
    """Return the account that the invited address has in this environment, if any."""
    return User.objects.filter(email=invitation.email).first()


@transaction.atomic
def accept(
    *,
    invitation_token: str,
    password: str,
    now: datetime,
    address: str | None,
    signed_in: User | None = None,
) -> User:
    """Accept an invitation, once: the person becomes a User Admin of all DIP IDs for a year.

    A person new to this environment gets an account with this password. The owner of an
    account accepts as `signed_in`, past their own password and second factor, and the
    password given here is not looked at. Raises UnableToAccept, SignInFirst, and
    UnableToCreateUser for a password that is too weak; then nothing has happened and the
    link still works.
    """
    known = find_redeemable(invitation_token, now=now)
    if known is None:
        raise UnableToAccept
    organisation = _locked(known.organisation_id)
    invitation = find_redeemable(invitation_token, now=now)
    if invitation is None:
        raise UnableToAccept
    try:
        domains.require_whitelisted(organisation, invitation.email)
    except UnableToInvite as error:  # the domain was taken off the list since
        raise UnableToAccept from error
    user = _account_for(invitation, password, signed_in)
    membership = _make_user_admin(user, organisation, now)
    invitation.accepted_at = now
    invitation.accepted_by = user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    record(
        actor=UserActor(user_id=user.pk, label=str(user), address=address),
        action="invitation:accept",
        subject=organisation,
        after={
            "email": user.email,
            "roles": membership.role_labels,
            "expires_date": membership.expires_date.isoformat(),
        },
        at=now,
        organisation_id=organisation.pk,
    )
    return user


def mail_state_of(invitation: Invitation) -> OutgoingMail | None:
    """Return the newest e-mail about an invitation: how the delivery of its link stands."""
    return OutgoingMail.objects.filter(about=_about(invitation)).order_by("-queued_at").first()


def _locked(organisation_id: int) -> Organisation:
    return Organisation.objects.select_for_update(no_key=True).get(pk=organisation_id)


def _open(invitation: Invitation) -> Invitation:
    """Return the invitation as it is now, its company locked. Raises UnableToChangeInvitation."""
    organisation = _locked(invitation.organisation_id)
    current = Invitation.objects.get(pk=invitation.pk)
    if not current.is_open:
        raise UnableToChangeInvitation(
            "This invitation was accepted already."
            if current.accepted_at
            else "This invitation was revoked already."
        )
    current.organisation = organisation
    return current


def _invite(
    organisation: Organisation, first_name: str, last_name: str, email: str, now: datetime
) -> Invitation:
    invitation = Invitation(
        organisation=organisation,
        first_name=_name("first_name", first_name),
        last_name=_name("last_name", last_name),
        email=User.objects.normalize_email(email),
    )
    _check_person(organisation, invitation.email, now)
    _send_link(invitation, now)
    return invitation


def _name(field: str, value: str) -> str:
    value = value.strip()
    if not value:
        raise UnableToInvite(field, "Enter the name.")
    if len(value) > NAME_MAX_LENGTH:
        raise UnableToInvite(field, f"A name has at most {NAME_MAX_LENGTH} characters.")
    if validation.has_hidden_characters(value):
        raise UnableToInvite(field, "Remove the invisible characters from this name.")
    return value


def _check_person(organisation: Organisation, email: str, now: datetime) -> None:
    try:
        validate_email(email)
    except ValidationError as error:
        raise UnableToInvite("email", "Enter a valid e-mail address.") from error
    domains.require_whitelisted(organisation, email)
    if User.objects.filter(email=email, is_staff=True).exists():
        raise UnableToInvite("email", "A DIP Manager cannot be a member of a company.")
    if organisation.memberships.filter(
        is_user_admin=True, offboarded_at=None, expires_date__gt=now.date()
    ).exists():
        raise UnableToInvite("", "This company has a User Admin already, who adds its members.")


def _send_link(invitation: Invitation, now: datetime) -> None:
    """Give the invitation a new token and expiry, save it, and queue its e-mail."""
    token = secrets.token_urlsafe(32)
    invitation.token_hash = _hash_of(token)
    invitation.sent_at = now
    invitation.expires_at = now + timedelta(days=settings.INVITATION_DAYS)
    invitation.save()
    queue(
        to=invitation.email,
        template="invitation",
        context={
            "first_name": invitation.first_name,
            "company": invitation.organisation.name,
            "accept_url": settings.PUBLIC_URL
            + reverse("organisations:invitation_link", args=[token]),
            "expires_at": invitation.expires_at,
            "days": settings.INVITATION_DAYS,
        },
        about=_about(invitation),
        organisation_id=invitation.organisation_id,
    )


def _account_for(invitation: Invitation, password: str, signed_in: User | None) -> User:
    account = account_of(invitation)
    if account is None:
        try:
            with transaction.atomic():
                return create_user(
                    email=invitation.email,
                    first_name=invitation.first_name,
                    last_name=invitation.last_name,
                    password=password,
                )
        except IntegrityError as error:  # somebody made the account at this very moment
            raise SignInFirst from error
    if account.is_dip_manager or not account.is_active:
        raise UnableToAccept
    if signed_in is None or signed_in.pk != account.pk:
        raise SignInFirst
    return account


def _make_user_admin(user: User, organisation: Organisation, now: datetime) -> Membership:
    """Make the person a User Admin of all DIP IDs: a new member, or one who is there already."""
    membership, _ = Membership.objects.update_or_create(
        organisation=organisation,
        user=user,
        offboarded_at=None,
        defaults={
            "is_user_admin": True,
            "all_dip_ids": True,
            "expires_date": (now + MEMBERSHIP_LASTS).date(),
        },
        create_defaults={
            "is_user_admin": True,
            "all_dip_ids": True,
            "expires_date": (now + MEMBERSHIP_LASTS).date(),
            "created_at": now,
        },
    )
    return membership


def _hash_of(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _about(invitation: Invitation) -> str:
    return f"invitation:{invitation.pk}"


def _person(invitation: Invitation) -> dict[str, str]:
    return {
        "first_name": invitation.first_name,
        "last_name": invitation.last_name,
        "email": invitation.email,
    }


def _record(
    action: str,
    actor: Actor,
    invitation: Invitation,
    now: datetime,
    *,
    before: dict[str, str] | None = None,
    after: dict[str, str] | None = None,
) -> None:
    record(
        actor=actor,
        action=action,
        subject=invitation,
        before=before,
        after=after,
        at=now,
        organisation_id=invitation.organisation_id,
    )
