"""The zones of the test DNS: on pages, by the JSON API, and each company's own."""

import base64
import json
from typing import Any

import dns.message
import pytest
from django.test import Client

from certificates.atlas.models import Account, DnsRecord, DnsZone, IdentityProfile
from certificates.atlas.services import dns as dns_service
from certificates.atlas.services.credentials import NewCredential
from tests.atlas import factories

ZONE = "superenergy.example"


@pytest.fixture
def zone(account: Account) -> DnsZone:
    return DnsZone.objects.create(account=account, name=ZONE)


def add(browser: Client, zone: DnsZone, name: str, kind: str, value: str) -> str:
    sent = {"name": name, "type": kind, "value": value}
    return browser.post(f"/dns/zones/{zone.pk}/", sent, follow=True).content.decode()


def test_a_zone_is_taken_and_gets_records(alice_client: Client) -> None:
    page = alice_client.post("/dns/", {"name": "SuperEnergy.example"}, follow=True).content.decode()
    assert "The zone superenergy.example is yours" in page
    zone = DnsZone.objects.get()

    add(alice_client, zone, "@", "TXT", "the code")
    page = add(alice_client, zone, "_dmarc", "TXT", 'v=DMARC1; p="none"')

    assert "the code" in page
    assert sorted(DnsRecord.objects.values_list("name", "value")) == [
        ("_dmarc.superenergy.example", 'v=DMARC1; p="none"'),
        ("superenergy.example", "the code"),
    ]
    listed = alice_client.get("/dns/").content.decode()
    assert '<td data-label="Records">2</td>' in listed


def test_a_record_and_a_zone_are_deleted(zone: DnsZone, alice_client: Client) -> None:
    add(alice_client, zone, "@", "TXT", "the code")
    record = DnsRecord.objects.get()

    page = alice_client.post(f"/dns/records/{record.pk}/delete/", follow=True).content.decode()

    assert "is deleted" in page
    assert not DnsRecord.objects.exists()
    assert (
        "All of its records" in alice_client.get(f"/dns/zones/{zone.pk}/delete/").content.decode()
    )
    alice_client.post(f"/dns/zones/{zone.pk}/delete/")
    assert not DnsZone.objects.exists()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (ZONE, "kept by another company"),
        (f"sub.{ZONE}", "kept by another company"),
        ("co.uk", "is everybody"),
        ("example", "is not a full domain"),
        ("", "This field is required"),
    ],
)
def test_zones_that_cannot_be_taken(
    zone: DnsZone, charlie_client: Client, name: str, told: str
) -> None:
    assert told in charlie_client.post("/dns/", {"name": name}).content.decode()
    assert DnsZone.objects.count() == 1


def test_what_holds_the_zone_of_another_company_cannot_be_taken_either(
    account: Account, charlie_client: Client
) -> None:
    DnsZone.objects.create(account=account, name="dip.superenergy.example")

    page = charlie_client.post("/dns/", {"name": ZONE}).content.decode()

    assert "kept by another company" in page


@pytest.mark.parametrize(
    ("name", "kind", "value", "told"),
    [
        ("@", "A", "not an address", "no value of a A record"),
        ("@", "AAAA", "192.0.2.1", "no value of a AAAA record"),
        ("@", "MX", "mail", "no value of a MX record"),
        ("@", "CNAME", "x.example.", "stands alone"),
        ("taken", "CNAME", "x.example.", "stands alone"),
        ("alias", "A", "192.0.2.1", "beside which there is nothing"),
        ("bad name", "A", "192.0.2.1", "no name for a record"),
        ("x" * 64, "A", "192.0.2.1", "no name for a record"),
        ("@", "SRV", "1 1 1 x.", "Select a valid choice"),
        ("@", "TXT", "a\u202eb", "plain characters"),
        ("@", "TXT", "x" * 2001, "at most 2000 characters"),
        ("@", "TXT", "", "This field is required"),
    ],
)
def test_records_that_cannot_be(
    zone: DnsZone, alice_client: Client, name: str, kind: str, value: str, told: str
) -> None:
    DnsRecord.objects.create(zone=zone, name=f"taken.{ZONE}", type="A", value="192.0.2.1")
    DnsRecord.objects.create(zone=zone, name=f"alias.{ZONE}", type="CNAME", value="x.example.")

    assert told in add(alice_client, zone, name, kind, value)
    assert DnsRecord.objects.count() == 2


def test_the_same_record_twice_is_one(zone: DnsZone, alice_client: Client) -> None:
    for _ in range(2):
        add(alice_client, zone, "@", "TXT", "the code")

    assert DnsRecord.objects.count() == 1


class TestApi:
    """The same by JSON, for scripts."""

    PATH = "/dns/v1/records"

    @pytest.fixture
    def new(self, identity: IdentityProfile) -> NewCredential:
        return factories.credential(identity)

    def call(self, new: NewCredential | None, method: str, body: Any = None) -> Any:
        pair = f"{new.api_key}:{new.api_secret}" if new else "wrong:wrong"
        headers = {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        ask = getattr(Client(enforce_csrf_checks=True), method)
        if method == "get":
            return ask(self.PATH, headers=headers)
        return ask(self.PATH, data=data, content_type="application/json", headers=headers)

    def test_records_are_added_listed_and_deleted(self, new: NewCredential) -> None:
        body = {"name": "SuperEnergy.co.uk.", "type": "TXT", "value": "the code"}

        added = self.call(new, "post", body)

        assert (added.status_code, added.json()["name"]) == (201, "superenergy.co.uk")
        assert DnsZone.objects.get().name == "superenergy.co.uk"
        self.call(new, "post", {"name": "a.superenergy.co.uk", "type": "A", "value": "192.0.2.1"})
        assert len(self.call(new, "get").json()["records"]) == 2
        assert self.call(new, "delete", {"name": "superenergy.co.uk"}).status_code == 204
        assert [it["type"] for it in self.call(new, "get").json()["records"]] == ["A"]

    def test_wrong_credentials_are_refused(self, new: NewCredential) -> None:
        refused = self.call(None, "get")

        assert refused.status_code == 401
        assert refused["WWW-Authenticate"].startswith("Basic ")
        for header in ("", "Bearer x", "Basic !!!", "Basic /////w=="):
            answer = Client().get(self.PATH, headers={"Authorization": header})
            assert answer.status_code == 401

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (b"", 400), (b"no json", 400), (b"[]", 400), (b"[" * 5000, 400), (b"x" * 20000, 400),
            ({}, 422), ({"name": 1}, 422), ({"name": "a.b", "type": "TXT"}, 422),
            ({"name": "co.uk", "type": "TXT", "value": "x"}, 422),
            ({"name": "localhost", "type": "TXT", "value": "x"}, 422),
            ({"name": "a\x00.example", "type": "TXT", "value": "x"}, 422),
            ({"name": "a.example", "type": "TXT", "value": "\ud800"}, 422),
        ],
    )  # fmt: skip
    def test_bad_bodies_are_refused(self, new: NewCredential, body: Any, code: int) -> None:
        answer = self.call(new, "post", body)

        assert answer.status_code == code
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["description"]
        assert not DnsRecord.objects.exists()

    def test_what_is_another_companys_stays_so(
        self, new: NewCredential, charlie_client: Client
    ) -> None:
        charlie_client.post("/dns/", {"name": "brightgrid.example"})
        add(charlie_client, DnsZone.objects.get(), "@", "TXT", "theirs")

        body = {"name": "brightgrid.example", "type": "TXT", "value": "mine"}
        assert self.call(new, "post", body).status_code == 422
        assert self.call(new, "delete", {"name": "brightgrid.example"}).status_code == 204
        assert self.call(new, "get").json() == {"records": []}
        assert DnsRecord.objects.get().value == "theirs"


def test_zones_can_be_served_without_their_records(zone: DnsZone, alice_client: Client) -> None:
    add(alice_client, zone, "@", "TXT", "a-code")
    other = DnsZone.objects.create(
        account=Account.objects.create(name="Other Ltd"), name="other.example"
    )
    other.records.create(name="other.example", type="TXT", value="theirs")

    def answers(name: str) -> int:
        reply = dns_service.reply(dns.message.make_query(name, "TXT").to_wire(), 65535)
        assert reply is not None
        return len(dns.message.from_wire(reply).answer)

    assert answers(zone.name) == 1
    page = alice_client.post("/dns/serving/", {"dns": "EMPTY"}, follow=True)
    assert "served without their records" in page.content.decode()
    assert (answers(zone.name), answers("other.example")) == (0, 1)

    alice_client.post("/dns/serving/", {"dns": "NORMAL"})
    assert answers(zone.name) == 1
    assert alice_client.post("/dns/serving/", {"dns": "LOST"}).status_code == 200
