"""Atlas is a site of its own: its sign-in, its look, and nothing of the portals."""

import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from audit.models import Event
from certificates.atlas.models import Account
from mail.models import OutgoingMail
from organisations.actors import DipManagerActor
from organisations.policies import Action, decide
from tests import factories as portal_factories
from tests.atlas import factories
from tests.atlas.factories import PASSWORD

MARK = "Simulated GlobalSign Atlas"


def test_a_customer_signs_in_and_sees_that_it_is_a_simulation(alice: User) -> None:
    browser = Client()
    asked = browser.get("/", follow=True)
    assert asked.redirect_chain == [("/accounts/login/?next=/", 302)]

    page = browser.post(
        "/accounts/login/", {"login": alice.email, "password": PASSWORD}, follow=True
    )

    text = page.content.decode()
    assert page.redirect_chain == [("/", 302)]
    assert "Signed in as alice@superenergy.example" in text
    assert MARK in text
    assert "for tests only" in text
    assert "Super Energy Co" in text
    assert "Data Integration Portal" not in text


def test_the_pages_of_signing_in_look_like_atlas(alice: User, alice_client: Client) -> None:
    for browser, path in (
        (Client(), "/accounts/login/"),
        (Client(), "/accounts/password/reset/"),
        (Client(), "/no-such-page/"),
        (alice_client, "/accounts/password/change/"),
        (alice_client, "/accounts/logout/"),
    ):
        text = browser.get(path).content.decode()

        assert MARK in text, path
        assert "Data Integration Portal" not in text, path
        assert "DIP Manager" not in text, path


def test_a_new_password_is_asked_for_by_e_mail(alice: User) -> None:
    browser = Client()

    browser.post("/accounts/password/reset/", {"email": alice.email})

    mail = OutgoingMail.objects.get()
    assert mail.to == alice.email
    assert MARK in mail.text
    assert MARK in mail.html
    assert "Data Integration Portal" not in mail.text + mail.html
    link = re.search(r"http://\S+/password/reset/key/\S+", mail.text)
    assert link is not None
    form = browser.get(link[0], follow=True)
    new = "another " + PASSWORD
    browser.post(form.request["PATH_INFO"], {"password1": new, "password2": new})
    alice.refresh_from_db()
    assert alice.check_password(new)


def test_the_wrong_password_is_refused_and_soon_so_are_further_attempts(alice: User) -> None:
    browser = Client()
    wrong = {"login": alice.email, "password": "wrong"}

    first = browser.post("/accounts/login/", wrong).content.decode()
    for _ in range(10):
        last = browser.post("/accounts/login/", wrong).content.decode()

    assert "The e-mail address or the password is not right." in first
    assert "too many attempts" in last


def test_somebody_without_a_company_is_told_so(db: None) -> None:
    stranger = portal_factories.user(email="nobody@nowhere.example")
    browser = Client()
    browser.force_login(stranger)

    page = browser.get("/")

    assert page.status_code == 403
    assert "belongs to no company" in page.content.decode()


@pytest.mark.parametrize(
    "path",
    ["/admin/", "/organisations/", "/admin/promotion/", "/service/promotion/v1/candidates/",
     "/terms/", "/accounts/2fa/", "/invitations/accept/x/"],
)  # fmt: skip
def test_nothing_of_the_portal_is_here(alice_client: Client, path: str) -> None:
    assert alice_client.get(path).status_code == 404


def test_no_action_of_the_portal_is_anybodys_here(db: None) -> None:
    manager = DipManagerActor(user_id=1, label="Dana")

    assert [action for action in Action if decide(manager, action)] == []


def test_the_customers_to_rehearse_with_are_registered_once(
    db: None, settings: Any, tmp_path: Any
) -> None:
    settings.DIP_SECRETS_DIR = tmp_path
    told = StringIO()
    factories.authorities()

    for _ in range(2):
        call_command("prepare_atlas", stdout=StringIO())
    call_command("show_atlas_sign_ins", stdout=told)

    assert Account.objects.count() == User.objects.count() == 2
    assert Event.objects.filter(action="atlas_account:register").count() == 2
    email, password = re.findall(r"(priya\S+) +password (\S+)", told.getvalue())[0]
    browser = Client()
    page = browser.post("/accounts/login/", {"login": email, "password": password}, follow=True)
    assert "Brightwater Energy Ltd" in page.content.decode()


def test_without_a_demonstration_there_is_nobody(db: None, settings: Any) -> None:
    settings.DEMONSTRATION = False
    told = StringIO()
    factories.authorities()

    call_command("prepare_atlas", stdout=StringIO())
    call_command("show_atlas_sign_ins", stdout=told)

    assert not Account.objects.exists()
    assert "register a company" in told.getvalue()


@pytest.mark.parametrize("portal", ["uit", "production"])
def test_a_portal_is_not_prepared_as_atlas(db: None, settings: Any, portal: str) -> None:
    settings.DIP_ENVIRONMENT = portal

    with pytest.raises(CommandError, match="is not Atlas"):
        call_command("prepare_atlas")
