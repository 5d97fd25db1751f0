"""Edit, Extend, Offboard: one member at a time, two admins at once, and the last User Admin."""

import re
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.db import connection, connections
from django.test import Client

from accounts.models import User
from audit.models import Event
from mail.models import OutgoingMail
from organisations.actors import Actor, actor_for
from organisations.errors import ChangedMeanwhile, UnableToChangeMember
from organisations.models import DipId, Invitation, Membership, Organisation
from organisations.policies import Refused, Stranger
from organisations.roles import DipRoleCode, Role
from organisations.services import members
from tests import factories
from tests.conftest import signed_in

LAST = "is the last active User Admin"


@pytest.fixture
def as_alice(alice: User, now: datetime) -> Actor:
    return actor_for(alice, day=now.date())


@pytest.fixture
def own(company: Organisation) -> DipId:
    return company.mpids.get().dip_ids.get()


@pytest.fixture
def other(company: Organisation) -> DipId:
    return factories.dip_id(mpid=company.mpids.get(), role=DipRoleCode.MDR)


@pytest.fixture
def ben(company: Organisation) -> Membership:
    """A Message Admin of all DIP IDs."""
    return factories.membership(
        user=factories.user(first_name="Ben", email="ben@superenergy.example"),
        organisation=company,
        roles=[Role.MESSAGE_ADMIN],
    )


@pytest.fixture
def second_admin(company: Organisation) -> User:
    """Bob, another User Admin."""
    bob = factories.user(first_name="Bob")
    factories.membership(user=bob, organisation=company, roles=[Role.USER_ADMIN])
    return bob


def page_of(person: Membership | Invitation, verb: str) -> str:
    kind = "invited/" if isinstance(person, Invitation) else ""
    return f"/organisations/{person.organisation_id}/members/{kind}{person.pk}/{verb}/"


def entered(person: Membership | Invitation, **changes: Any) -> dict[str, Any]:
    """Return what the edit form sends of a person as they are, but for these changes."""
    return {
        "revision": person.revision,
        "roles": list(person.roles),
        "all_dip_ids": "on" if person.all_dip_ids else "",
        "dip_ids": [dip_id.pk for dip_id in person.dip_ids.all()],
        **changes,
    }


def known(client: Client, user: User) -> Client:
    """Let the portal know of a browser's session, as a sign-in does."""
    UserSession.objects.create(
        user=user, session_key=client.session.session_key, ip="127.0.0.1", user_agent="a test"
    )
    return client


def shown(client: Client, path: str, data: Any = None) -> str:
    answer = client.get(path) if data is None else client.post(path, data, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


class TestEdit:
    def test_roles_and_dip_ids_are_replaced(
        self, alice_client: Client, ben: Membership, own: DipId, other: DipId
    ) -> None:
        page = shown(alice_client, page_of(ben, "edit"))
        assert re.findall(r'value="(\w+)"\s+id="\w+"\s+checked', page) == ["MESSAGE_ADMIN"]

        says = shown(
            alice_client,
            page_of(ben, "edit"),
            entered(ben, roles=[Role.CERTIFICATE_ADMIN], all_dip_ids="", dip_ids=[other.pk]),
        )

        assert "Ben Doe is changed." in says
        ben.refresh_from_db()
        assert ben.roles == {Role.CERTIFICATE_ADMIN}
        assert (ben.all_dip_ids, list(ben.dip_ids.all()), ben.revision) == (False, [other], 2)
        event = Event.objects.get(action="member:edit")
        assert event.before == {"roles": ["MP Message Admin"], "dip_ids": "all"}
        assert event.after == {"roles": ["MP Certificate Admin"], "dip_ids": [other.dip_id]}

    def test_a_member_limited_to_a_dip_id_loses_sight_of_the_others_at_once(
        self, alice_client: Client, ben: Membership, own: DipId, other: DipId
    ) -> None:
        as_ben = signed_in(ben.user)
        path = f"/organisations/{ben.organisation_id}/"
        assert own.dip_id in shown(as_ben, path)

        alice_client.post(page_of(ben, "edit"), entered(ben, all_dip_ids="", dip_ids=[other.pk]))

        assert own.dip_id not in shown(as_ben, path)
        assert other.dip_id in shown(as_ben, path)

    def test_an_open_invitation_is_edited_and_its_link_stays(
        self, alice_client: Client, company: Organisation
    ) -> None:
        invited = factories.invitation(organisation=company, roles=[Role.MESSAGE_ADMIN])

        says = shown(
            alice_client,
            page_of(invited, "edit"),
            entered(invited, roles=[Role.ANALYTICS_READER, Role.MESSAGE_ADMIN]),
        )

        assert "Priya Admin is changed." in says
        before = invited.token_hash
        invited.refresh_from_db()
        assert invited.roles == {Role.ANALYTICS_READER, Role.MESSAGE_ADMIN}
        assert invited.token_hash == before
        assert Event.objects.filter(action="invitation:edit").count() == 1

    def test_what_is_so_already_changes_nothing(
        self, alice_client: Client, ben: Membership
    ) -> None:
        for _ in range(2):
            data = entered(ben, roles=[Role.ANALYTICS_READER])
            assert "is changed" in shown(alice_client, page_of(ben, "edit"), data)

        ben.refresh_from_db()
        assert ben.revision == 2
        assert Event.objects.filter(action="member:edit").count() == 1

    def test_two_admins_at_once_the_second_is_told_and_loses_nothing(
        self, alice_client: Client, second_admin: User, ben: Membership, own: DipId, other: DipId
    ) -> None:
        path = page_of(ben, "edit")
        as_bob = signed_in(second_admin)
        as_bob.post(path, entered(ben, roles=[Role.MESSAGE_ADMIN, Role.CERTIFICATE_ADMIN]))
        of_alice = entered(ben, roles=[Role.ANALYTICS_READER], all_dip_ids="", dip_ids=[other.pk])

        told = alice_client.post(path, of_alice)

        text = told.content.decode()
        assert "Somebody else has changed this member" in text
        assert "Bob Doe changed roles from “MP Message Admin”" in text
        assert "to “MP Certificate Admin, MP Message Admin”" in text
        form = told.context["form"]
        assert form["roles"].value() == [Role.ANALYTICS_READER]
        assert form["dip_ids"].value() == [str(other.pk)]
        ben.refresh_from_db()
        assert ben.roles == {Role.MESSAGE_ADMIN, Role.CERTIFICATE_ADMIN}

        alice_client.post(path, {**of_alice, "revision": form["revision"].value()})

        ben.refresh_from_db()
        assert ben.roles == {Role.ANALYTICS_READER}

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"roles": []}, "This field is required"),
            ({"roles": ["X"]}, "is not one of the available choices"),
            ({"all_dip_ids": "", "dip_ids": []}, "Choose at least one DIP ID"),
            ({"revision": ""}, "This field is required"),
            ({"revision": "x\x00"}, "Enter a whole number"),
        ],
    )
    def test_what_is_wrong_is_told(
        self, alice_client: Client, ben: Membership, changes: dict[str, Any], says: str
    ) -> None:
        assert says in shown(alice_client, page_of(ben, "edit"), entered(ben, **changes))
        ben.refresh_from_db()
        assert ben.revision == 1

    def test_the_primary_user_admins_invitation_is_the_dip_managers(
        self, alice_client: Client, company: Organisation, as_alice: Actor, now: datetime
    ) -> None:
        primary = factories.invitation(organisation=company, is_primary=True)

        for verb, data in (("edit", entered(primary)), ("send-again", {}), ("revoke", {})):
            says = shown(alice_client, page_of(primary, verb), data)
            assert "The DIP Manager invites the Primary User Admin." in says
        with pytest.raises(Refused):
            members.edit_invitation(
                actor=as_alice,
                invitation=primary,
                revision=1,
                roles=[Role.ANALYTICS_READER],
                dip_ids=None,
                now=now,
            )


class TestExtend:
    def extend(self, actor: Actor, member: Membership, days: int, now: datetime) -> None:
        members.extend_member(
            actor=actor,
            membership=member,
            revision=member.revision,
            expires_date=now.date() + timedelta(days=days),
            now=now,
        )

    @pytest.mark.parametrize(
        ("left", "default"), [(100, 465), (0, 365), (-50, 365), (365, 730), (400, 730)]
    )
    def test_the_default_is_a_year_on_and_two_years_from_today_the_most(
        self, ben: Membership, now: datetime, left: int, default: int
    ) -> None:
        today = now.date()
        ben.expires_date = today + timedelta(days=left)

        bounds = members.extension(ben, day=today)

        assert bounds.default == today + timedelta(days=default)
        assert bounds.last == today + timedelta(days=730)
        assert bounds.first == max(today, ben.expires_date) + timedelta(days=1)

    def test_a_membership_is_extended_and_will_be_reminded_of_anew(
        self, alice_client: Client, ben: Membership, now: datetime
    ) -> None:
        Membership.objects.filter(pk=ben.pk).update(
            expires_date=now.date() + timedelta(days=5), reminded_days=7
        )
        form = alice_client.get(page_of(ben, "extend")).context["form"]
        until = form.initial["expires_date"]

        says = shown(alice_client, page_of(ben, "extend"), {"revision": 1, "expires_date": until})

        assert f"The membership of Ben Doe lasts until {until}." in says
        ben.refresh_from_db()
        assert ben.expires_date == until == now.date() + timedelta(days=370)
        assert (ben.reminded_days, ben.revision) == (None, 2)

    def test_an_expired_member_gets_access_again(
        self, alice_client: Client, ben: Membership, now: datetime
    ) -> None:
        Membership.objects.filter(pk=ben.pk).update(expires_date=now.date())
        as_ben = signed_in(ben.user)
        path = f"/organisations/{ben.organisation_id}/"
        assert as_ben.get(path).status_code == 404

        alice_client.post(
            page_of(ben, "extend"),
            {"revision": 1, "expires_date": now.date() + timedelta(days=1)},
        )

        assert as_ben.get(path).status_code == 200

    @pytest.mark.parametrize("days", [-400, 0, 365, 731, 36500])
    def test_a_date_out_of_bounds_is_refused(
        self, alice_client: Client, as_alice: Actor, ben: Membership, now: datetime, days: int
    ) -> None:
        with pytest.raises(UnableToChangeMember, match="Choose a date from"):
            self.extend(as_alice, ben, days, now)
        data = {"revision": 1, "expires_date": now.date() + timedelta(days=days)}
        assert "Choose a date from" in shown(alice_client, page_of(ben, "extend"), data)

    @pytest.mark.parametrize("value", ["", "soon", "2027-02-30", "\x00"])
    def test_what_is_no_date_is_refused(
        self, alice_client: Client, ben: Membership, value: str
    ) -> None:
        data = {"revision": 1, "expires_date": value}
        assert "This cannot be saved yet" in shown(alice_client, page_of(ben, "extend"), data)

    def test_what_lasts_two_years_already_waits(
        self, alice_client: Client, as_alice: Actor, ben: Membership, now: datetime
    ) -> None:
        Membership.objects.filter(pk=ben.pk).update(expires_date=now.date() + timedelta(days=730))
        ben.refresh_from_db()
        table = shown(alice_client, f"/organisations/{ben.organisation_id}/members/")
        assert page_of(ben, "extend") not in table

        answer = alice_client.get(page_of(ben, "extend"), follow=True).content.decode()

        assert "two years from today is the most" in answer
        with pytest.raises(UnableToChangeMember, match="two years"):
            self.extend(as_alice, ben, 730, now)

    def test_a_second_confirm_extends_once(
        self, alice_client: Client, as_alice: Actor, ben: Membership, now: datetime
    ) -> None:
        data = {"revision": 1, "expires_date": now.date() + timedelta(days=500)}
        alice_client.post(page_of(ben, "extend"), data)

        again = {**data, "expires_date": now.date() + timedelta(days=600)}
        assert "Somebody else has changed Ben Doe" in shown(
            alice_client, page_of(ben, "extend"), again
        )

        with pytest.raises(ChangedMeanwhile):
            self.extend(as_alice, ben, 600, now)
        ben.refresh_from_db()
        assert ben.expires_date == now.date() + timedelta(days=500)


class TestOffboard:
    def test_it_asks_first_and_ends_the_sessions_at_once(
        self, alice_client: Client, ben: Membership, company: Organisation
    ) -> None:
        as_ben = known(signed_in(ben.user), ben.user)
        assert as_ben.get("/").status_code == 200
        assert "Offboard Ben Doe?" in shown(alice_client, page_of(ben, "offboard"))
        ben.refresh_from_db()
        assert ben.offboarded_at is None

        says = shown(alice_client, page_of(ben, "offboard"), {})

        assert "Ben Doe is offboarded." in says
        assert as_ben.get("/")["Location"].startswith("/accounts/login/")
        ben.refresh_from_db()
        assert ben.offboarded_at is not None
        assert company.memberships.filter(user=ben.user).count() == 1
        event = Event.objects.get(action="member:offboard")
        assert event.before["email"] == "ben@superenergy.example"
        assert event.before["roles"] == ["MP Message Admin"]

    def test_who_is_a_member_elsewhere_stays_signed_in_there(
        self, alice_client: Client, ben: Membership, company: Organisation
    ) -> None:
        second = factories.company(name="Second Ltd")
        factories.membership(user=ben.user, organisation=second, roles=[Role.ANALYTICS_READER])
        as_ben = known(signed_in(ben.user), ben.user)
        assert as_ben.get(f"/organisations/{company.pk}/").status_code == 200

        alice_client.post(page_of(ben, "offboard"))

        assert as_ben.get(f"/organisations/{company.pk}/").status_code == 404
        assert as_ben.get(f"/organisations/{second.pk}/").status_code == 200

    def test_whoever_is_offboarded_already_is_left_alone(
        self, alice_client: Client, as_alice: Actor, ben: Membership, now: datetime
    ) -> None:
        alice_client.post(page_of(ben, "offboard"))

        for verb in ("edit", "extend", "offboard"):
            answer = alice_client.get(page_of(ben, verb), follow=True).content.decode()
            assert "was offboarded" in answer
            assert "was offboarded" in shown(alice_client, page_of(ben, verb), entered(ben))
        assert Event.objects.filter(action="member:offboard").count() == 1

    def test_offboarding_an_invited_person_revokes_the_invitation(
        self, alice_client: Client, company: Organisation
    ) -> None:
        invited = factories.invitation(organisation=company)
        assert "Revoke the invitation of Priya Admin?" in shown(
            alice_client, page_of(invited, "revoke")
        )

        says = shown(alice_client, page_of(invited, "revoke"), {})

        assert "is revoked" in says
        invited.refresh_from_db()
        assert not invited.is_open
        for verb in ("edit", "send-again", "revoke"):
            assert "was revoked already" in shown(
                alice_client, page_of(invited, verb), entered(invited)
            )

    def test_an_invitation_is_sent_again(
        self, alice_client: Client, company: Organisation, now: datetime
    ) -> None:
        late = factories.invitation(
            organisation=company, sent_at=now - timedelta(days=9), expires_at=now
        )

        says = shown(alice_client, page_of(late, "send-again"), {})

        assert f"The invitation goes to {late.email} again" in says
        late.refresh_from_db()
        assert late.is_redeemable_at(now)
        assert OutgoingMail.objects.get().to == late.email

    def test_sent_again_to_a_domain_taken_off_the_list_is_refused(
        self, alice_client: Client, company: Organisation
    ) -> None:
        invited = factories.invitation(organisation=company)
        company.whitelisted_domains.all().delete()

        says = shown(alice_client, page_of(invited, "send-again"), {})

        assert "is not a whitelisted domain" in says
        assert not OutgoingMail.objects.exists()


class TestLastUserAdmin:
    @pytest.fixture
    def me(self, alice: User) -> Membership:
        return alice.memberships.get()

    def test_stays_and_keeps_the_role(
        self, alice_client: Client, me: Membership, ben: Membership
    ) -> None:
        without = entered(me, roles=[Role.MESSAGE_ADMIN])
        assert LAST in shown(alice_client, page_of(me, "edit"), without)
        for says in (
            alice_client.get(page_of(me, "offboard"), follow=True).content.decode(),
            shown(alice_client, page_of(me, "offboard"), {}),
        ):
            assert LAST in says
        me.refresh_from_db()
        assert me.roles == {Role.USER_ADMIN}
        assert me.offboarded_at is None
        table = shown(alice_client, f"/organisations/{me.organisation_id}/members/")
        assert "The last active User Admin." in table
        assert page_of(me, "offboard") not in table
        assert page_of(ben, "offboard") in table

    def test_may_take_other_roles_too(self, alice_client: Client, me: Membership) -> None:
        alice_client.post(page_of(me, "edit"), entered(me, roles=list(Role)))

        me.refresh_from_db()
        assert me.roles == set(Role)

    @pytest.mark.parametrize("gone", ["expired", "offboarded", "closed", "invited", "elsewhere"])
    def test_somebody_who_cannot_act_is_no_other_user_admin(
        self,
        alice_client: Client,
        me: Membership,
        company: Organisation,
        charlie: User,
        now: datetime,
        gone: str,
    ) -> None:
        bob = factories.user()
        if gone == "invited":
            factories.invitation(organisation=company)
        else:
            factories.membership(
                user=bob,
                organisation=factories.company() if gone == "elsewhere" else company,
                roles=[Role.USER_ADMIN],
                offboarded=gone == "offboarded",
                expires_date=now.date() if gone == "expired" else None,
            )
        User.objects.filter(pk=bob.pk).update(is_active=gone != "closed")

        assert LAST in shown(alice_client, page_of(me, "offboard"), {})

    def test_is_let_go_when_there_is_another(
        self, alice_client: Client, me: Membership, second_admin: User
    ) -> None:
        assert "This is you" in shown(known(alice_client, me.user), page_of(me, "offboard"))

        answer = alice_client.post(page_of(me, "offboard"), follow=True)

        assert answer.redirect_chain[-1][0].startswith("/accounts/login/")
        assert "You are no longer a member of Super Energy Co" in answer.content.decode()
        assert signed_in(second_admin).get("/").status_code == 200

    def test_who_goes_and_has_another_company_goes_on_there(
        self, alice_client: Client, alice: User, me: Membership, second_admin: User
    ) -> None:
        second = factories.company(name="Second Ltd")
        factories.membership(user=alice, organisation=second, roles=[Role.USER_ADMIN])
        signed_in(alice)

        answer = alice_client.post(page_of(me, "offboard"), follow=True)

        assert answer.redirect_chain[-1] == ("/", 302)
        assert answer.context["company"] == second

    def test_of_two_who_offboard_each_other_one_stays(
        self, alice: User, second_admin: User, company: Organisation, now: datetime
    ) -> None:
        first, second = alice.memberships.get(), second_admin.memberships.get()
        as_alice, as_bob = (actor_for(user, day=now.date()) for user in (alice, second_admin))

        members.offboard_member(actor=as_alice, membership=second, now=now)
        with pytest.raises(UnableToChangeMember, match=LAST):
            members.offboard_member(actor=as_bob, membership=first, now=now)

        assert company.memberships.filter(offboarded_at=None).get() == first

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.skipif(connection.vendor != "postgresql", reason="threads need a database server")
    @pytest.mark.parametrize("verb", ["offboard", "edit"])
    def test_and_at_the_very_same_moment_too(
        self, alice: User, second_admin: User, company: Organisation, now: datetime, verb: str
    ) -> None:
        start = threading.Barrier(2)
        outcomes: list[str] = []

        def attempt(actor: Actor, target: Membership) -> None:
            try:
                start.wait(timeout=10)
                if verb == "offboard":
                    members.offboard_member(actor=actor, membership=target, now=now)
                else:
                    members.edit_member(
                        actor=actor,
                        membership=target,
                        revision=1,
                        roles=[Role.ANALYTICS_READER],
                        dip_ids=None,
                        now=now,
                    )
                outcomes.append("done")
            except UnableToChangeMember:
                outcomes.append("refused")
            finally:
                connections.close_all()

        pairs = [(alice, second_admin), (second_admin, alice)]
        threads = [
            threading.Thread(
                target=attempt,
                args=[actor_for(actor, day=now.date()), target.memberships.get()],
            )
            for actor, target in pairs
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)

        assert sorted(outcomes) == ["done", "refused"]
        assert company.memberships.filter(offboarded_at=None, is_user_admin=True).count() == 1


class TestWhoMay:
    def test_who_belongs_to_another_company_is_not_found(
        self, alice_client: Client, charlie: User, company: Organisation
    ) -> None:
        theirs = charlie.memberships.get()
        invited = factories.invitation(organisation=theirs.organisation)

        for person, verb in (
            (theirs, "edit"),
            (theirs, "extend"),
            (theirs, "offboard"),
            (invited, "edit"),
            (invited, "send-again"),
            (invited, "revoke"),
        ):
            kind = "invited/" if person is invited else ""
            for organisation in (company.pk, theirs.organisation_id):
                path = f"/organisations/{organisation}/members/{kind}{person.pk}/{verb}/"
                assert alice_client.post(path, entered(person)).status_code == 404
        theirs.refresh_from_db()
        assert (theirs.revision, theirs.offboarded_at) == (1, None)

    def test_only_a_user_admin_sees_the_actions(
        self, alice_client: Client, dana_client: Client, ben: Membership
    ) -> None:
        table = f"/organisations/{ben.organisation_id}/members/"

        assert page_of(ben, "edit") in shown(alice_client, table)
        for client in (dana_client, signed_in(ben.user)):
            page = shown(client, table)
            assert page_of(ben, "edit") not in page
            assert "Create, edit, extend and offboard members" in page
            assert "Only a person with the role MP User Admin can do this." in page
            assert client.post(page_of(ben, "offboard")).status_code == 403

    def test_the_services_ask_the_policies(
        self, ben: Membership, charlie: User, now: datetime
    ) -> None:
        for actor, error in (
            (actor_for(ben.user, day=now.date()), Refused),
            (actor_for(charlie, day=now.date()), Stranger),
        ):
            with pytest.raises(error):
                members.offboard_member(actor=actor, membership=ben, now=now)
            with pytest.raises(error):
                members.extend_member(
                    actor=actor, membership=ben, revision=1, expires_date=now.date(), now=now
                )
            with pytest.raises(error):
                members.edit_member(
                    actor=actor,
                    membership=ben,
                    revision=1,
                    roles=[Role.USER_ADMIN],
                    dip_ids=None,
                    now=now,
                )
