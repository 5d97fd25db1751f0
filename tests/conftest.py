"""The cast of the tests, and the environment they are in.

Dana is a DIP Manager. Alice is the User Admin of Super Energy Co, a supplier; Charlie is
the User Admin of another company. Each `..._client` is signed in and past every gate.
"""

from typing import Any

import hypothesis
import pytest
from allauth.account.internal.flows.login import record_authentication
from django.core.cache import cache
from django.db import connection
from django.test import Client, RequestFactory

from accounts.models import User
from organisations.models import Organisation
from organisations.roles import Role
from tests import factories

# How long an example takes says nothing about the code: machines are busy with other things.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Let Django's flush empty the audit trail on SQLite (audit/triggers.py says why)."""
    with django_db_blocker.unblock():
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("CREATE TABLE IF NOT EXISTS audit_may_be_emptied (unused)")


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    """Start every test with rate limits that count from nothing."""
    cache.clear()


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    """Hash passwords quickly: nobody attacks these."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _files_of_its_own(settings: Any, tmp_path: Any) -> None:
    """Give every test keys of its own, and let it trust nobody yet."""
    settings.SIGNING_KEY_FILE = tmp_path / "signing-key.jwk.json"
    settings.PLATFORM_KEY_FILE = tmp_path / "platform-key.pem"
    settings.TRUSTED_KEYS_DIR = tmp_path / "trusted-keys"
    settings.AUTHORITY_DIR = settings.TRUSTED_KEYS_DIR


@pytest.fixture
def uit(settings: Any) -> None:
    """Be the UIT environment."""
    settings.DIP_ENVIRONMENT = "uit"


@pytest.fixture
def production(settings: Any) -> None:
    """Be the Production environment."""
    settings.DIP_ENVIRONMENT = "production"


@pytest.fixture
def atlas(settings: Any) -> None:
    """Be Atlas, the simulated certificate authority: its addresses, its look, its rules."""
    settings.DIP_ENVIRONMENT = "atlas"
    for name, value in settings.CERTIFICATE_AUTHORITY.items():
        setattr(settings, name, value)


@pytest.fixture
def dana(db: None) -> User:
    """A DIP Manager."""
    return factories.user(email="dana@dip.example", first_name="Dana", is_dip_manager=True)


@pytest.fixture
def company(db: None) -> Organisation:
    """Super Energy Co: a supplier with one DIP ID and the domain superenergy.example."""
    return factories.company(name="Super Energy Co", domains=["superenergy.example"])


@pytest.fixture
def alice(company: Organisation) -> User:
    """The User Admin of Super Energy Co."""
    user = factories.user(email="alice@superenergy.example", first_name="Alice")
    factories.membership(user=user, organisation=company, roles=[Role.USER_ADMIN])
    return user


@pytest.fixture
def charlie(db: None) -> User:
    """The User Admin of another company."""
    user = factories.user(email="charlie@brightgrid.example", first_name="Charlie")
    other = factories.company(name="Bright Grid Ltd", domains=["brightgrid.example"])
    factories.membership(user=user, organisation=other, roles=[Role.USER_ADMIN])
    return user


def signed_in(user: User) -> Client:
    """Return a browser in which this person is signed in and past every gate."""
    factories.pass_gates(user)
    client = Client()
    client.force_login(user)
    return client


def prove(client: Client, user: User) -> None:
    """Note in a browser's session that the person has just shown who they are."""
    session = client.session
    request = RequestFactory().get("/")
    request.session = session
    record_authentication(request, user, method="password")
    session.save()


@pytest.fixture
def dana_client(dana: User) -> Client:
    return signed_in(dana)


@pytest.fixture
def alice_client(alice: User) -> Client:
    return signed_in(alice)


@pytest.fixture
def charlie_client(charlie: User) -> Client:
    return signed_in(charlie)
