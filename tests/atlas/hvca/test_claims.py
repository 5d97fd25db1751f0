"""Domain claims by the API, proven in a real DNS."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from certificates.atlas.models import DomainClaim, IdentityProfile
from mail.models import OutgoingMail
from tests.atlas import factories
from tests.atlas.conftest import Records
from tests.atlas.hvca.conftest import Hvca

DOMAIN = "grid.example"


@pytest.fixture
def claimed(hvca: Hvca) -> str:
    """The path of a claim of grid.example."""
    location: str = hvca.call("post", f"claims/domains/{DOMAIN}")["Location"]
    return location.removeprefix("/v2/")


def test_a_domain_is_claimed(hvca: Hvca) -> None:
    answer = hvca.call("post", "claims/domains/Grid.Example")

    claim = DomainClaim.objects.get(domain=DOMAIN)
    assert answer.status_code == 201
    assert answer["Location"] == f"/v2/claims/domains/{claim.reference}"
    assert answer.json() == {
        "token": claim.dvc,
        "assert_by": int(claim.assert_by.timestamp()),
        "id": claim.reference,
    }


def test_a_claim_is_looked_at(hvca: Hvca, claimed: str) -> None:
    found = hvca.call("get", claimed).json()

    claim = DomainClaim.objects.get(domain=DOMAIN)
    assert found["id"] == claim.reference
    assert (found["status"], found["domain"]) == ("PENDING", "grid.example.")
    assert found["token"] == claim.dvc
    assert found["log"] == []
    assert found["last_verified_at"] == 0


def test_by_dns_at_once(hvca: Hvca, claimed: str, nameserver: Records) -> None:
    token = hvca.call("get", claimed).json()["token"]
    nameserver.put(DOMAIN, "TXT", token)

    answer = hvca.call("post", f"{claimed}/dns", {"authorization_domain": DOMAIN})

    assert (answer.status_code, answer.content) == (204, b"")
    found = hvca.call("get", claimed).json()
    assert (found["status"], found["last_verification_method"]) == ("VERIFIED", "DNS")
    assert found["expires_at"] > found["assert_by"]
    assert [line["status"] for line in found["log"]] == ["SUCCESS"]


@pytest.mark.parametrize("body", [None, {}, {"authorization_domain": f"{DOMAIN}."}])
def test_by_dns_later(hvca: Hvca, claimed: str, nameserver: Records, body: Any) -> None:
    nameserver.put(DOMAIN, "TXT", "something else")

    answer = hvca.call("post", f"{claimed}/dns", body)

    assert answer.status_code == 201
    found = hvca.call("get", claimed).json()
    assert found["status"] == "PENDING"
    assert "none is the verification code" in found["log"][0]["description"]


def test_the_names_at_which_a_code_may_be(hvca: Hvca) -> None:
    hvca.call("post", "claims/domains/a.b.example")
    reference = DomainClaim.objects.get(domain="a.b.example").reference

    names = hvca.call("get", f"claims/domains/{reference}/dns").json()

    assert names == ["a.b.example", "b.example"]


def test_by_http_where_nothing_is(hvca: Hvca, claimed: str, nameserver: Records) -> None:
    body = {"authorization_domain": DOMAIN, "scheme": "http"}

    assert hvca.call("post", f"{claimed}/http", body).status_code == 201
    assert "HTTP" in hvca.call("get", claimed).json()["log"][0]["description"]
    https = hvca.call("post", f"{claimed}/http", {"scheme": "https"})
    assert https.status_code == 422


def test_by_e_mail(hvca: Hvca, claimed: str) -> None:
    addresses = hvca.call("get", f"{claimed}/email").json()
    assert f"admin@{DOMAIN}" in addresses["constructed"]
    assert addresses["DNS"] == {"SOA": {"emails": []}}

    answer = hvca.call("post", f"{claimed}/email", {"email_address": f"admin@{DOMAIN}"})

    assert answer.status_code == 201
    link = re.search(r"http://\S+/domains/approve/\S+", OutgoingMail.objects.get().text)
    assert link is not None
    Client().post(re.sub(r"^http://[^/]+", "", link[0]))
    assert hvca.call("get", claimed).json()["last_verification_method"] == "EMAIL"
    other = hvca.call("post", f"{claimed}/email", {"email_address": "me@elsewhere.example"})
    assert other.json()["errors"]["email_address"]


def test_a_claim_is_asserted_again(hvca: Hvca, claimed: str) -> None:
    before = hvca.call("get", claimed).json()["token"]

    answer = hvca.call("post", f"{claimed}/reassert")

    assert answer.status_code == 201
    assert answer["Location"] == f"/v2/{claimed}"
    assert answer.json()["token"] != before


def test_a_token_that_is_over_has_to_be_asserted_again(hvca: Hvca, claimed: str) -> None:
    DomainClaim.objects.filter(domain=DOMAIN).update(
        assert_by=timezone.now() - timedelta(seconds=1)
    )

    for path, body in (
        (f"{claimed}/dns", None),
        (f"{claimed}/http", {"scheme": "http"}),
        (f"{claimed}/email", {"email_address": f"admin@{DOMAIN}"}),
    ):
        answer = hvca.call("post", path, body)
        assert answer.status_code == 424
        assert "Reassert" in answer.json()["description"]


def test_a_claim_is_deleted(hvca: Hvca, claimed: str) -> None:
    assert hvca.call("delete", claimed).status_code == 204

    assert hvca.call("get", claimed).status_code == 404
    assert hvca.call("delete", claimed).status_code == 404


def test_claims_are_listed_by_status(hvca: Hvca, claimed: str) -> None:
    every = hvca.call("get", "claims/domains")
    verified = hvca.call("get", "claims/domains?page=1&per_page=10&status=VERIFIED")
    pending = hvca.call("get", "claims/domains?status=PENDING")

    assert every["Total-Count"] == "2"
    assert [it["domain"] for it in verified.json()] == ["superenergy.example."]
    assert verified["Total-Count"] == "1"
    assert [it["domain"] for it in pending.json()] == ["grid.example."]
    assert hvca.call("get", "claims/domains?status=OPEN").status_code == 422


def test_a_list_asks_the_database_a_constant_number_of_times(
    hvca: Hvca, identity: IdentityProfile, django_assert_num_queries: Any
) -> None:
    for number in range(5):
        factories.claim(identity, f"d{number}.example")

    with django_assert_num_queries(4):  # who calls, how many, claims, logs
        assert len(hvca.call("get", "claims/domains").json()) == 6


@pytest.mark.parametrize(
    "domain", ["localhost", "a%20b", "superenergy.example", "192.0.2.1", "a%00.example", "%2E"]
)
def test_domains_that_cannot_be_claimed(hvca: Hvca, domain: str) -> None:
    answer = hvca.call("post", f"claims/domains/{domain}")

    assert answer.status_code == 422
    assert answer.json()["errors"]["domain"]


@pytest.mark.parametrize("reference", ["x", "%00", "A" * 32, "ü"])
def test_claims_that_are_not_there(hvca: Hvca, reference: str) -> None:
    for path in ("", "/dns", "/email"):
        assert hvca.call("get", f"claims/domains/{reference}{path}").status_code == 404


def test_what_is_anothers_is_not_found(hvca: Hvca, claimed: str, stranger: Hvca) -> None:
    for method, path in (
        ("get", ""), ("delete", ""), ("post", "/dns"), ("post", "/http"), ("get", "/email"),
        ("post", "/email"), ("post", "/reassert"), ("get", "/dns"),
    ):  # fmt: skip
        answer = stranger.call(method, f"{claimed}{path}")
        assert answer.status_code == 404, path
    assert stranger.call("get", "claims/domains").json() == []
    # The same domain may be claimed by another company: only one will have its DNS.
    assert stranger.call("post", f"claims/domains/{DOMAIN}").status_code == 201


def test_a_claim_serves_both_environments(hvca: Hvca, claimed: str, in_production: Hvca) -> None:
    assert in_production.call("get", claimed).status_code == 200
