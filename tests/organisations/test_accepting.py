"""From the link in the e-mail to HOME, as the invited person sees it."""

import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from accounts.models import User
from organisations.models import Organisation
from organisations.services import invitations
from tests import factories
from tests.conftest import signed_in

PAGE = "/invitations/accept/"
PASSWORDS = {"password": factories.PASSWORD, "password_again": factories.PASSWORD}
VERIFIED = {
    "revision": "1",
    "name_is_right": "on",
    "company_number_is_right": "on",
    "description": "Our company.",
    "description_is_right": "on",
}


@pytest.fixture
def follow(client: Client, token_of: Any) -> Callable[..., Any]:
    """Follow an invitation's link and return the page it leads to."""

    def go(invitation: Any, browser: Client = client) -> Any:
        browser.get(f"{PAGE}{token_of(invitation)}/")
        return browser.get(PAGE)

    return go


def enrol(client: Client) -> None:
    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    client.post("/accounts/2fa/totp/activate/", {"code": code})


def test_from_the_link_to_home(
    client: Client, invite: Any, token_of: Any, company: Organisation
) -> None:
    link = client.get(f"{PAGE}{token_of(invite())}/")
    assert (link.status_code, link["Location"]) == (302, PAGE)
    page = client.get(PAGE)
    assert page.status_code == 200
    for words in ("Super Energy Co", "Priya", "User Integration Testing", "at least 12 characters"):
        assert words in page.content.decode()

    accepted = client.post(PAGE, PASSWORDS)

    assert accepted["Location"] == "/"
    assert client.get("/")["Location"].startswith("/accounts/second-factor/")
    enrol(client)
    assert client.get("/")["Location"].startswith("/terms/")
    client.post("/terms/", {"accept": "on"})
    gate = f"/organisations/{company.pk}/verify/"
    assert client.get("/")["Location"] == f"{gate}?next=%2F"
    assert client.post(gate, VERIFIED)["Location"] == "/"
    home = client.get("/").content.decode()
    assert "Super Energy Co" in home
    assert "1 of 5 onboarding tasks done" in home


def test_a_second_tab_says_that_the_invitation_is_accepted(
    invite: Any, token_of: Any, company: Organisation
) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.get(f"{PAGE}{token_of(invite())}/")
    form = browser.get(PAGE).content.decode()
    [token] = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    sent = {**PASSWORDS, "csrfmiddlewaretoken": token}
    assert browser.post(PAGE, sent)["Location"] == "/"

    page = browser.post(PAGE, sent, follow=True).content.decode()

    assert "open for too long" not in page
    assert "You accepted it before, perhaps in another tab?" in page
    assert "you are signed in as" in page
    assert "Go to HOME" in page


def test_a_form_without_its_token_is_refused_while_the_invitation_is_open(
    invite: Any, token_of: Any
) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.get(f"{PAGE}{token_of(invite())}/")

    answer = browser.post(PAGE, PASSWORDS)

    assert answer.status_code == 403
    assert "This page was open for too long" in answer.content.decode()


def test_the_token_stands_in_the_link_alone(
    client: Client, invite: Any, token_of: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    token = token_of(invite())

    link = client.get(f"{PAGE}{token}/")
    page = client.get(PAGE)

    assert link["Referrer-Policy"] == "no-referrer"
    for answer in (link, page):
        assert "no-store" in answer["Cache-Control"]
        assert token not in answer.content.decode()
    assert token not in str(dict(client.session))
    client.post(f"{PAGE}{token}/")
    Client(enforce_csrf_checks=True).post(f"{PAGE}{token}/")
    assert token not in caplog.text


def test_a_person_held_at_a_gate_does_not_carry_the_token_along(
    client: Client, invite: Any, token_of: Any
) -> None:
    client.force_login(factories.user())
    token = token_of(invite())

    assert client.get(f"{PAGE}{token}/")["Location"] == PAGE
    assert client.get(PAGE).status_code == 200


def test_the_same_page_for_every_link_that_opens_nothing(
    invite: Any, token_of: Any, as_dana: Any, now: Any, company: Organisation, follow: Any
) -> None:
    def page_of(token: str) -> tuple[int, str]:
        client = Client()
        assert client.get(f"{PAGE}{token}/").status_code == 302
        answer = client.get(PAGE)
        return answer.status_code, re.sub(r'"X-CSRFToken": "\w+"', "", answer.content.decode())

    expired = invite(now=now - timedelta(days=8))
    dead = [token_of(expired)]
    invitations.revoke(actor=as_dana, invitation=expired, now=now)
    revoked = invite()
    dead.append(token_of(revoked))
    invitations.revoke(actor=as_dana, invitation=revoked, now=now)
    used = invite()
    dead.append(token_of(used))
    follow(used)
    invitations.accept(
        invitation_token=token_of(used), password=factories.PASSWORD, now=now, address=None
    )
    dead += ["never-there", "x" * 3000]

    pages = {page_of(token) for token in dead}

    assert len(pages) == 1
    status, page = pages.pop()
    assert status == 404
    assert "ask the DIP Manager to send the invitation again" in page
    for secret in ("Super Energy", "Priya", "superenergy"):
        assert secret not in page


def test_an_expired_link_is_dead(client: Client, invite: Any, now: Any, follow: Any) -> None:
    assert follow(invite(now=now - timedelta(days=8))).status_code == 404


def test_without_a_link_the_page_says_what_to_do(client: Client, db: None) -> None:
    assert client.get(PAGE).status_code == 404
    assert client.post(PAGE, PASSWORDS).status_code == 404


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"password": "short", "password_again": "short"}, "too short"),
        ({"password": "priya@superenergy.example", "password_again": ""}, "too similar"),
        ({**PASSWORDS, "password_again": "another-long-passphrase"}, "not the same password"),
        ({}, "This field is required"),
    ],
)
def test_a_password_that_will_not_do_is_told_and_changes_nothing(
    client: Client, invite: Any, follow: Any, form: dict[str, str], message: str
) -> None:
    follow(invite())

    answer = client.post(PAGE, form)

    assert message in answer.content.decode()
    assert "short" not in re.findall(r'value="([^"]*)"', answer.content.decode())
    assert not User.objects.filter(email="priya@superenergy.example").exists()
    assert client.post(PAGE, PASSWORDS)["Location"] == "/"


def test_whoever_is_signed_in_is_told_and_signed_out(
    charlie_client: Client, invite: Any, follow: Any
) -> None:
    page = follow(invite(), charlie_client)
    assert "Charlie Doe is signed in here now" in page.content.decode()

    charlie_client.post(PAGE, PASSWORDS)

    assert User.objects.get(pk=charlie_client.session["_auth_user_id"]).first_name == "Priya"


def test_the_owner_of_an_account_signs_in_first_and_then_accepts(
    client: Client, invite: Any, charlie: User, company: Organisation, follow: Any
) -> None:
    company.whitelisted_domains.create(domain="brightgrid.example")
    invitation = invite(email=charlie.email)
    page = follow(invitation).content.decode()
    assert "has an account in this environment already" in page
    assert 'type="password"' not in page
    assert client.post(PAGE, PASSWORDS).status_code == 200
    invitation.refresh_from_db()
    assert invitation.is_open

    answer = client.post(
        "/accounts/login/",
        {"login": charlie.email, "password": factories.PASSWORD, "next": PAGE},
    )
    assert answer["Location"] == PAGE
    assert "You are signed in as charlie@brightgrid.example" in client.get(PAGE).content.decode()
    assert client.post(PAGE)["Location"] == "/"

    assert charlie.memberships.filter(organisation=company).exists()


def test_somebody_elses_session_cannot_accept_for_the_owner_of_an_account(
    alice_client: Client, invite: Any, charlie: User, follow: Any
) -> None:
    other = factories.company(name="Third Ltd", domains=["brightgrid.example"])
    page = follow(invite(organisation=other, email=charlie.email), alice_client)

    alice_client.post(PAGE, PASSWORDS)

    assert "sign out" in page.content.decode()
    assert not other.memberships.exists()


def test_a_session_sealed_with_a_lost_key_asks_for_the_link_again(
    client: Client, invite: Any, follow: Any
) -> None:
    assert follow(invite()).status_code == 200
    session = client.session
    session["invitation"] = "sealed with another key"
    session.save()

    assert client.get(PAGE).status_code == 404


class TestVerification:
    @pytest.fixture
    def held(self, alice: User, company: Organisation) -> Client:
        client = signed_in(alice)
        Organisation.objects.update(details_verified_at=None, details_verified_by=None)
        return client

    def gate(self, company: Organisation) -> str:
        return f"/organisations/{company.pk}/verify/"

    def test_every_page_leads_to_it(self, held: Client, company: Organisation) -> None:
        for path in ("/", "/organisations/", "/accounts/sessions/"):
            assert held.get(path)["Location"].startswith(self.gate(company))
        page = held.get(self.gate(company)).content.decode()
        for words in ("Super Energy Co", company.company_number, "Our company."):
            assert words in page

    @pytest.mark.parametrize(
        "missing",
        ["name_is_right", "company_number_is_right", "description_is_right", "description"],
    )
    def test_each_detail_has_to_be_confirmed(
        self, held: Client, company: Organisation, missing: str
    ) -> None:
        form = {key: value for key, value in VERIFIED.items() if key != missing}

        answer = held.post(self.gate(company), form)

        assert answer.status_code == 200
        company.refresh_from_db()
        assert company.details_verified_at is None

    def test_the_description_can_be_corrected(self, held: Client, company: Organisation) -> None:
        before = company.setup_changed_at

        held.post(self.gate(company), {**VERIFIED, "description": "We supply.\r\nA lot."})

        company.refresh_from_db()
        assert company.description == "We supply.\nA lot."
        assert company.setup_changed_at > before
        assert company.revision == 2

    def test_what_is_confirmed_as_it_stands_changes_no_setup(
        self, held: Client, company: Organisation, alice: User
    ) -> None:
        before = company.setup_changed_at

        held.post(self.gate(company), VERIFIED)

        company.refresh_from_db()
        assert (company.setup_changed_at, company.revision) == (before, 1)
        assert company.details_verified_by == alice

    @pytest.mark.parametrize(
        ("status", "ticked", "then"),
        [
            ("DISABLED", True, "REQUESTED"),
            ("DISABLED", False, "DISABLED"),
            ("REQUESTED", True, "REQUESTED"),
            ("REQUESTED", False, "DISABLED"),
            ("APPROVED", True, "APPROVED"),
            ("APPROVED", False, "APPROVED"),
        ],
    )
    def test_acting_as_a_dcp_is_requested_and_never_approved_here(
        self, held: Client, company: Organisation, status: str, ticked: bool, then: str
    ) -> None:
        Organisation.objects.filter(pk=company.pk).update(dcp_status=status)

        held.post(self.gate(company), {**VERIFIED, **({"acts_as_dcp": "on"} if ticked else {})})

        company.refresh_from_db()
        assert company.dcp_status == then
        assert company.details_verified_at is not None

    def test_details_that_changed_meanwhile_are_shown_again(
        self, held: Client, company: Organisation
    ) -> None:
        Organisation.objects.filter(pk=company.pk).update(name="Renamed Ltd", revision=2)

        answer = held.post(self.gate(company), VERIFIED, follow=True)

        assert "have just changed" in answer.content.decode()
        assert "Renamed Ltd" in answer.content.decode()
        company.refresh_from_db()
        assert company.details_verified_at is None

    def test_who_comes_second_goes_on(self, held: Client, company: Organisation) -> None:
        held.post(self.gate(company), VERIFIED)

        answer = held.post(self.gate(company), {**VERIFIED, "description": "Other."}, follow=True)

        assert answer.redirect_chain[-1][0] == "/"
        company.refresh_from_db()
        assert company.description == "Our company."

    def test_nobody_else_verifies(
        self, held: Client, charlie_client: Client, dana_client: Client, company: Organisation
    ) -> None:
        with time_machine.travel("2026-11-23"):
            assert charlie_client.get(self.gate(company)).status_code == 404
        assert dana_client.post(self.gate(company), VERIFIED).status_code == 403
        assert Client().get(self.gate(company))["Location"].startswith("/accounts/login/")
