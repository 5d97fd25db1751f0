"""Invitations: send one to the Primary User Admin; send again, replace, revoke, accept any.

The DIP Manager invites the Primary User Admin, here; a User Admin invites all other
members (`members.create_member`). The link in the e-mail holds a random token and works
once, until it expires; only the token's hash is kept. The verbs lock the company's row
first, so that of two at the same moment the second sees what the first did.
"""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse

from accounts.actors import UserActor
from accounts.models import User
from accounts.services import create_user
from audit.services import record
from dip_portal.lib import validation
from mail.models import OutgoingMail
from mail.services import overtake, queue
from organisations.actors import SYSTEM, Actor, DipManagerActor
from organisations.errors import AlreadyThere, UnableToInvite
from organisations.models import DipId, Invitation, Membership, Organisation
from organisations.models.grant import Grant
from organisations.models.invitation import IS_OPEN
from organisations.policies import Action, require
from organisations.queries import active_user_admins
from organisations.roles import Role
from organisations.services import domains
from organisations.services.changes import locked
from organisations.services.leaving import leave

MEMBERSHIP_LASTS = timedelta(days=365)  # DOMAIN.md: membership lasts one year
NAME_MAX_LENGTH = 100
EMAIL_MAX_LENGTH = 254
ABOUT = "invitation:"  # how an e-mail says that it is about an invitation; its key follows


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
    replaces: Membership | None = None,
    now: datetime,
) -> Invitation:
    """Invite somebody to be the company's Primary User Admin; the e-mail goes on commit.

    A company that has a User Admin needs none, unless in the place of one: the membership
    `replaces` is offboarded at the moment of acceptance. Raises UnableToInvite if the
    person's details are wrong, their domain is not whitelisted, or the company has an open
    invitation of one or a User Admin already.
    """
    require(actor, Action.INVITATION_SEND, organisation)
    organisation = locked(organisation)
    if organisation.invitations.filter(IS_OPEN, is_primary=True).exists():
        raise UnableToInvite(
            "", "This company has an open invitation: send it again, replace it or revoke it."
        )
    if replaces is not None:
        _require_replaceable(organisation, replaces, email, now)
    invitation = _issue_primary(
        actor, organisation, first_name, last_name, email, now, replaces=replaces
    )
    after = _person(invitation)
    if replaces is not None:
        after["replaces"] = replaces.user.email
    _record("invitation:send", actor, invitation, now, after=after)
    return invitation


@transaction.atomic
def resend(*, actor: Actor, invitation: Invitation, now: datetime) -> None:
    """Send an open invitation again with a new link and a new expiry; the old link is dead.

    Raises UnableToChangeInvitation, and UnableToInvite if the person may no longer be invited.
    """
    action = Action.INVITATION_SEND if invitation.is_primary else Action.MEMBER_CREATE
    require(actor, action, invitation)
    current = still_open(invitation)
    _require_invitable(actor, current.organisation, current.email)
    if current.is_primary and current.replaces_id is None:
        _require_no_user_admin(current.organisation, now)
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
    """Invite somebody else in place of the invited Primary User Admin, whose link is dead.

    Raises UnableToChangeInvitation, and UnableToInvite: then the invitation stays as it was.
    """
    require(actor, Action.INVITATION_SEND, invitation)
    require(actor, Action.INVITATION_REVOKE, invitation)
    former = still_open(invitation)
    if not former.is_primary:
        raise UnableToChangeInvitation("Members are invited by the company’s User Admin.")
    former.revoked_at = now
    former.save(update_fields=["revoked_at"])
    overtake(about=_about(former), because="Somebody else was invited instead")
    if former.replaces is not None:
        _require_replaceable(former.organisation, former.replaces, email, now)
    invited = _issue_primary(
        actor, former.organisation, first_name, last_name, email, now, replaces=former.replaces
    )
    _record(
        "invitation:replace", actor, invited, now, before=_person(former), after=_person(invited)
    )
    return invited


@transaction.atomic
def revoke(*, actor: Actor, invitation: Invitation, now: datetime) -> None:
    """Withdraw an open invitation: its link is dead. Raises UnableToChangeInvitation."""
    action = Action.INVITATION_REVOKE if invitation.is_primary else Action.MEMBER_OFFBOARD
    require(actor, action, invitation)
    current = still_open(invitation)
    current.revoked_at = now
    current.save(update_fields=["revoked_at"])
    overtake(about=_about(current), because="The invitation was revoked")
    _record("invitation:revoke", actor, current, now, before=_person(current))


def find_by_token(token: str) -> Invitation | None:
    """Return the invitation of a link, whatever its state: one query.

    With its company and with who sent it.
    """
    return (
        Invitation.objects.select_related("organisation", "invited_by", "replaces__user")
        .filter(token_hash=_hash_of(token))
        .first()
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
    """Accept an invitation, once: the person becomes a member as it says, for a year.

    A person new to this environment gets an account with this password. The owner of an
    account accepts as `signed_in`, past their own password and second factor, and the
    password given here is not looked at. To a member, roles and DIP IDs are added.
    Raises UnableToAccept, SignInFirst, and UnableToCreateUser for a password that is too
    weak; then nothing has happened and the link still works.
    """
    known = find_redeemable(invitation_token, now=now)
    if known is None:
        raise UnableToAccept
    organisation = locked(known.organisation)
    invitation = find_redeemable(invitation_token, now=now)
    if invitation is None:
        raise UnableToAccept
    try:
        domains.require_whitelisted(organisation, invitation.email)
    except UnableToInvite as error:  # the domain was taken off the list since
        raise UnableToAccept from error
    user = _account_for(invitation, password, signed_in)
    membership = _join(user, invitation, now)
    invitation.accepted_at = now
    invitation.accepted_by = user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    overtake(about=_about(invitation), because="The invitation was accepted")
    record(
        actor=UserActor(user_id=user.pk, label=str(user), address=address),
        action="invitation:accept",
        subject=organisation,
        after={
            "email": user.email,
            **describe(membership),
            "expires_date": membership.expires_date.isoformat(),
        },
        at=now,
        organisation_id=organisation.pk,
    )
    if invitation.replaces is not None and invitation.replaces.offboarded_at is None:
        _end_replaced(invitation, now)
    return user


def issue(
    *,
    actor: Actor,
    organisation: Organisation,
    first_name: str,
    last_name: str,
    email: str,
    roles: Collection[Role],
    dip_ids: Collection[DipId] | None,
    is_primary: bool = False,
    replaces: Membership | None = None,
    now: datetime,
) -> Invitation:
    """Make an invitation and queue its e-mail; the caller asks the policies, locks and records.

    `organisation` is locked; `dip_ids` is None for all of them. Raises UnableToInvite,
    and AlreadyThere for who is a member already or has an open invitation.
    """
    invitation = Invitation(
        organisation=organisation,
        first_name=checked_name("first_name", first_name),
        last_name=checked_name("last_name", last_name),
        email=User.objects.normalize_email(email),
        is_primary=is_primary,
        replaces=replaces,
        all_dip_ids=dip_ids is None,
        invited_by_id=actor.user_id,
    )
    invitation.roles = frozenset(roles)
    _require_invitable(actor, organisation, invitation.email)
    _require_newcomer(invitation)
    _send_link(invitation, now)
    invitation.dip_ids.set(dip_ids or [])
    return invitation


def describe(grant: Grant) -> dict[str, Any]:
    """Return somebody's roles and DIP IDs, as the audit trail has them."""
    return {
        "roles": grant.role_labels,
        "dip_ids": "all"
        if grant.all_dip_ids
        else sorted(grant.dip_ids.values_list("dip_id", flat=True)),
    }


def still_open(invitation: Invitation) -> Invitation:
    """Return the invitation as it is now, its company locked. Raises UnableToChangeInvitation."""
    organisation = locked(invitation.organisation)
    current = Invitation.objects.select_related("invited_by", "replaces__user").get(
        pk=invitation.pk
    )
    if not current.is_open:
        raise UnableToChangeInvitation(
            "This invitation was accepted already."
            if current.accepted_at
            else "This invitation was revoked already."
        )
    current.organisation = organisation
    return current


def mail_state_of(invitation: Invitation) -> OutgoingMail | None:
    """Return the newest e-mail about an invitation: how the delivery of its link stands."""
    return OutgoingMail.objects.filter(about=_about(invitation)).order_by("-queued_at").first()


def _issue_primary(
    actor: Actor,
    organisation: Organisation,
    first_name: str,
    last_name: str,
    email: str,
    now: datetime,
    *,
    replaces: Membership | None,
) -> Invitation:
    if replaces is None:
        _require_no_user_admin(organisation, now)
    return issue(
        actor=actor,
        organisation=organisation,
        first_name=first_name,
        last_name=last_name,
        email=email,
        roles=[Role.USER_ADMIN],
        dip_ids=None,
        is_primary=True,
        replaces=replaces,
        now=now,
    )


def checked_name(field: str, value: str) -> str:
    """Return a name as it is stored. Raises UnableToInvite."""
    value = value.strip()
    if not value:
        raise UnableToInvite(field, "Enter the name.")
    if len(value) > NAME_MAX_LENGTH:
        raise UnableToInvite(field, f"A name has at most {NAME_MAX_LENGTH} characters.")
    if validation.has_hidden_characters(value):
        raise UnableToInvite(field, "Remove the invisible characters from this name.")
    return value


def check_address(email: str) -> None:
    """Pass if this is an e-mail address that can be stored. Raises UnableToInvite."""
    try:
        validate_email(email)
    except ValidationError as error:
        raise UnableToInvite("email", "Enter a valid e-mail address.") from error
    if len(email) > EMAIL_MAX_LENGTH:
        raise UnableToInvite(
            "email", f"An e-mail address has at most {EMAIL_MAX_LENGTH} characters."
        )


def _require_invitable(actor: Actor, organisation: Organisation, email: str) -> None:
    """Pass if the address is one, of a whitelisted domain, and no DIP Manager's."""
    check_address(email)
    remedy = (
        domains.WHITELIST_IT_FIRST
        if isinstance(actor, DipManagerActor)
        else domains.ASK_THE_DIP_MANAGER
    )
    domains.require_whitelisted(organisation, email, remedy=remedy)
    if User.objects.filter(email=email, is_staff=True).exists():
        raise UnableToInvite("email", "A DIP Manager cannot be a member of a company.")


def user_admins(organisation: Organisation, *, now: datetime) -> QuerySet[Membership]:
    """Return the company's active User Admins whose accounts are open, with their people."""
    return active_user_admins(now.date()).filter(organisation=organisation).select_related("user")


def _require_no_user_admin(organisation: Organisation, now: datetime) -> None:
    if user_admins(organisation, now=now).exists():
        raise UnableToInvite("", "This company has a User Admin already, who adds its members.")


def _require_replaceable(
    organisation: Organisation, replaces: Membership, email: str, now: datetime
) -> None:
    """Pass if this is an active User Admin of the company, and not the person invited."""
    if not user_admins(organisation, now=now).filter(pk=replaces.pk).exists():
        raise UnableToInvite(
            "", f"{replaces.user} is no active User Admin of this company any more."
        )
    if replaces.user.email == User.objects.normalize_email(email):
        raise UnableToInvite("email", "This is the User Admin who is to be replaced.")


def _end_replaced(invitation: Invitation, now: datetime) -> None:
    """Offboard the User Admin whose place somebody has just taken, and tell them."""
    former = invitation.replaces
    assert former is not None
    before = {"email": former.user.email, **describe(former), "sessions": leave(former, now=now)}
    record(
        actor=SYSTEM,
        action="member:offboard",
        subject=former,
        before=before,
        after={"replaced_by": invitation.email, "sessions": 0},
        at=now,
        organisation_id=invitation.organisation_id,
    )
    queue(
        to=former.user.email,
        template="account_notice",
        context={
            "first_name": former.user.first_name,
            "notice": f"You are no longer a member of {invitation.organisation}.",
            "text": "The DIP Manager invited somebody to be its Primary User Admin in your place, "
            "and they have accepted. If you think that this is a mistake, contact the DIP Manager.",
        },
        organisation_id=invitation.organisation_id,
    )


def _require_newcomer(invitation: Invitation) -> None:
    """Pass if the person has no open invitation of this company and is no member of it.

    A Primary User Admin may be a member: of a company that has no User Admin left.
    """
    company, email = invitation.organisation, invitation.email
    if company.invitations.filter(IS_OPEN, email=email).exists():
        raise AlreadyThere(email, f"{email} has an open invitation already.")
    if invitation.is_primary:
        return
    if company.memberships.filter(user__email=email, offboarded_at=None).exists():
        raise AlreadyThere(email, f"{email} is a member of {company} already.")


def _send_link(invitation: Invitation, now: datetime) -> None:
    """Give the invitation a new token and expiry, save it, and queue its e-mail.

    An earlier e-mail about it that is not sent yet goes out no more: its link is dead.
    """
    token = secrets.token_urlsafe(32)
    invitation.token_hash = _hash_of(token)
    invitation.sent_at = now
    invitation.expires_at = now + timedelta(days=settings.INVITATION_DAYS)
    invitation.save()
    overtake(about=_about(invitation), because="Overtaken by a newer e-mail")
    queue(
        to=invitation.email,
        template="invitation" if invitation.is_primary else "member_invitation",
        context={
            "first_name": invitation.first_name,
            "company": invitation.organisation.name,
            "roles": invitation.role_labels,
            "inviter": invitation.invited_by,
            "accept_url": settings.PUBLIC_URL
            + reverse("organisations:invitation_link", args=[token]),
            "expires_at": invitation.expires_at,
            "days": settings.INVITATION_DAYS,
        },
        about=_about(invitation),
        organisation_id=invitation.organisation_id,
        good_until=invitation.expires_at,
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


def _join(user: User, invitation: Invitation, now: datetime) -> Membership:
    """Make the person a member as invited; to one who is there already, add what is new."""
    present = invitation.organisation.memberships.filter(user=user, offboarded_at=None).first()
    membership = present or Membership(
        organisation=invitation.organisation, user=user, all_dip_ids=False, created_at=now
    )
    membership.roles |= invitation.roles
    membership.all_dip_ids |= invitation.all_dip_ids
    membership.expires_date = (now + MEMBERSHIP_LASTS).date()
    membership.reminded_days = None
    membership.revision += present is not None
    membership.save()
    if membership.all_dip_ids:
        membership.dip_ids.clear()
    else:
        membership.dip_ids.add(*invitation.dip_ids.all())
    return membership


def _hash_of(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _about(invitation: Invitation) -> str:
    return f"{ABOUT}{invitation.pk}"


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
