"""A company that is ready to use the HVCA API, and a client that speaks it."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography import x509
from django.test import Client

from accounts.models import User
from certificates.atlas.models import Account, Certificate, DipEnvironment, IdentityProfile
from certificates.atlas.services.credentials import NewCredential
from tests import tls
from tests.atlas import factories


@dataclass
class Hvca:
    """A client of the API with a key, a secret and a certificate; `token` once logged in."""

    new: NewCredential
    access: Certificate
    token: str = ""
    browser: Client = field(default_factory=lambda: Client(raise_request_exception=True))

    def log_in(self, **changed: Any) -> Any:
        """Log in, with something else than the truth in `changed`; keep the token."""
        body = {"api_key": self.new.api_key, "api_secret": self.new.api_secret, **changed}
        answer = self.call("post", "login", body)
        self.token = answer.json().get("access_token", "")
        return answer

    def call(self, method: str, path: str, body: Any = None, **how: Any) -> Any:
        """Call the API; `body` is JSON, or bytes as they are."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        shown = how.pop("showing", self.certificate)
        extra = tls.showing(shown) if shown is not None else {}
        data = {}
        if method != "get":
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            raw = b"" if body is None else raw
            data = {"data": raw, "content_type": how.pop("content_type", "application/json")}
        ask = getattr(self.browser, method)
        return ask(f"/v2/{path}", **data, headers=headers, **how, **extra)

    @property
    def certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.access.pem.encode())


def ready(
    profile: IdentityProfile, environment: DipEnvironment = DipEnvironment.UIT, name: str = "dip"
) -> Hvca:
    """Return a client of a company, logged in to one environment."""
    made = Hvca(
        new=factories.credential(profile, environment=environment, name=name),
        access=factories.access_certificate(profile, environment=environment),
    )
    assert made.log_in().status_code == 200
    return made


@pytest.fixture
def hvca(authorities: None, identity: IdentityProfile) -> Hvca:
    """Super Energy Co in UIT, logged in; dip.superenergy.example is under a verified domain."""
    factories.claim(identity, is_verified=True)
    return ready(identity)


@pytest.fixture
def stranger(authorities: None, charlie: User) -> Hvca:
    """Another company in UIT, logged in."""
    account = Account.objects.get(users__user=charlie)
    return ready(factories.identity(account, name="BRIGHT-GRID", organisation="Bright Grid Ltd"))


@pytest.fixture
def in_production(hvca: Hvca, identity: IdentityProfile) -> Hvca:
    """Super Energy Co in Production, logged in."""
    return ready(identity, DipEnvironment.PRODUCTION, name="dip_production")
