"""USERS: everybody in the environment, as the DIP Manager sees them and what he does to them."""

import csv
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from mail.models import OutgoingMail
from organisations.actors import actor_for
from organisations.errors import UnableToChangeUser
from organisations.models import Organisation
from organisations.policies import Refused, Stranger
from organisations.roles import Role
from organisations.services import users
from tests import factories
from tests.conftest import prove, signed_in

LIST = "/admin/accounts/user/"


def read(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return str(answer.content.decode())


def people(client: Client, query: str = "") -> list[str]:
    return [row[0].first_name for row in client.get(f"{LIST}{query}").context["rows"]]


def do(client: Client, person: User, verb: str) -> list[str]:
    """Press a button on the page that asks, and return what is told."""
    answer = client.post(f"{LIST}{person.pk}/{verb}/", follow=True)
    return [str(message) for message in answer.context["messages"]]


def sign_in(person: User, password: str = factories.PASSWORD) -> Client:
    """Sign in by the sign-in page, as far as the password goes."""
    client = Client()
    client.post("/accounts/login/", {"login": person.email, "password": password})
    return client


def reset_link() -> str:
    """Return the path of the link in the one e-mail that resets a password."""
    text: str = OutgoingMail.objects.get(template="password_reset").text
    return text.partition("http://testserver")[2].split()[0]


def passkey(person: User) -> None:
    Authenticator.objects.create(user=person, type=Authenticator.Type.WEBAUTHN, data={})


def test_the_list_filters_by_each_of_its_fields(
    dana_client: Client, alice: User, charlie: User, company: Organisation
) -> None:
    factories.pass_gates(alice)
    passkey(charlie)
    zoe = factories.user(first_name="Zoe", email="zoe@superenergy.example")
    factories.membership(user=zoe, organisation=company, roles=[Role.MESSAGE_ADMIN])
    User.objects.filter(pk=zoe.pk).update(is_active=False)

    for query, found in {
        "?q=alice": ["Alice"],
        "?kind=dip-manager": ["Dana"],
        "?company=super": ["Alice", "Zoe"],
        f"?company={company.company_number}": ["Alice", "Zoe"],
        "?role=USER_ADMIN": ["Alice", "Charlie"],
        "?role=USER_ADMIN&company=super": ["Alice"],
        "?role=MESSAGE_ADMIN&company=bright": [],
        "?factor=none": ["Zoe"],
        "?factor=totp": ["Alice", "Dana"],
        "?factor=webauthn": ["Charlie"],
        "?account=deactivated": ["Zoe"],
        "?account=active&company=super": ["Alice"],
        "?role=nonsense": ["Alice", "Charlie", "Dana", "Zoe"],
    }.items():
        assert sorted(people(dana_client, query)) == found, query


def test_somebody_who_was_offboarded_is_not_found_by_that_company(
    dana_client: Client, company: Organisation
) -> None:
    bob = factories.user(first_name="Bob")
    factories.membership(user=bob, organisation=company, roles=[Role.USER_ADMIN], offboarded=True)

    assert people(dana_client, "?company=super") == []


def test_the_number_of_queries_grows_neither_with_people_nor_with_companies(
    dana_client: Client, company: Organisation
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            read(dana_client, f"{LIST}?company=super&factor=totp&role=USER_ADMIN")
        return len(captured)

    counts = []
    for number in (2, 20):
        for _ in range(number):
            person = factories.user()
            factories.pass_gates(person)
            for organisation in (company, factories.company()):
                factories.membership(
                    user=person, organisation=organisation, roles=[Role.USER_ADMIN]
                )
        counts.append(queries())

    assert counts[0] == counts[1]


def test_the_export_has_what_the_filter_leaves(
    dana_client: Client, alice: User, charlie: User
) -> None:
    User.objects.filter(pk=alice.pk).update(first_name="=1+1")

    lines = b"".join(dana_client.get(f"{LIST}export/?company=super")).decode().splitlines()
    [row] = csv.DictReader(lines)

    assert row["e-mail address"] == alice.email
    assert row["first name"] == "'=1+1"
    assert row["companies"].startswith("Super Energy Co (MP User Admin, until ")
    assert row["second factor"] == "none"
    assert row["last signed in"] == "never"


def test_a_persons_page_shows_memberships_sessions_and_events(
    dana_client: Client, alice: User, company: Organisation
) -> None:
    old = factories.company(name="Old Ltd")
    factories.membership(user=alice, organisation=old, roles=[Role.USER_ADMIN], offboarded=True)
    sign_in(alice)

    page = read(dana_client, f"{LIST}{alice.pk}/change/")

    for text in ("Super Energy Co", "Old Ltd", "Offboarded", "In 1 browser", "signed in as"):
        assert text in page, text
    assert dana_client.get(f"{LIST}999999/change/").status_code == 404


def test_a_second_factor_is_reset_by_who_has_just_shown_who_they_are(
    dana_client: Client, dana: User, alice: User
) -> None:
    factories.pass_gates(alice)
    page = f"{LIST}{alice.pk}/reset-second-factor/"

    for ask in (dana_client.get, dana_client.post):
        assert ask(page)["Location"].startswith("/accounts/")
        assert "reauthenticate" in ask(page)["Location"]
    assert Authenticator.objects.filter(user=alice).exists()

    prove(dana_client, dana)
    assert dana_client.get(page).status_code == 200


def test_a_reset_second_factor_is_enrolled_anew_at_the_next_sign_in(
    dana_client: Client, dana: User, alice: User
) -> None:
    prove(dana_client, dana)
    signed_in_somewhere = sign_in(alice)
    factories.pass_gates(alice)
    passkey(alice)
    assert signed_in_somewhere.get("/").status_code == 200
    assert "Reset the second factor" in read(dana_client, f"{LIST}{alice.pk}/reset-second-factor/")

    assert do(dana_client, alice, "reset-second-factor") == [
        "The second factor of Alice Doe is reset."
    ]

    assert not Authenticator.objects.filter(user=alice).exists()
    assert signed_in_somewhere.get("/")["Location"] == "/accounts/login/?next=/"
    assert sign_in(alice).get("/")["Location"] == "/accounts/second-factor/?next=%2F"
    event = Event.objects.get(action="user:reset_second_factor")
    assert event.before == {"second_factor": ["Authenticator app", "Passkey"], "sessions": 1}
    mail = OutgoingMail.objects.get(to=alice.email)
    assert mail.subject == "The DIP Manager reset your second factor."
    assert do(dana_client, alice, "reset-second-factor") == ["This person has no second factor."]


def test_a_deactivated_account_is_out_at_once_and_cannot_come_back(
    dana_client: Client, alice: User, company: Organisation
) -> None:
    inside = signed_in(alice)
    by_password = sign_in(alice)
    Client().post("/accounts/password/reset/", {"email": alice.email})
    link = reset_link()

    assert "the only active User Admin" in read(dana_client, f"{LIST}{alice.pk}/deactivate/")
    assert do(dana_client, alice, "deactivate") == ["The account of Alice Doe is deactivated."]

    for browser in (inside, by_password, sign_in(alice)):
        assert browser.get("/").status_code == 302
        assert browser.get(f"/organisations/{company.pk}/").status_code == 302
    assert not UserSession.objects.filter(user=alice).exists()
    assert "This link does not work" in Client().get(link, follow=True).content.decode()
    Client().post("/accounts/password/reset/", {"email": alice.email})
    assert OutgoingMail.objects.filter(template="password_reset").count() == 1
    assert "Deactivated" in read(dana_client, LIST)


def test_a_reset_page_that_was_open_before_changes_nothing_afterwards(
    dana_client: Client, alice: User
) -> None:
    browser = Client()
    browser.post("/accounts/password/reset/", {"email": alice.email})
    form = browser.get(reset_link())["Location"]
    do(dana_client, alice, "deactivate")

    new = "another-long-passphrase"
    browser.post(form, {"password1": new, "password2": new})

    alice.refresh_from_db()
    assert not alice.check_password(new)


def test_a_reactivated_account_signs_in_anew(dana_client: Client, alice: User) -> None:
    inside = sign_in(alice)
    do(dana_client, alice, "deactivate")

    assert do(dana_client, alice, "reactivate") == ["The account of Alice Doe is active again."]

    assert inside.get("/")["Location"] == "/accounts/login/?next=/"
    assert sign_in(alice).get("/accounts/second-factor/").status_code == 200
    assert do(dana_client, alice, "reactivate") == ["This account is active already."]
    assert [str(event) for event in Event.objects.filter(action__startswith="user:")] == [
        "Dana Doe user:reactivate Alice Doe",
        "Dana Doe user:deactivate Alice Doe",
    ]


def test_nobody_closes_their_own_account_nor_resets_their_own_factor(
    dana_client: Client, dana: User
) -> None:
    factories.user(email="drew@dip.example", is_dip_manager=True)
    page = read(dana_client, f"{LIST}{dana.pk}/change/")

    assert "another DIP Manager has to deactivate it" in page
    assert "This is your own account" in do(dana_client, dana, "deactivate")[0]
    assert "This is your own account" in do(dana_client, dana, "reset-second-factor")[0]
    assert User.objects.get(pk=dana.pk).is_active


def test_the_last_active_dip_manager_stays(dana: User) -> None:
    """Two who deactivate each other at once: the second one's request is still his own."""
    drew = factories.user(first_name="Drew", email="drew@dip.example", is_dip_manager=True)
    now = timezone.now()
    as_dana, as_drew = (actor_for(one, day=now.date()) for one in (dana, drew))
    users.deactivate(actor=as_dana, user=drew, now=now)

    with pytest.raises(UnableToChangeUser, match="last active DIP Manager"):
        users.deactivate(actor=as_drew, user=dana, now=now)


def test_a_page_that_only_asks_changes_nothing(dana_client: Client, alice: User) -> None:
    for verb in ("deactivate", "reactivate", "reset-second-factor"):
        dana_client.get(f"{LIST}{alice.pk}/{verb}/")

    assert User.objects.get(pk=alice.pk).is_active
    assert not Event.objects.filter(action__startswith="user:").exists()


@pytest.mark.parametrize("verb", [users.deactivate, users.reactivate, users.reset_second_factor])
def test_the_services_are_the_dip_managers_alone(alice: User, charlie: User, verb: Any) -> None:
    now = timezone.now()

    with pytest.raises((Stranger, Refused)):
        verb(actor=actor_for(alice, day=now.date()), user=charlie, now=now)


def test_the_trail_of_one_person_is_found_by_their_number(
    dana_client: Client, alice: User, charlie: User
) -> None:
    do(dana_client, alice, "deactivate")
    do(dana_client, charlie, "deactivate")

    page = dana_client.get(f"/admin/audit/event/?person={alice.pk}")

    assert [row.event.subject_label for row in page.context["rows"]] == ["Alice Doe"]
