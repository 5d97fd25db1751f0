"""Dana, a DIP Manager, and Alice, a member; neither has a second factor yet."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache
from django.test import Client

from accounts import services
from accounts.models import User

PASSWORD = "a-long-enough-passphrase"


@pytest.fixture(autouse=True)
def _own_gates_and_fresh_limits(settings: Any) -> None:
    """Test the two gates of `accounts`, with rate limits that start at nothing."""
    settings.SIGN_IN_GATES = ["accounts.gates.second_factor", "accounts.gates.terms_of_use"]
    settings.MFA_ADAPTER = "accounts.second_factor.MfaAdapter"
    cache.clear()


@pytest.fixture
def dana(db: None) -> User:
    """A DIP Manager who has not signed in yet."""
    return services.create_user(
        email="dana@dip.example",
        first_name="Dana",
        last_name="Manager",
        password=PASSWORD,
        is_dip_manager=True,
    )


@pytest.fixture
def alice(db: None) -> User:
    """A member of a company who has not signed in yet."""
    return services.create_user(
        email="alice@superenergy.example",
        first_name="Alice",
        last_name="Admin",
        password=PASSWORD,
    )


@pytest.fixture
def sign_in(client: Client) -> Callable[..., Any]:
    """Send the sign-in form and return what answers."""

    def send(email: str, password: str = PASSWORD, *, next: str = "") -> Any:
        return client.post("/accounts/login/", {"login": email, "password": password, "next": next})

    return send


@pytest.fixture
def enrol(client: Client, totp: Any) -> Callable[[], str]:
    """Enrol an authenticator app for whoever is signed in, and return its secret."""

    def send() -> str:
        page = client.get("/accounts/2fa/totp/activate/")
        secret: str = page.context["form"].secret
        answer = client.post("/accounts/2fa/totp/activate/", {"code": totp(secret)})
        assert answer.status_code == 302
        return secret

    return send


@pytest.fixture
def pass_gates(client: Client, sign_in: Any, enrol: Any) -> Callable[[User], str]:
    """Sign in, enrol an app and accept the terms; return the app's secret."""

    def go(user: User) -> str:
        sign_in(user.email)
        secret: str = enrol()
        client.post("/terms/", {"accept": "on"})
        return secret

    return go


@pytest.fixture
def totp() -> Callable[[str], str]:
    """Compute the code an authenticator app shows for a secret now."""

    def code(secret: str) -> str:
        return format_hotp_value(hotp_value(secret, int(time.time()) // 30))

    return code


@pytest.fixture
def password() -> str:
    """The password of everybody in these tests."""
    return PASSWORD
