"""The verbs of an invitation: send, send again, replace, revoke, accept."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections

from accounts.errors import UnableToCreateUser
from accounts.models import User
from audit.models import Event
from mail.models import OutgoingMail
from organisations.actors import actor_for
from organisations.errors import UnableToInvite
from organisations.models import Invitation, Membership, Organisation
from organisations.policies import Refused
from organisations.roles import Role
from organisations.services import invitations
from organisations.services.invitations import (
    SignInFirst,
    UnableToAccept,
    UnableToChangeInvitation,
)
from tests import factories

PASSWORD = factories.PASSWORD


def accept(token: str, now: datetime, **changes: Any) -> User:
    return invitations.accept(
        **{
            "invitation_token": token,
            "password": PASSWORD,
            "now": now,
            "address": "192.0.2.7",
            **changes,
        }
    )


def test_an_invitation_is_sent_and_only_a_hash_of_its_token_is_kept(
    invite: Any, token_of: Any, now: datetime, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://portal.example"
    invitation = invite(email=" Priya@SuperEnergy.example ", first_name=" Priya ")

    mail = invitations.mail_state_of(invitation)
    assert mail is not None
    token = token_of(invitation)
    assert f"https://portal.example/invitations/accept/{token}/" in mail.text
    assert (invitation.email, invitation.first_name) == ("priya@superenergy.example", "Priya")
    assert invitation.expires_at == now + timedelta(days=7)
    assert (mail.to, mail.state) == ("priya@superenergy.example", "QUEUED")
    assert mail.organisation_id == invitation.organisation_id
    assert invitation.token_hash != token
    assert len(invitation.token_hash) == 64
    assert invitations.find_by_token(token) == invitation


def test_the_token_is_in_no_event_and_no_log(
    invite: Any, token_of: Any, as_dana: Any, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    invitation = invite()
    first = token_of(invitation)
    invitations.resend(actor=as_dana, invitation=invitation, now=now + timedelta(hours=1))
    second = token_of(invitation)
    accept(second, now + timedelta(hours=2))

    events = list(Event.objects.values_list("action", "before", "after", "subject_label"))

    assert [event[0] for event in reversed(events)] == [
        "invitation:send",
        "invitation:resend",
        "invitation:accept",
    ]
    for token in (first, second):
        assert token not in caplog.text
        assert token not in str(events)


def test_it_says_in_the_mail_which_environment_it_is(
    invite: Any, settings: Any, production: None
) -> None:
    mail = invitations.mail_state_of(invite())

    assert mail is not None
    assert mail.subject == "You are invited to the DIP portal of Production: Super Energy Co"
    assert "Production" in mail.text


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("email", {"email": "priya@elsewhere.example"}),
        ("email", {"email": "no address"}),
        ("email", {"email": "priya@sub.superenergy.example"}),
        ("first_name", {"first_name": " "}),
        ("last_name", {"last_name": "x" * 101}),
        ("last_name", {"last_name": "a\u202eb"}),
        ("first_name", {"first_name": "a\nb"}),
    ],
)
def test_a_person_who_cannot_be_invited_is_refused_by_field(
    invite: Any, field: str, changes: dict[str, str]
) -> None:
    with pytest.raises(UnableToInvite) as refusal:
        invite(**changes)

    assert refusal.value.field == field
    assert not Invitation.objects.exists()
    assert not OutgoingMail.objects.exists()


def test_a_domain_that_comes_with_the_dcp_is_good_enough(
    invite: Any, company: Organisation
) -> None:
    provider = factories.dcp(domains=["connects.example"])
    factories.nomination(organisation=company, of=provider, domains=True)

    assert invite(email="priya@connects.example").pk


def test_a_company_has_one_open_invitation(invite: Any) -> None:
    invite()

    with pytest.raises(UnableToInvite, match="open invitation"):
        invite(email="second@superenergy.example")


def test_a_company_with_a_user_admin_needs_no_invitation(invite: Any, alice: User) -> None:
    with pytest.raises(UnableToInvite, match="has a User Admin already"):
        invite()


def test_a_company_whose_user_admin_has_expired_does(
    invite: Any, company: Organisation, now: datetime
) -> None:
    factories.membership(
        user=factories.user(),
        organisation=company,
        roles=[Role.USER_ADMIN],
        expires_date=now.date(),
    )

    assert invite().pk


def test_a_dip_manager_is_no_member_of_a_company(
    invite: Any, company: Organisation, dana: User
) -> None:
    company.whitelisted_domains.create(domain="dip.example")

    with pytest.raises(UnableToInvite, match="A DIP Manager cannot"):
        invite(email=dana.email)


def test_only_a_dip_manager_invites(invite: Any, alice: User, now: datetime) -> None:
    with pytest.raises(Refused):
        invite(actor=actor_for(alice, day=now.date()))


def test_sent_again_it_has_a_new_link_and_the_old_one_is_dead(
    invite: Any, token_of: Any, as_dana: Any, now: datetime
) -> None:
    invitation = invite()
    old = token_of(invitation)
    later = now + timedelta(days=8)

    invitations.resend(actor=as_dana, invitation=invitation, now=later)

    assert invitations.find_by_token(old) is None
    found = invitations.find_by_token(token_of(invitation))
    assert found is not None
    assert found.expires_at == later + timedelta(days=7)
    assert found.is_redeemable_at(later)


def test_another_person_takes_the_place_of_the_invited_one(
    invite: Any, token_of: Any, as_dana: Any, now: datetime
) -> None:
    first = invite()
    old = token_of(first)

    second = invitations.replace(
        actor=as_dana,
        invitation=first,
        first_name="Sam",
        last_name="Second",
        email="sam@superenergy.example",
        now=now,
    )

    first.refresh_from_db()
    assert (first.state_at(now), second.state_at(now)) == ("revoked", "invited")
    with pytest.raises(UnableToAccept):
        accept(old, now)
    assert accept(token_of(second), now).email == "sam@superenergy.example"
    replaced = Event.objects.get(action="invitation:replace")
    assert replaced.before["email"] == "priya@superenergy.example"
    assert replaced.after["email"] == "sam@superenergy.example"


def test_a_replacement_that_is_refused_leaves_the_invitation_as_it_was(
    invite: Any, token_of: Any, as_dana: Any, now: datetime
) -> None:
    first = invite()

    with pytest.raises(UnableToInvite):
        invitations.replace(
            actor=as_dana,
            invitation=first,
            first_name="Sam",
            last_name="Second",
            email="sam@elsewhere.example",
            now=now,
        )

    assert accept(token_of(first), now)


def test_a_revoked_invitation_is_over(
    invite: Any, token_of: Any, as_dana: Any, now: datetime
) -> None:
    invitation = invite()
    token = token_of(invitation)
    invitations.revoke(actor=as_dana, invitation=invitation, now=now)

    with pytest.raises(UnableToAccept):
        accept(token, now)
    with pytest.raises(UnableToChangeInvitation, match="revoked already"):
        invitations.resend(actor=as_dana, invitation=invitation, now=now)
    with pytest.raises(UnableToChangeInvitation, match="revoked already"):
        invitations.revoke(actor=as_dana, invitation=invitation, now=now)
    assert invite().pk != invitation.pk


def test_accepting_makes_the_person_a_user_admin_for_a_year(
    invite: Any, token_of: Any, company: Organisation, now: datetime
) -> None:
    invitation = invite()

    user = accept(token_of(invitation), now)

    membership = Membership.objects.get()
    assert (membership.user, membership.organisation) == (user, company)
    assert membership.role_labels == ["MP User Admin"]
    assert membership.expires_date == (now + timedelta(days=365)).date()
    assert user.check_password(PASSWORD)
    assert (user.full_name, user.is_dip_manager) == ("Priya Admin", False)
    invitation.refresh_from_db()
    assert (invitation.accepted_at, invitation.accepted_by) == (now, user)
    event = Event.objects.get(action="invitation:accept")
    assert (event.actor_user_id, event.address) == (user.pk, "192.0.2.7")
    assert event.organisation_id == company.pk


def test_it_is_accepted_once(invite: Any, token_of: Any, as_dana: Any, now: datetime) -> None:
    invitation = invite()
    token = token_of(invitation)
    accept(token, now)

    with pytest.raises(UnableToAccept):
        accept(token, now)
    with pytest.raises(UnableToChangeInvitation, match="accepted already"):
        invitations.revoke(actor=as_dana, invitation=invitation, now=now)
    assert Membership.objects.count() == 1


def test_it_is_accepted_up_to_the_moment_it_expires(
    invite: Any, token_of: Any, now: datetime
) -> None:
    invitation = invite()

    with pytest.raises(UnableToAccept):
        accept(token_of(invitation), invitation.expires_at)
    assert accept(token_of(invitation), invitation.expires_at - timedelta(seconds=1))


@pytest.mark.parametrize("token", ["", "unknown", "x" * 5000, "\ud800", "a\x00b"])
def test_no_other_token_opens_anything(db: None, now: datetime, token: str) -> None:
    with pytest.raises(UnableToAccept):
        accept(token, now)


def test_a_weak_password_leaves_the_link_as_it_was(
    invite: Any, token_of: Any, now: datetime
) -> None:
    token = token_of(invite())

    with pytest.raises(UnableToCreateUser):
        accept(token, now, password="short")

    assert not User.objects.filter(email="priya@superenergy.example").exists()
    assert accept(token, now)


def test_a_domain_taken_off_the_list_since_closes_the_link(
    invite: Any, token_of: Any, company: Organisation, now: datetime
) -> None:
    token = token_of(invite())
    company.whitelisted_domains.all().delete()

    with pytest.raises(UnableToAccept):
        accept(token, now)


def test_the_owner_of_an_account_has_to_sign_in_and_keeps_their_password(
    invite: Any, token_of: Any, charlie: User, company: Organisation, now: datetime
) -> None:
    company.whitelisted_domains.create(domain="brightgrid.example")
    token = token_of(invite(email=charlie.email))

    for somebody in (None, factories.user()):
        with pytest.raises(SignInFirst):
            accept(token, now, password="another-long-passphrase", signed_in=somebody)
    user = accept(token, now, signed_in=charlie)

    assert user == charlie
    assert user.check_password(PASSWORD)
    assert set(user.memberships.values_list("organisation__name", flat=True)) == {
        "Super Energy Co",
        "Bright Grid Ltd",
    }


def test_a_closed_account_does_not_come_back_by_an_invitation(
    invite: Any, token_of: Any, charlie: User, company: Organisation, now: datetime
) -> None:
    company.whitelisted_domains.create(domain="brightgrid.example")
    token = token_of(invite(email=charlie.email))
    charlie.is_active = False
    charlie.save()

    with pytest.raises(UnableToAccept):
        accept(token, now, signed_in=charlie)


def test_who_was_a_member_with_another_role_becomes_user_admin_as_well(
    invite: Any, token_of: Any, company: Organisation, now: datetime
) -> None:
    reader = factories.user(email="reader@superenergy.example")
    factories.membership(user=reader, organisation=company, roles=[Role.ANALYTICS_READER])
    token = token_of(invite(email=reader.email))

    accept(token, now, signed_in=reader)

    assert Membership.objects.get().roles == {Role.USER_ADMIN, Role.ANALYTICS_READER}


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="threads need a database server")
@pytest.mark.parametrize("against", ["accept", "revoke"])
def test_of_two_at_the_same_moment_one_wins(
    invite: Any, token_of: Any, as_dana: Any, now: datetime, against: str
) -> None:
    invitation = invite()
    token = token_of(invitation)
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def attempt(verb: Any) -> None:
        try:
            start.wait(timeout=10)
            verb()
            outcomes.append("won")
        except (UnableToAccept, UnableToChangeInvitation):
            outcomes.append("lost")
        finally:
            connections.close_all()

    others = {
        "accept": lambda: accept(token, now),
        "revoke": lambda: invitations.revoke(actor=as_dana, invitation=invitation, now=now),
    }
    threads = [
        threading.Thread(target=attempt, args=[verb])
        for verb in (lambda: accept(token, now), others[against])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert sorted(outcomes) == ["lost", "won"]
    invitation.refresh_from_db()
    assert Membership.objects.count() == (1 if invitation.accepted_at else 0)
    assert User.objects.filter(email=invitation.email).count() == Membership.objects.count()
