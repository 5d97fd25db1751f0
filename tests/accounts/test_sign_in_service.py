"""`services.sign_in`: signing in somebody who proved who they are, as an invitation does."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path

from accounts import services
from accounts.models import User


def accept(request: HttpRequest, email: str) -> HttpResponse:
    """Stand in for the page that accepts an invitation."""
    return services.sign_in(request, User.objects.get(email=email))


urlpatterns = [path("", include("dip_portal.urls")), path("health/accept/<str:email>/", accept)]


@pytest.fixture(autouse=True)
def _urls(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__


def test_the_person_is_signed_in_and_enrols_without_a_password(
    client: Client, enrol: Any, alice: User
) -> None:
    answer = client.get(f"/health/accept/{alice.email}/")

    assert answer["Location"] == "/"
    assert client.get("/")["Location"].startswith("/accounts/second-factor/")
    enrol()
    assert client.get("/accounts/2fa/recovery-codes/").status_code == 200


def test_whoever_was_signed_in_before_is_signed_out(
    client: Client, pass_gates: Any, alice: User, dana: User
) -> None:
    pass_gates(dana)

    client.get(f"/health/accept/{alice.email}/")

    assert client.session["_auth_user_id"] == str(alice.pk)
    assert client.get("/")["Location"].startswith("/accounts/second-factor/")


def test_a_person_with_a_second_factor_is_asked_for_it(
    client: Client, pass_gates: Any, alice: User
) -> None:
    pass_gates(alice)
    other = Client()

    assert other.get(f"/health/accept/{alice.email}/")["Location"] == "/accounts/2fa/authenticate/"
    assert other.get("/")["Location"] == "/accounts/login/?next=/"
