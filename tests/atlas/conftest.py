"""The cast at Atlas: Alice of Super Energy Co, and Charlie of another company."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from certificates.atlas.models import Account, DomainClaim, IdentityProfile
from certificates.atlas.nameserver import Record, answer, make_servers
from tests.atlas import factories
from tests.deploy.ports import free_ports


@pytest.fixture(autouse=True)
def _be_atlas(atlas: None) -> None:
    """Let every test of this folder happen at Atlas."""


@pytest.fixture
def alice(db: None) -> User:
    """The person who signs in to Atlas for Super Energy Co."""
    return factories.customer(company="Super Energy Co", email="alice@superenergy.example")


@pytest.fixture
def account(alice: User) -> Account:
    """Super Energy Co as a customer of Atlas."""
    return Account.objects.get(users__user=alice)


@pytest.fixture
def charlie(db: None) -> User:
    """The person who signs in to Atlas for another company."""
    return factories.customer(company="Bright Grid Ltd", email="charlie@brightgrid.example")


@pytest.fixture
def identity(account: Account) -> IdentityProfile:
    """The active identity of Super Energy Co."""
    return factories.identity(account)


@pytest.fixture
def authorities(db: None) -> None:
    """The root and the issuing CAs."""
    factories.authorities()


@pytest.fixture
def claim(identity: IdentityProfile) -> DomainClaim:
    """superenergy.example, claimed and not verified yet."""
    return factories.claim(identity)


class Records:
    """A DNS server of the test's own: `put` sets what it answers with."""

    def __init__(self) -> None:
        self.known: list[Record] = []

    def put(self, name: str, record_type: str, value: str) -> None:
        self.known.append(Record(name=name, type=record_type, value=value))

    def zone_of(self, name: str) -> str | None:
        return ".".join(name.split(".")[-2:])

    def records(self, name: str) -> list[Record]:
        return [record for record in self.known if record.name == name]

    def is_there(self, name: str) -> bool:
        return any(f".{record.name}".endswith(f".{name}") for record in self.known)


@pytest.fixture
def nameserver(settings: Any) -> Iterator[Records]:
    """A DNS server on this machine, which Atlas asks for verification codes."""
    records = Records()
    [port] = free_ports(1)
    servers = make_servers(
        "127.0.0.1", port, lambda wire, most: answer(wire, records, ttl=1, max_bytes=most)
    )
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.ATLAS_DNS_RESOLVER = f"127.0.0.1:{port}"
    yield records
    for server in servers:
        server.shutdown()
        server.server_close()


def signed_in(user: User) -> Client:
    """Return a browser in which this person is signed in."""
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def alice_client(alice: User) -> Client:
    return signed_in(alice)


@pytest.fixture
def charlie_client(charlie: User) -> Client:
    return signed_in(charlie)
