"""Certificates by the API: asked for, retrieved, revoked, counted."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from django.utils import timezone

from audit.models import Event
from certificates.atlas.models import Account, ApiMood, Certificate, IdentityProfile, Issuance
from tests.atlas import factories
from tests.atlas.hvca.conftest import Hvca

NAME = "dip.superenergy.example"
SERVER, CLIENT = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"
SIGNING = "1.3.6.1.5.5.7.3.36"


def order(*names: str, **more: Any) -> dict[str, Any]:
    """Return the body of a request for a certificate of a new key."""
    return {
        "validity": {"not_before": int(timezone.now().timestamp()), "not_after": 0},
        "subject_dn": {"common_name": names[0] if names else NAME},
        "san": {"dns_names": list(names or [NAME])},
        "public_key": factories.csr_pem(NAME).decode(),
        **more,
    }


def issued(hvca: Hvca, body: dict[str, Any]) -> x509.Certificate:
    """Ask for a certificate, and retrieve it."""
    answer = hvca.call("post", "certificates", body)
    assert answer.status_code == 201, answer.content
    return retrieved(hvca, answer["Location"])


def retrieved(hvca: Hvca, location: str) -> x509.Certificate:
    found = hvca.call("get", location.removeprefix("/v2/"))
    assert found.status_code == 200
    return x509.load_pem_x509_certificate(found.json()["certificate"].encode())


def test_a_certificate_is_asked_for_and_retrieved(hvca: Hvca) -> None:
    answer = hvca.call("post", "certificates", order(NAME, f"api.{NAME}"))

    assert (answer.status_code, answer.content) == (201, b"")
    row = Certificate.objects.get(credential=hvca.new.credential)
    assert answer["Location"] == f"/v2/certificates/{row.serial}"
    found = hvca.call("get", f"certificates/{row.serial.lower()}").json()
    assert found == {
        "certificate": row.pem,
        "status": "ISSUED",
        "updated_at": int(row.issued_at.timestamp()),
    }
    assert (row.environment, row.purpose) == ("UIT", "BOTH")
    assert row.dns_names == [NAME, f"api.{NAME}"]
    event = Event.objects.filter(action="certificate:issue").latest("at")
    assert event.actor_label == "API credential dip"


def test_the_chain_of_trust_leads_to_it(hvca: Hvca) -> None:
    made = issued(hvca, order())

    issuer, root = (
        x509.load_pem_x509_certificate(pem.encode())
        for pem in hvca.call("get", "trustchain").json()
    )
    made.verify_directly_issued_by(issuer)
    issuer.verify_directly_issued_by(root)


@pytest.mark.parametrize(
    ("usages", "more", "purpose"),
    [
        ([], {}, "BOTH"),
        ([CLIENT, SERVER], {}, "MTLS"),
        ([CLIENT], {}, "MTLS"),
        ([SERVER], {"key_usages": {"content_commitment": False}}, "MTLS"),
        ([SIGNING], {}, "SIGNING"),
        ([], {"key_usages": {"content_commitment": True}}, "SIGNING"),
        ([CLIENT, SERVER, SIGNING], {}, "BOTH"),
        (
            [CLIENT, SERVER],
            {"key_usages": {"digital_signature": True, "content_commitment": True}},
            "BOTH",
        ),
    ],
)
def test_usages_say_what_it_is_for(
    hvca: Hvca, usages: list[str], more: dict[str, Any], purpose: str
) -> None:
    made = issued(hvca, order(extended_key_usages=usages, **more))

    assert Certificate.objects.get(credential=hvca.new.credential).purpose == purpose
    if purpose == "SIGNING":
        with pytest.raises(x509.ExtensionNotFound):
            made.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    else:
        usage = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert ExtendedKeyUsageOID.CLIENT_AUTH in usage


def test_names_are_those_of_the_body_and_else_of_the_csr(hvca: Hvca) -> None:
    body = order(public_key=factories.csr_pem("elsewhere.example").decode())
    issued(hvca, body)
    body = order(public_key=factories.csr_pem(f"two.{NAME}").decode())
    del body["subject_dn"], body["san"]
    issued(hvca, body)

    found = Certificate.objects.filter(credential=hvca.new.credential).order_by("pk")
    assert [row.dns_names for row in found] == [[NAME], [f"two.{NAME}"]]


def test_its_end_can_be_chosen(hvca: Hvca) -> None:
    end = timezone.now().replace(microsecond=0) + timedelta(days=30)

    made = issued(hvca, order(validity={"not_after": int(end.timestamp())}))

    assert made.not_valid_after_utc == end


@pytest.mark.parametrize(
    "key", [ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)]
)
def test_a_public_key_with_its_proof_does_as_well(
    hvca: Hvca, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
) -> None:
    info = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    if isinstance(key, rsa.RSAPrivateKey):
        proof = key.sign(info, PKCS1v15(), SHA256())
    else:
        proof = key.sign(info, ec.ECDSA(SHA256()))
    body = order(public_key=pem.decode(), public_key_signature=base64.b64encode(proof).decode())

    made = issued(hvca, body)

    assert made.public_key() == key.public_key()
    for wrong in ("", "AAAA", "no base64", base64.b64encode(proof[::-1]).decode()):
        answer = hvca.call("post", "certificates", {**body, "public_key_signature": wrong})
        assert answer.status_code == 422
        assert "public_key_signature" in answer.json()["errors"]


def test_the_same_request_again_gets_the_same_certificate(hvca: Hvca) -> None:
    body = order()

    first, again = (hvca.call("post", "certificates", body) for _ in range(2))

    assert (again.status_code, again["Location"]) == (201, first["Location"])
    body["san"]["dns_names"].append(f"other.{NAME}")
    refused = hvca.call("post", "certificates", body)
    assert refused.status_code == 422
    assert "key of its own" in refused.json()["errors"]["public_key"]


PRIVATE = "-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    ("change", "field", "told"),
    [
        ({"san": {"dns_names": ["elsewhere.example"]}}, "san.dns_names", "lies under no domain"),
        ({"san": {"dns_names": [f"*.{NAME}"]}}, "san.dns_names", "wildcard"),
        ({"san": {"emails": ["a@superenergy.example"]}}, "san.emails", "Only DNS names"),
        ({"san": {"dns_names": "x"}}, "san.dns_names", "list"),
        ({"san": {"dns_names": [1]}}, "san.dns_names", "text"),
        ({"san": []}, "san", "JSON object"),
        ({"subject_dn": {"organization": "Other Ltd"}}, "subject_dn.organization", "Super Energy"),
        ({"subject_dn": {"organizational_unit": ["x"]}}, "subject_dn.organizational_unit", "not"),
        ({"subject_dn": {"unknown": "x"}}, "subject_dn.unknown", "no such field"),
        ({"csr": "x"}, "csr", "no such field"),
        ({"custom_extensions": {"1.2.3": "NIL"}}, "custom_extensions", "not issued"),
        ({"qualified_statements": {"x": 1}}, "qualified_statements", "not issued"),
        ({"extended_key_usages": ["1.2.3"]}, "extended_key_usages", "clientAuth"),
        ({"key_usages": {"crl_sign": True}}, "key_usages.crl_sign", "Leave it out"),
        ({"key_usages": {"digital_signature": "yes"}}, "key_usages.digital_signature", "true or"),
        ({"validity": {"not_after": 1}}, "validity.not_after", "an hour"),
        ({"validity": {"not_after": 10**30}}, "validity.not_after", "seconds since"),
        ({"validity": {"not_after": 1.5}}, "validity.not_after", "whole number"),
        ({"validity": {"not_after": 10**10}}, "validity.not_after", "365 days"),
        ({"validity": {"not_before": 1}}, "validity.not_before", "when it is issued"),
        ({"signature": {"hash_algorithm": "SHA-1"}}, "signature.hash_algorithm", "SHA-256"),
        ({"public_key": ""}, "public_key", "required"),
        ({"public_key": 5}, "public_key", "text"),
        ({"public_key": "hello"}, "public_key", "no certificate signing request"),
        ({"public_key": PRIVATE}, "public_key", "treat it as exposed"),
        ({"public_key": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
          "public_key_signature": "AAAA"}, "public_key", "cannot be read"),
        ({"public_key_signature": "AAAA"}, "public_key_signature", "signed in itself"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_by_field(
    hvca: Hvca, change: dict[str, Any], field: str, told: str
) -> None:
    answer = hvca.call("post", "certificates", {**order(), **change})

    assert answer.status_code == 422
    assert told in answer.json()["errors"][field]
    assert answer.json()["description"].startswith(f"{field}: ")
    assert not Certificate.objects.filter(credential=hvca.new.credential).exists()


def test_at_the_end_of_the_quota_it_is_402(hvca: Hvca, account: Account) -> None:
    Account.objects.update(quota=1)
    issued(hvca, order())

    answer = hvca.call("post", "certificates", order())

    assert answer.status_code == 402
    assert hvca.call("get", "quotas/issuance").json() == {"value": 0}


@pytest.mark.parametrize(
    "reason",
    ["unspecified", "keyCompromise", "affiliationChanged", "superseded", "cessationOfOperation",
     "privilegeWithdrawn"],
)  # fmt: skip
def test_a_certificate_is_revoked_with_its_reason(hvca: Hvca, reason: str) -> None:
    made = issued(hvca, order())
    path = f"certificates/{made.serial_number:X}"

    answer = hvca.call("patch", path, {"revocation_reason": reason})

    assert (answer.status_code, answer.content) == (204, b"")
    assert hvca.call("get", path).json()["status"] == "REVOKED"
    assert Certificate.objects.get(credential=hvca.new.credential).reason == reason
    again = hvca.call("patch", path, {"revocation_reason": reason})
    assert again.status_code == 422
    assert "revoked already" in again.json()["description"]


def test_the_time_of_a_lost_key_can_be_given(hvca: Hvca) -> None:
    made = issued(hvca, order())
    path = f"certificates/{made.serial_number:X}"
    lost = made.not_valid_before_utc + timedelta(seconds=30)
    body = {"revocation_reason": "keyCompromise", "revocation_time": int(lost.timestamp())}

    later = {**body, "revocation_time": body["revocation_time"] + 3600}  # type: ignore[operator]
    assert hvca.call("patch", path, later).status_code == 422
    assert hvca.call("patch", path, body).status_code == 204

    assert hvca.call("get", path).json()["updated_at"] == body["revocation_time"]


def test_older_clients_revoke_by_delete(hvca: Hvca) -> None:
    made = issued(hvca, order())

    assert hvca.call("delete", f"certificates/{made.serial_number:X}").status_code == 204

    assert Certificate.objects.get(credential=hvca.new.credential).reason == "unspecified"


@pytest.mark.parametrize(
    "body", [{}, {"revocation_reason": "certificateHold"}, {"revocation_reason": 1}, {"x": 1}]
)
def test_a_revocation_needs_a_reason_that_is_one(hvca: Hvca, body: dict[str, Any]) -> None:
    made = issued(hvca, order())

    assert hvca.call("patch", f"certificates/{made.serial_number:X}", body).status_code == 422

    assert not Certificate.objects.filter(revoked_at__isnull=False).exists()


def test_a_certificate_gets_a_new_key(hvca: Hvca) -> None:
    made = issued(hvca, order(extended_key_usages=[CLIENT]))
    body = {"public_key": factories.csr_pem("whatever.example").decode()}

    answer = hvca.call("post", f"certificates/{made.serial_number:X}/rekey", body)

    assert answer.status_code == 201
    other = retrieved(hvca, answer["Location"])
    assert other.subject == made.subject
    assert other.public_key() != made.public_key()
    assert Certificate.objects.filter(purpose="MTLS").count() == 2


def test_what_is_anothers_is_not_found(
    hvca: Hvca, stranger: Hvca, in_production: Hvca, identity: IdentityProfile
) -> None:
    made = issued(hvca, order())
    path = f"certificates/{made.serial_number:X}"
    rekey = {"public_key": factories.csr_pem().decode()}

    for other in (stranger, in_production):
        assert other.call("get", path).status_code == 404
        assert other.call("patch", path, {"revocation_reason": "superseded"}).status_code == 404
        assert other.call("delete", path).status_code == 404
        assert other.call("post", f"{path}/rekey", rekey).status_code == 404
        assert other.call("get", "counters/certificates/issued").json() == {"value": 0}
        assert other.call("get", "stats/issued").json() == []
    assert hvca.call("get", path).json()["status"] == "ISSUED"
    # Nor are the certificates with which one logs in.
    assert hvca.call("get", f"certificates/{hvca.access.serial}").status_code == 404


def test_counters_and_statistics(hvca: Hvca) -> None:
    serials = [f"{issued(hvca, order()).serial_number:X}" for _ in range(3)]
    hvca.call("delete", f"certificates/{serials[1]}")

    assert hvca.call("get", "counters/certificates/issued").json() == {"value": 3}
    assert hvca.call("get", "counters/certificates/revoked").json() == {"value": 1}
    page = hvca.call("get", "stats/issued?page=2&per_page=2")
    assert page["Total-Count"] == "3"
    assert 'rel="previous"' in page["Links"]
    assert [it["serial_number"] for it in page.json()] == serials[2:]
    row = Certificate.objects.get(serial=serials[2])
    assert page.json()[0]["not_after"] == int(row.not_after.timestamp())
    revoked = hvca.call("get", "stats/revoked").json()
    assert [it["serial_number"] for it in revoked] == [serials[1]]
    end = int(row.not_after.timestamp())
    assert len(hvca.call("get", f"stats/expiring?from={end - 100}&to={end + 100}").json()) == 3
    assert hvca.call("get", f"stats/expiring?to={end - 1000}").json() == []
    assert hvca.call("get", "stats/issued?page=900000&per_page=5000").json() == []


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=x", "page=-1", "per_page=0", "page=10000000", "from=x", "to=9999999999999999",
     "from=1e9", "page=%00"],
)  # fmt: skip
def test_numbers_that_are_none(hvca: Hvca, query: str) -> None:
    answer = hvca.call("get", f"stats/issued?{query}")

    assert answer.status_code == 422
    assert answer.json()["description"]


class TestMoods:
    """What a tester's switches do."""

    def test_a_delayed_certificate_is_pending_first(self, hvca: Hvca, settings: Any) -> None:
        Account.objects.update(issuance=Issuance.DELAYED)
        answer = hvca.call("post", "certificates", order())
        path = answer["Location"].removeprefix("/v2/")

        pending = hvca.call("get", path)

        assert (answer.status_code, pending.status_code) == (201, 202)
        assert pending.json()["description"]
        settings.ATLAS_ISSUANCE_DELAY_SECONDS = 0
        assert hvca.call("get", path).status_code == 200

    def test_refused(self, hvca: Hvca) -> None:
        Account.objects.update(issuance=Issuance.REFUSED)

        answer = hvca.call("post", "certificates", order())

        assert answer.status_code == 422
        assert "Test controls" in answer.json()["description"]

    def test_down(self, hvca: Hvca) -> None:
        Account.objects.update(api=ApiMood.DOWN)

        for answer in (hvca.call("get", "trustchain"), hvca.log_in()):
            assert answer.status_code == 503
            assert answer["Retry-After"]

    def test_slow(self, hvca: Hvca, settings: Any) -> None:
        Account.objects.update(api=ApiMood.SLOW)
        settings.ATLAS_SLOW_SECONDS = 0.2
        begun = timezone.now()

        assert hvca.call("get", "trustchain").status_code == 200

        assert timezone.now() - begun >= timedelta(seconds=0.2)


def test_the_policy_is_what_is_followed(hvca: Hvca) -> None:
    policy = hvca.call("get", "validationpolicy").json()

    assert policy["validity"]["secondsmax"] == 365 * 24 * 3600
    assert policy["subject_dn"]["organization"] == {
        "presence": "STATIC",
        "format": "Super Energy Co",
    }
    assert policy["san"]["dns_names"]["list"] == ["superenergy.example", ".superenergy.example"]
    assert policy["public_key"]["key_format"] == "PKCS10"
    longest = int(timezone.now().timestamp()) + policy["validity"]["secondsmax"]
    issued(hvca, order(validity={"not_after": longest}))


def test_issuing_asks_the_database_a_constant_number_of_times(
    hvca: Hvca, django_assert_max_num_queries: Any
) -> None:
    issued(hvca, order())

    with django_assert_max_num_queries(9):
        hvca.call("post", "certificates", order())
