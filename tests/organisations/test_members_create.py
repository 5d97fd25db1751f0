"""Create Member: the first two admins, then everybody else; and the person who accepts."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from audit.models import Event
from mail.models import OutgoingMail
from organisations.actors import Actor, actor_for
from organisations.errors import AlreadyThere, UnableToChangeMember, UnableToInvite
from organisations.models import DipId, Invitation, Membership, Organisation
from organisations.policies import Refused, Stranger
from organisations.roles import DipRoleCode, Role
from organisations.services import invitations, members
from tests import factories
from tests.conftest import signed_in
from tests.organisations.conftest import token_in

ADMINS = [Role.CERTIFICATE_ADMIN, Role.MESSAGE_ADMIN]


@pytest.fixture
def page(company: Organisation) -> str:
    return f"/organisations/{company.pk}/members/create/"


@pytest.fixture
def covered(company: Organisation) -> Membership:
    """Somebody who is both admins, so that anybody can be created."""
    return factories.membership(
        user=factories.user(first_name="Cora"), organisation=company, roles=ADMINS
    )


@pytest.fixture
def as_alice(alice: User, now: datetime) -> Actor:
    return actor_for(alice, day=now.date())


@pytest.fixture
def create(company: Organisation, as_alice: Actor, now: datetime) -> Callable[..., Invitation]:
    """Create Ben, who is both admins, unless told otherwise."""

    def send(**changes: Any) -> Invitation:
        return members.create_member(
            **{
                "actor": as_alice,
                "organisation": company,
                "first_name": "Ben",
                "last_name": "Baker",
                "email": "ben@superenergy.example",
                "roles": ADMINS,
                "dip_ids": None,
                "now": now,
                **changes,
            }
        )

    return send


def entered(**changes: Any) -> dict[str, Any]:
    return {
        "first_name": "Ben",
        "last_name": "Baker",
        "email": "ben@superenergy.example",
        "all_dip_ids": "on",
        "roles": [Role.ANALYTICS_READER],
        **changes,
    }


def mail_to(address: str) -> OutgoingMail:
    return OutgoingMail.objects.filter(to=address).latest("queued_at")


def test_the_first_two_admins_come_before_everybody_else(
    alice_client: Client, company: Organisation, page: str
) -> None:
    start = alice_client.get(page)
    assert start.context["form"].initial["roles"] == [Role.CERTIFICATE_ADMIN]
    assert "MP Certificate Admin and MP Message Admin" in start.content.decode()

    refused = alice_client.post(page, entered())
    assert "is to be created first" in refused.content.decode()
    assert not company.invitations.exists()

    first = alice_client.post(page, entered(roles=[Role.CERTIFICATE_ADMIN]))
    assert first["Location"] == page
    following = alice_client.get(page)
    assert following.context["form"].initial["roles"] == [Role.MESSAGE_ADMIN]
    second = entered(email="mia@superenergy.example", roles=[Role.MESSAGE_ADMIN])
    assert alice_client.post(page, second)["Location"].endswith("/members/")
    third = entered(email="rita@superenergy.example")
    assert alice_client.post(page, third)["Location"].endswith("/members/")
    assert company.invitations.count() == 3


def test_one_person_may_be_both_first_admins(
    create: Any, company: Organisation, now: datetime
) -> None:
    assert members.missing_first_admins(company, now=now) == ADMINS

    create()

    assert members.missing_first_admins(company, now=now) == []


@pytest.mark.parametrize("gone", ["revoked", "too old", "expired", "offboarded"])
def test_who_can_no_longer_come_does_not_count_as_a_first_admin(
    company: Organisation, now: datetime, gone: str
) -> None:
    if gone in ("expired", "offboarded"):
        factories.membership(
            user=factories.user(),
            organisation=company,
            roles=ADMINS,
            offboarded=gone == "offboarded",
            expires_date=now.date() if gone == "expired" else None,
        )
    else:
        factories.invitation(
            organisation=company,
            roles=ADMINS,
            sent_at=now - timedelta(days=8),
            expires_at=now if gone == "too old" else now + timedelta(days=1),
            revoked_at=now if gone == "revoked" else None,
        )

    assert members.missing_first_admins(company, now=now) == ADMINS


def test_the_mail_names_the_roles_and_who_invited(
    create: Any, settings: Any, production: None
) -> None:
    settings.PUBLIC_URL = "https://portal.example"
    create()

    mail = mail_to("ben@superenergy.example")

    for text in (mail.text, mail.html):
        for words in ("Alice Doe", "MP Certificate Admin", "MP Message Admin", "Production"):
            assert words in text
    assert "https://portal.example/invitations/accept/" in mail.text
    event = Event.objects.get(action="member:create")
    assert event.after == {
        "email": "ben@superenergy.example",
        "roles": ["MP Certificate Admin", "MP Message Admin"],
        "dip_ids": "all",
    }


def test_accepting_gives_exactly_the_roles_and_dip_ids_of_the_invitation(
    client: Client, create: Any, company: Organisation, now: datetime
) -> None:
    own = factories.dip_id(mpid=company.mpids.get(), role=DipRoleCode.MDR)
    create(dip_ids=[own])
    client.get(f"/invitations/accept/{token_in(mail_to('ben@superenergy.example'))}/")
    shown = client.get("/invitations/accept/").content.decode()
    assert "Alice Doe invites you to be a member" in shown
    assert "MP Certificate Admin" in shown
    assert "details of your company" not in shown

    client.post(
        "/invitations/accept/",
        {"password": factories.PASSWORD, "password_again": factories.PASSWORD},
    )

    member = Membership.objects.get(user__email="ben@superenergy.example")
    assert member.roles == set(ADMINS)
    assert (member.all_dip_ids, list(member.dip_ids.all())) == (False, [own])
    assert member.expires_date == (now + timedelta(days=365)).date()


def test_only_user_admins_verify_the_company(create: Any, company: Organisation) -> None:
    create()
    ben = invitations.accept(
        invitation_token=token_in(mail_to("ben@superenergy.example")),
        password=factories.PASSWORD,
        now=Invitation.objects.get().sent_at,
        address=None,
    )
    client = signed_in(ben)
    Organisation.objects.filter(pk=company.pk).update(details_verified_at=None)

    assert client.get(f"/organisations/{company.pk}/").status_code == 200


def test_a_person_who_joined_meanwhile_gets_the_roles_added(
    create: Any, company: Organisation, now: datetime
) -> None:
    own = company.mpids.get().dip_ids.get()
    other = factories.dip_id(mpid=company.mpids.get(), role=DipRoleCode.MDR)
    create(dip_ids=[other])
    ben = factories.user(email="ben@superenergy.example")
    factories.membership(
        user=ben, organisation=company, roles=[Role.ANALYTICS_READER], dip_ids=[own]
    )

    invitations.accept(
        invitation_token=token_in(mail_to(ben.email)),
        password="",
        now=now,
        address=None,
        signed_in=ben,
    )

    member = ben.memberships.get()
    assert member.roles == {*ADMINS, Role.ANALYTICS_READER}
    assert set(member.dip_ids.all()) == {own, other}
    assert member.revision == 2


def test_an_address_outside_the_whitelist_is_refused_with_the_note_of_the_seminar(
    alice_client: Client, page: str, covered: Membership
) -> None:
    answer = alice_client.post(page, entered(email="ben@elsewhere.example")).content.decode()

    assert "elsewhere.example is not a whitelisted domain of Super Energy Co" in answer
    assert answer.count("please contact the DIP Manager for it to be whitelisted") >= 2
    assert 'value="ben@elsewhere.example"' in answer


def test_the_whitelisted_domains_are_a_click_away(
    alice_client: Client, company: Organisation, page: str
) -> None:
    provider = factories.dcp(name="Connect Ltd", domains=["connects.example"])
    factories.nomination(organisation=company, of=provider, domains=True)

    shown = alice_client.get(page).content.decode()

    assert "<li>superenergy.example</li>" in shown
    assert "connects.example" in shown
    assert "through the DCP Connect Ltd" in shown


@pytest.mark.parametrize("there_as", ["member", "expired member", "invited", "primary"])
def test_somebody_who_is_there_already_is_told_of_with_a_link(
    alice_client: Client,
    company: Organisation,
    page: str,
    covered: Membership,
    now: datetime,
    there_as: str,
) -> None:
    if "member" in there_as:
        factories.membership(
            user=factories.user(email="ben@superenergy.example"),
            organisation=company,
            roles=[Role.ANALYTICS_READER],
            expires_date=now.date() if there_as == "expired member" else None,
        )
    else:
        factories.invitation(
            organisation=company, email="ben@superenergy.example", is_primary=there_as == "primary"
        )

    answer = alice_client.post(page, entered(email="Ben@SuperEnergy.example")).content.decode()

    says = "is a member of Super Energy Co already" if "member" in there_as else "open invitation"
    assert says in answer
    link = f'/organisations/{company.pk}/members/?q=ben%40superenergy.example"'
    assert link in answer
    assert "ben@superenergy.example" not in [mail.to for mail in OutgoingMail.objects.all()]


def test_whoever_was_offboarded_can_be_created_again(
    create: Any, company: Organisation, now: datetime
) -> None:
    ben = factories.user(email="ben@superenergy.example")
    factories.membership(user=ben, organisation=company, roles=ADMINS, offboarded=True)
    create()

    invitations.accept(
        invitation_token=token_in(mail_to(ben.email)),
        password="",
        now=now,
        address=None,
        signed_in=ben,
    )

    assert ben.memberships.count() == 2
    assert ben.memberships.filter(offboarded_at=None).count() == 1


def test_a_second_confirm_creates_nobody_twice(
    alice_client: Client, company: Organisation, page: str, covered: Membership
) -> None:
    alice_client.post(page, entered())

    answer = alice_client.post(page, entered())

    assert "has an open invitation already" in answer.content.decode()
    assert company.invitations.count() == 1
    assert OutgoingMail.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"roles": []}, "This field is required"),
        ({"roles": ["DIP_MANAGER"]}, "is not one of the available choices"),
        ({"first_name": " "}, "This field is required"),
        ({"last_name": "x" * 101}, "at most 100 characters"),
        ({"first_name": "Ben\x00"}, "Null characters are not allowed"),
        ({"last_name": "a\u202eb"}, "Remove the invisible characters"),
        ({"email": "ben"}, "Enter a valid email address"),
        ({"all_dip_ids": ""}, "Choose at least one DIP ID"),
        ({"all_dip_ids": "", "dip_ids": ["x"]}, "is not a valid value"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_lost(
    alice_client: Client,
    company: Organisation,
    page: str,
    covered: Membership,
    changes: dict[str, Any],
    says: str,
) -> None:
    answer = alice_client.post(page, entered(**changes))

    assert answer.status_code == 200
    assert says in answer.content.decode()
    assert "This cannot be saved yet" in answer.content.decode()
    assert not company.invitations.exists()


def test_a_dip_id_of_another_company_is_no_choice(
    alice_client: Client,
    company: Organisation,
    create: Any,
    charlie: User,
    page: str,
    covered: Membership,
) -> None:
    theirs = DipId.objects.exclude(mpid__organisation=company).get()

    answer = alice_client.post(page, entered(all_dip_ids="", dip_ids=[theirs.pk]))
    with pytest.raises(UnableToInvite, match="Choose DIP IDs of Super Energy Co"):
        create(dip_ids=[theirs])

    assert "is not one of the available choices" in answer.content.decode()
    assert theirs.dip_id not in alice_client.get(page).content.decode()
    assert not company.invitations.exists()


def test_a_company_without_dip_ids_has_members_of_all(
    alice_client: Client, company: Organisation, page: str, covered: Membership
) -> None:
    DipId.objects.all().delete()

    alice_client.post(page, entered(all_dip_ids=""))

    assert company.invitations.get().all_dip_ids


def test_advice_opens_the_page_with_its_role_chosen(
    alice_client: Client, page: str, covered: Membership
) -> None:
    for role in Role:
        asked = alice_client.get(page, {"role": role})
        assert asked.context["form"].initial["roles"] == [role]
    assert alice_client.get(page, {"role": "x\x00"}).context["form"].initial["roles"] == []


def test_only_a_user_admin_of_the_company_creates_members(
    create: Any,
    company: Organisation,
    covered: Membership,
    as_dana: Actor,
    charlie: User,
    now: datetime,
) -> None:
    with pytest.raises(Refused, match="MP User Admin"):
        create(actor=actor_for(covered.user, day=now.date()))
    with pytest.raises(Refused):
        create(actor=as_dana)
    with pytest.raises(Stranger):
        create(actor=actor_for(charlie, day=now.date()))
    shown = signed_in(covered.user).get(f"/organisations/{company.pk}/members/").content.decode()
    assert "/members/create/" not in shown
    assert "Only a person with the role MP User Admin can do this." in shown


def test_the_primary_user_admins_invitation_stays_the_dip_managers(
    invite: Any,
    create: Any,
    company: Organisation,
    as_alice: Actor,
    as_dana: Actor,
    alice: User,
    now: datetime,
) -> None:
    alice.memberships.update(is_user_admin=False, is_analytics_reader=True)
    primary = invite()
    alice.memberships.update(is_user_admin=True)
    member = create()

    for verb in (invitations.resend, invitations.revoke):
        with pytest.raises(Refused):
            verb(actor=as_alice, invitation=primary, now=now)
        with pytest.raises(Refused):
            verb(actor=as_dana, invitation=member, now=now)
        verb(actor=as_alice, invitation=member, now=now)
    with pytest.raises(AlreadyThere):
        create(email=primary.email)


class TestDipIds:
    @pytest.fixture
    def other(self, company: Organisation) -> DipId:
        return factories.dip_id(mpid=company.mpids.get(), role=DipRoleCode.MDR)

    @pytest.fixture
    def own(self, company: Organisation) -> DipId:
        return company.mpids.get().dip_ids.earliest("pk")

    def member(self, company: Organisation, dip_ids: list[DipId] | None) -> Membership:
        return factories.membership(
            user=factories.user(first_name="Mia"),
            organisation=company,
            roles=[Role.MESSAGE_ADMIN],
            dip_ids=dip_ids,
        )

    def test_a_member_is_added_to_a_dip_id_and_taken_off_it(
        self, company: Organisation, own: DipId, other: DipId, as_alice: Actor, now: datetime
    ) -> None:
        member = self.member(company, [own])

        members.add_to_dip_id(actor=as_alice, membership=member, dip_id=other, now=now)
        assert set(member.dip_ids.all()) == {own, other}
        members.remove_from_dip_id(actor=as_alice, membership=member, dip_id=own, now=now)

        assert set(member.dip_ids.all()) == {other}
        member.refresh_from_db()
        assert member.revision == 3
        event = Event.objects.get(action="dip_id:remove_member")
        assert event.before == {"dip_ids": sorted([own.dip_id, other.dip_id])}
        assert event.after == {"dip_ids": [other.dip_id]}

    def test_taken_off_one_a_member_of_all_keeps_the_others_of_today(
        self, company: Organisation, own: DipId, other: DipId, as_alice: Actor, now: datetime
    ) -> None:
        member = self.member(company, None)

        members.remove_from_dip_id(actor=as_alice, membership=member, dip_id=own, now=now)

        member.refresh_from_db()
        assert (member.all_dip_ids, list(member.dip_ids.all())) == (False, [other])

    def test_nobody_loses_their_only_dip_id(
        self, company: Organisation, own: DipId, as_alice: Actor, now: datetime
    ) -> None:
        for dip_ids in ([own], None):
            member = self.member(company, dip_ids)
            with pytest.raises(UnableToChangeMember, match="is the only DIP ID of Mia Doe"):
                members.remove_from_dip_id(actor=as_alice, membership=member, dip_id=own, now=now)

    def test_what_is_so_already_and_what_is_another_companys_is_refused(
        self,
        company: Organisation,
        own: DipId,
        other: DipId,
        charlie: User,
        as_alice: Actor,
        now: datetime,
    ) -> None:
        theirs = DipId.objects.exclude(mpid__organisation=company).get()
        limited, everywhere = self.member(company, [own]), self.member(company, None)
        how: dict[str, Any] = {"actor": as_alice, "now": now}

        for member in (limited, everywhere):
            with pytest.raises(UnableToChangeMember, match="already"):
                members.add_to_dip_id(membership=member, dip_id=own, **how)
            for verb in (members.add_to_dip_id, members.remove_from_dip_id):
                with pytest.raises(UnableToChangeMember, match="Choose DIP IDs of"):
                    verb(membership=member, dip_id=theirs, **how)
        with pytest.raises(UnableToChangeMember, match="is not a member of DIP ID"):
            members.remove_from_dip_id(membership=limited, dip_id=other, **how)
        with pytest.raises(Stranger):
            members.add_to_dip_id(
                membership=limited,
                dip_id=other,
                actor=actor_for(charlie, day=now.date()),
                now=now,
            )

    def test_somebody_offboarded_is_left_alone(
        self, company: Organisation, own: DipId, other: DipId, as_alice: Actor, now: datetime
    ) -> None:
        gone = factories.membership(
            user=factories.user(),
            organisation=company,
            roles=[Role.MESSAGE_ADMIN],
            dip_ids=[own],
            offboarded=True,
        )

        with pytest.raises(UnableToChangeMember, match="was offboarded already"):
            members.add_to_dip_id(actor=as_alice, membership=gone, dip_id=other, now=now)
