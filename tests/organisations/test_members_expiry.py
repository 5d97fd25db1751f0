"""What is about to expire: reminders by e-mail, warnings, and advice where cover is thin."""

import threading
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as configured
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from accounts.models import User
from mail.models import OutgoingMail
from organisations.models import Membership, Organisation
from organisations.roles import Role
from organisations.services import reminders
from organisations.tasks import remind_of_expiry
from tests import factories
from tests.conftest import signed_in

EXPIRES = date(2027, 3, 31)
BOTH = [Role.CERTIFICATE_ADMIN, Role.MESSAGE_ADMIN]


def member(company: Organisation, name: str, *roles: Role, **how: Any) -> Membership:
    person = factories.user(first_name=name, email=f"{name.lower()}@superenergy.example")
    return factories.membership(
        **{"user": person, "organisation": company, "roles": roles, "expires_date": EXPIRES, **how}
    )


def sweep(days_before: int, *, hour: int = 6) -> list[str]:
    """Let beat's task run so many days before EXPIRES; return whom it wrote to."""
    known = set(OutgoingMail.objects.values_list("pk", flat=True))
    moment = f"{EXPIRES - timedelta(days=days_before)}T{hour:02d}:00:00+00:00"
    with time_machine.travel(moment, tick=False):
        remind_of_expiry.apply(throw=True)
    return sorted(OutgoingMail.objects.exclude(pk__in=known).values_list("to", flat=True))


@pytest.fixture
def lasting(company: Organisation) -> Membership:
    """A User Admin who stays for long."""
    return member(company, "Lasting", Role.USER_ADMIN, expires_date=EXPIRES + timedelta(days=300))


class TestReminders:
    def test_they_go_30_7_and_1_day_before_each_once(
        self, company: Organisation, lasting: Membership
    ) -> None:
        member(company, "Ben", Role.MESSAGE_ADMIN)

        sent = {days: sweep(days) for days in range(40, -3, -1)}

        assert [days for days, to in sent.items() if to] == [30, 7, 1]
        assert {to for mails in sent.values() for to in mails} == {"ben@superenergy.example"}

    def test_a_second_run_reminds_nobody_again(
        self, company: Organisation, lasting: Membership
    ) -> None:
        member(company, "Ben", Role.MESSAGE_ADMIN)

        assert len(sweep(30, hour=0)) == 1
        assert sweep(30, hour=1) == []
        assert sweep(29) == []

    def test_days_that_were_missed_are_made_good_by_one(
        self, company: Organisation, lasting: Membership
    ) -> None:
        member(company, "Ben", Role.MESSAGE_ADMIN)

        assert len(sweep(5)) == 1
        assert "expires in 5 days" in OutgoingMail.objects.get().subject
        assert sweep(4) == []
        assert len(sweep(1)) == 1

    def test_the_mail_says_when_and_who_can_extend(
        self, company: Organisation, lasting: Membership, settings: Any
    ) -> None:
        settings.PUBLIC_URL = "https://portal.example"
        member(company, "Ben", Role.MESSAGE_ADMIN)
        member(company, "Uma", Role.USER_ADMIN)

        sweep(7)

        of_ben, of_uma = OutgoingMail.objects.order_by("to")
        assert of_ben.subject == "Your membership of Super Energy Co expires in 7 days (UIT)"
        for text in (of_ben.text, of_ben.html):
            assert "31 March 2027" in text
            assert "MP Message Admin" in text
            assert "lasting@superenergy.example" in text
            assert "https://portal.example/organisations/" not in text
        link = f"https://portal.example/organisations/{company.pk}/members/"
        assert link in of_uma.text
        assert link in of_uma.html
        assert "no User Admin left" not in of_uma.text

    def test_of_the_last_user_admin_all_user_admins_are_told(self, company: Organisation) -> None:
        member(company, "Uma", Role.USER_ADMIN)
        member(company, "Soon", Role.USER_ADMIN, expires_date=EXPIRES - timedelta(days=3))
        member(company, "Ben", Role.MESSAGE_ADMIN, expires_date=EXPIRES + timedelta(days=300))

        assert sweep(30) == [
            "soon@superenergy.example",
            "soon@superenergy.example",
            "uma@superenergy.example",
        ]

        about_uma = OutgoingMail.objects.get(
            to="soon@superenergy.example", subject__startswith="The membership of Uma Doe"
        )
        assert "has no User Admin left" in about_uma.text
        assert "has no User Admin left" in about_uma.html

    @pytest.mark.parametrize("gone", ["offboarded", "closed"])
    def test_who_has_left_is_not_reminded(
        self, company: Organisation, lasting: Membership, gone: str
    ) -> None:
        ben = member(company, "Ben", Role.MESSAGE_ADMIN, offboarded=gone == "offboarded")
        User.objects.filter(pk=ben.user_id).update(is_active=gone != "closed")

        assert sweep(7) == []

    def test_after_an_extension_they_begin_anew(
        self, company: Organisation, alice_client: Client, lasting: Membership
    ) -> None:
        today = timezone.now().date()
        ben = member(company, "Ben", Role.MESSAGE_ADMIN, expires_date=today + timedelta(days=7))
        remind_of_expiry.apply(throw=True)
        assert OutgoingMail.objects.count() == 1

        alice_client.post(
            f"/organisations/{company.pk}/members/{ben.pk}/extend/",
            {"revision": 1, "expires_date": today + timedelta(days=20)},
        )
        for _ in range(2):
            remind_of_expiry.apply(throw=True)

        assert "expires in 20 days" in OutgoingMail.objects.latest("queued_at").subject
        assert OutgoingMail.objects.count() == 2

    def test_an_edit_does_not_bring_a_reminder_back(
        self, company: Organisation, lasting: Membership
    ) -> None:
        ben = member(company, "Ben", Role.MESSAGE_ADMIN)
        sweep(30)

        with time_machine.travel(EXPIRES - timedelta(days=29)):
            signed_in(lasting.user).post(
                f"/organisations/{company.pk}/members/{ben.pk}/edit/",
                {"revision": 1, "all_dip_ids": "on", "roles": [Role.ANALYTICS_READER]},
            )

        ben.refresh_from_db()
        assert ben.roles == {Role.ANALYTICS_READER}
        assert sweep(28) == []

    def test_beat_wakes_them(self) -> None:
        entry = configured.CELERY_BEAT_SCHEDULE["remind of memberships that expire"]

        assert entry["task"] == remind_of_expiry.name

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.skipif(connection.vendor != "postgresql", reason="threads need a database server")
    def test_two_runs_at_once_remind_each_once(
        self, company: Organisation, lasting: Membership
    ) -> None:
        for number in range(20):
            member(company, f"Person{number}", Role.MESSAGE_ADMIN)
        start = threading.Barrier(2)
        moment = timezone.now().replace(year=2027, month=3, day=1)

        def run() -> None:
            start.wait(timeout=10)
            reminders.remind_of_expiry(now=moment)
            connections.close_all()

        threads = [threading.Thread(target=run) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)

        sent = OutgoingMail.objects.values_list("to", flat=True)
        assert len(sent) == len(set(sent)) == 20


class TestWarnings:
    def text(self, client: Client, path: str) -> str:
        return client.get(path).content.decode()

    @pytest.fixture
    def today(self) -> date:
        return timezone.now().date()

    @pytest.fixture
    def path(self, company: Organisation) -> str:
        return f"/organisations/{company.pk}/members/"

    @pytest.mark.parametrize("role", [Role.CERTIFICATE_ADMIN, Role.MESSAGE_ADMIN])
    def test_the_last_of_a_role_who_expires_soon_is_warned_of_here_and_at_home(
        self, alice_client: Client, company: Organisation, path: str, today: date, role: Role
    ) -> None:
        until = today + timedelta(days=30)
        member(company, "Cora", role, expires_date=until)
        says = f"nobody is {role.label} any more"

        assert says in self.text(alice_client, "/")
        page = self.text(alice_client, path)
        assert f"From {until} on {says}" in page
        assert f'href="?role={role}&amp;state=expiring"' in page

        member(company, "Mia", role, expires_date=until + timedelta(days=1))
        assert says not in self.text(alice_client, "/")
        assert says not in self.text(alice_client, path)

    def test_so_is_the_last_user_admin(
        self, alice_client: Client, alice: User, path: str, today: date
    ) -> None:
        alice.memberships.update(expires_date=today + timedelta(days=1))

        for page in ("/", path):
            assert "nobody is MP User Admin any more" in self.text(alice_client, page)

    def test_thin_cover_is_advised_on_with_a_link_that_mends_it(
        self, alice_client: Client, company: Organisation, path: str, today: date
    ) -> None:
        year = today + timedelta(days=365)
        member(company, "Cora", *BOTH, expires_date=year)
        page = self.text(alice_client, path)
        for role in (Role.USER_ADMIN, *BOTH):
            assert f"{role.label}: 1" in page
            assert f'href="{path}create/?role={role}"' in page

        member(company, "Mia", Role.USER_ADMIN, *BOTH, expires_date=year)

        assert "?role=USER_ADMIN" not in self.text(alice_client, path)

    def test_who_may_create_nobody_sees_the_advice_without_the_link(
        self, company: Organisation, path: str, today: date
    ) -> None:
        cora = member(company, "Cora", *BOTH, expires_date=today + timedelta(days=365))

        page = self.text(signed_in(cora.user), path)

        assert "MP User Admin: 0" in page
        assert "/members/create/" not in page
