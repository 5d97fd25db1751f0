"""What stands between a sign-in and the portal: a second factor, then the Terms of Use."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts.models import TermsAcceptance, User


@pytest.mark.parametrize("path", ["/", "/admin/", "/accounts/sessions/", "/terms/"])
def test_without_a_second_factor_every_page_leads_to_it(
    client: Client, sign_in: Any, dana: User, path: str
) -> None:
    sign_in(dana.email)

    answer = client.get(path)

    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/second-factor/?next=%2F")


def test_the_gates_come_in_order_and_lead_back_to_where_one_was_going(
    client: Client, sign_in: Any, enrol: Any, dana: User
) -> None:
    sign_in(dana.email)

    gate = client.get("/admin/?q=1")
    assert gate["Location"] == "/accounts/second-factor/?next=%2Fadmin%2F%3Fq%3D1"
    assert client.get(gate["Location"]).status_code == 200
    enrol()
    assert client.get("/accounts/2fa/recovery-codes/").status_code == 200

    back = client.get("/accounts/continue/")
    assert back["Location"] == "/admin/?q=1"
    gate = client.get(back["Location"])
    assert gate["Location"] == "/terms/?next=%2Fadmin%2F%3Fq%3D1"
    page = client.get(gate["Location"])
    answer = client.post("/terms/", {"accept": "on", "next": page.context["next"]})

    assert answer["Location"] == "/admin/?q=1"
    assert client.get("/admin/accounts/user/").status_code == 200


def test_enrolling_right_after_sign_in_asks_for_no_password_again(
    client: Client, sign_in: Any, enrol: Any, alice: User
) -> None:
    sign_in(alice.email)

    enrol()
    codes = client.get("/accounts/2fa/recovery-codes/")

    assert len(codes.context["unused_codes"]) == 10
    assert codes.context["unused_codes"][0] in codes.content.decode()


def test_a_wrong_code_enrols_nothing(client: Client, sign_in: Any, alice: User) -> None:
    sign_in(alice.email)
    client.get("/accounts/2fa/totp/activate/")

    answer = client.post("/accounts/2fa/totp/activate/", {"code": "000000"})

    assert "This code is not right" in answer.content.decode()
    assert not Authenticator.objects.exists()


def test_the_secret_of_an_app_is_sealed_at_rest(sign_in: Any, enrol: Any, alice: User) -> None:
    sign_in(alice.email)

    secret = enrol()

    stored = Authenticator.objects.get(user=alice, type=Authenticator.Type.TOTP).data
    assert secret not in str(stored)


def test_the_terms_must_be_ticked(client: Client, sign_in: Any, enrol: Any, alice: User) -> None:
    sign_in(alice.email)
    enrol()

    answer = client.post("/terms/", {})

    assert "Tick the box to accept" in answer.content.decode()
    assert client.get("/")["Location"] == "/terms/?next=%2F"


def test_a_new_version_of_the_terms_is_asked_for_once(
    client: Client, pass_gates: Any, alice: User, settings: Any
) -> None:
    pass_gates(alice)
    assert client.get("/").status_code == 200

    settings.TERMS_OF_USE_VERSION = "2.0"

    assert client.get("/")["Location"] == "/terms/?next=%2F"
    client.post("/terms/", {"accept": "on"})
    client.post("/terms/", {"accept": "on"})
    assert client.get("/").status_code == 200
    accepted = TermsAcceptance.objects.filter(user=alice).values_list("version", flat=True)
    assert sorted(accepted) == ["1.0", "2.0"]


def test_anybody_can_read_the_terms(client: Client, db: None) -> None:
    page = client.get("/terms/").content.decode()

    assert "This portal is a simulator" in page
    assert "Accept and continue" not in page


@pytest.mark.parametrize("next_", ["https://evil.example/", "//evil.example/"])
def test_the_gates_lead_nobody_out_of_the_portal(
    client: Client, sign_in: Any, enrol: Any, alice: User, next_: str
) -> None:
    sign_in(alice.email)
    client.get("/accounts/second-factor/", {"next": next_})
    enrol()

    assert client.get("/accounts/continue/")["Location"] == "/"
    assert client.post("/terms/", {"accept": "on", "next": next_})["Location"] == "/"


def test_an_htmx_request_moves_the_whole_page_to_the_gate(
    client: Client, sign_in: Any, alice: User
) -> None:
    sign_in(alice.email)

    answer = client.get(
        "/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/jobs/1/"}
    )

    assert answer.status_code == 200
    assert answer["HX-Redirect"] == "/accounts/second-factor/?next=%2Fjobs%2F1%2F"


def test_a_form_sent_behind_a_gate_is_not_taken(client: Client, sign_in: Any, alice: User) -> None:
    sign_in(alice.email)

    answer = client.post("/accounts/password/change/", {"oldpassword": "x"})

    assert answer["Location"] == "/accounts/second-factor/"


def test_who_removes_the_last_factor_stands_before_the_gate_again(
    client: Client, pass_gates: Any, alice: User
) -> None:
    pass_gates(alice)

    client.post("/accounts/2fa/totp/deactivate/")

    assert client.get("/")["Location"] == "/accounts/second-factor/?next=%2F"
    assert not Authenticator.objects.filter(user=alice).exists()


def test_health_and_service_ask_no_session(client: Client, sign_in: Any, alice: User) -> None:
    sign_in(alice.email)

    assert client.get("/health/").status_code == 200
    assert client.get("/accounts/logout/").status_code == 200


def test_what_a_signed_in_person_sees_is_stored_in_no_cache(
    client: Client, pass_gates: Any, alice: User
) -> None:
    pass_gates(alice)

    for path in ["/", "/accounts/2fa/recovery-codes/", "/no-such-page/"]:
        assert "no-store" in client.get(path)["Cache-Control"], path
    assert not client.get("/health/").has_header("Cache-Control")
