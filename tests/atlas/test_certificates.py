"""Certificates: requested with a CSR, found again, downloaded, revoked; the mTLS certificate."""

import html
import re
import shlex
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs7,
)
from cryptography.x509 import ocsp
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from audit.models import Event
from certificates.atlas import tasks
from certificates.atlas.models import Account, Certificate, DipEnvironment, IdentityProfile
from certificates.pki.profiles import Purpose
from tests.atlas import factories
from tests.atlas.test_authorities import ask, get
from tests.certificates.pki.conftest import OpenSsl

pytestmark = pytest.mark.usefixtures("authorities")
NAME = "dip.superenergy.example"
REQUEST = "/certificates/request/"
MTLS = "/credentials/mtls/request/"


@pytest.fixture
def openssl(tmp_path: Path) -> OpenSsl:
    return OpenSsl(tmp_path)


@pytest.fixture
def verified(identity: IdentityProfile) -> IdentityProfile:
    """Super Energy Co, with superenergy.example verified."""
    factories.claim(identity, is_verified=True)
    return identity


def load(browser: Client, profile: IdentityProfile, csr: bytes | str, **more: Any) -> str:
    sent = {"environment": "UIT", "profile": profile.pk, "purpose": "BOTH", **more}
    if isinstance(csr, str):
        sent["csr_text"] = csr
    else:
        sent["csr_file"] = SimpleUploadedFile("a.csr", csr)
    path = sent.pop("path", REQUEST)
    return browser.post(path, sent, follow=True).content.decode()


@pytest.mark.parametrize("as_text", [True, False])
def test_a_certificate_is_issued_of_a_csr(
    verified: IdentityProfile, alice_client: Client, as_text: bool
) -> None:
    csr = factories.csr_pem(NAME)

    page = load(alice_client, verified, csr.decode() if as_text else csr)

    assert "The certificate is issued" in page
    made = Certificate.objects.get()
    assert made.serial in page
    certificate = x509.load_pem_x509_certificate(made.pem.encode())
    assert certificate.subject.rfc4514_string() == (
        f"CN={NAME},O=Super Energy Co,L=London,ST=London,C=GB"
    )
    listed = alice_client.get("/certificates/").content.decode()
    for text in (NAME, made.serial, "SUPER-ENERGY", "UIT", "Valid", "mTLS and signing"):
        assert text in listed
    event = Event.objects.get(action="certificate:issue")
    assert event.after["names"] == [NAME]
    assert Account.objects.get().quota == 99_999


@pytest.mark.parametrize("purpose", ["MTLS", "SIGNING", "BOTH"])
@pytest.mark.parametrize("environment", ["UIT", "PRODUCTION"])
def test_openssl_takes_the_chain_and_merges_it_with_the_key(
    verified: IdentityProfile,
    alice_client: Client,
    openssl: OpenSsl,
    purpose: str,
    environment: str,
) -> None:
    form = alice_client.get(REQUEST).content.decode()
    command = re.search(r'id="make-csr">openssl (.*?)</code>', form)
    assert command is not None
    openssl(*shlex.split(html.unescape(command[1])))

    load(alice_client, verified, openssl.read("dip.csr"), purpose=purpose, environment=environment)

    made = Certificate.objects.get()
    chain = alice_client.get(f"/certificates/{made.pk}/chain.cer")
    name = re.search(r'filename="(.*)-chain.pem"', chain["Content-Disposition"])
    assert name is not None
    openssl.write(f"{name[1]}-chain.pem", chain.content)
    openssl.write("cer.pem", alice_client.get(f"/certificates/{made.pk}/pem.cer").content)
    openssl.write("cer.der", alice_client.get(f"/certificates/{made.pk}/der.cer").content)
    openssl.write("root.pem", get("/ca/root-1.pem"))
    openssl.write("ca.pem", get(f"/ca/{environment.lower()}-1.pem"))
    assert "OK" in openssl(
        "verify", "-x509_strict", "-CAfile", "root.pem", "-untrusted", "ca.pem", "cer.pem"
    )
    assert made.serial in openssl("x509", "-inform", "DER", "-in", "cer.der", "-noout", "-serial")
    page = alice_client.get(f"/certificates/{made.pk}/").content.decode()
    merge = re.search(r'id="make-pfx">openssl (.*?)</code>', page)
    assert merge is not None
    openssl(*shlex.split(merge[1]), "-passout", "pass:secret")
    told = openssl("pkcs12", "-in", f"{name[1]}.pfx", "-passin", "pass:secret", "-nokeys", "-info")
    assert told.count("BEGIN CERTIFICATE") == 3


def private_key() -> bytes:
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("dip.elsewhere.example", "lies under no domain that is verified"),
        ("*.superenergy.example", "is a wildcard"),
        ("superenergy.example.evil.example", "lies under no domain"),
        ("notsuperenergy.example", "lies under no domain"),
        ("localhost", "is no full domain name"),
    ],
)
def test_names_that_are_not_the_companys(
    verified: IdentityProfile, alice_client: Client, name: str, told: str
) -> None:
    page = load(alice_client, verified, factories.csr_pem(name))

    assert told in page
    assert not Certificate.objects.exists()


def test_a_domain_that_is_not_verified_yet_counts_for_nothing(
    identity: IdentityProfile, alice_client: Client
) -> None:
    factories.claim(identity)

    assert "none yet" in load(alice_client, identity, factories.csr_pem(NAME))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "Choose the CSR file"),
        (b"nonsense", "no certificate signing request"),
        (b"\x00\xff" * 500, "no certificate signing request"),
        (b"x" * 40_000, "larger than 32 KiB"),
        (factories.csr_pem(NAME)[:-60], "cut short"),
    ],
    ids=["empty", "nonsense", "bytes", "large", "cut short"],
)
def test_what_is_no_csr(
    verified: IdentityProfile, alice_client: Client, content: bytes, told: str
) -> None:
    page = load(alice_client, verified, content)

    assert told in page or "is empty" in page
    assert not Certificate.objects.exists()


def test_a_private_key_is_recognised_and_shown_to_nobody(
    verified: IdentityProfile, alice_client: Client
) -> None:
    key = private_key()

    for sent in (key, key.decode()):
        page = load(alice_client, verified, sent)

        assert "treat it as exposed" in page
        assert key.decode().splitlines()[5] not in page
        assert not Certificate.objects.exists()


def test_a_certificate_in_place_of_the_csr_is_recognised(
    verified: IdentityProfile, alice_client: Client
) -> None:
    made = factories.certificate(verified, NAME)

    assert "This is a certificate (CER)" in load(alice_client, verified, made.pem)
    bundle = pkcs7.serialize_certificates(
        [x509.load_pem_x509_certificate(made.pem.encode())], Encoding.DER
    )
    assert "This is a P7B" in load(alice_client, verified, bundle)


def test_one_of_the_two_ways_is_taken(verified: IdentityProfile, alice_client: Client) -> None:
    csr = factories.csr_pem(NAME)
    sent = {
        "environment": "UIT",
        "profile": verified.pk,
        "purpose": "BOTH",
        "csr_text": csr.decode(),
        "csr_file": SimpleUploadedFile("a.csr", csr),
    }

    assert "as a file or as a text" in alice_client.post(REQUEST, sent).content.decode()


def test_a_key_has_one_certificate(
    verified: IdentityProfile, alice_client: Client, charlie_client: Client, charlie: Any
) -> None:
    csr = factories.csr_pem(NAME)
    load(alice_client, verified, csr)

    assert "a certificate of this key already" in load(alice_client, verified, csr)
    account = Account.objects.get(users__user=charlie)
    theirs = factories.identity(account, name="BRIGHT")
    factories.claim(theirs, is_verified=True)
    assert "a certificate of this key already" in load(charlie_client, theirs, csr)
    assert "a certificate of this key already" in load(charlie_client, theirs, csr, path=MTLS)
    assert Certificate.objects.count() == 1


def test_the_quota_is_kept(verified: IdentityProfile, alice_client: Client) -> None:
    alice_client.post("/controls/quota/", {"quota": "1"})
    load(alice_client, verified, factories.csr_pem(NAME))

    assert "quota is used up" in load(alice_client, verified, factories.csr_pem(NAME))
    assert Certificate.objects.count() == 1


@pytest.mark.parametrize("quota", ["-1", "", "many", "1000001"])
def test_a_quota_that_cannot_be(alice_client: Client, account: Account, quota: str) -> None:
    page = alice_client.post("/controls/quota/", {"quota": quota}).content.decode()

    assert "This cannot be saved yet" in page
    account.refresh_from_db()
    assert account.quota == 100_000


class TestRevocation:
    """A revocation is on the CRL and in OCSP at once."""

    def parsed(self, made: Certificate) -> tuple[x509.Certificate, x509.Certificate]:
        issuer = x509.load_pem_x509_certificate(made.authority.certificate_pem.encode())
        return x509.load_pem_x509_certificate(made.pem.encode()), issuer

    def test_it_is_seen_everywhere(self, verified: IdentityProfile, alice_client: Client) -> None:
        made = factories.certificate(verified, NAME)
        certificate, issuer = self.parsed(made)
        assert ask("uit-1", certificate, issuer).certificate_status == ocsp.OCSPCertStatus.GOOD
        assert len(x509.load_der_x509_crl(get("/crl/uit-1.crl"))) == 0
        path = f"/certificates/{made.pk}/"
        assert "It is for good" in alice_client.get(f"{path}revoke/").content.decode()

        page = alice_client.post(f"{path}revoke/", {"reason": "keyCompromise"}, follow=True)

        assert "is revoked" in page.content.decode()
        assert "Key compromise" in page.content.decode()
        told = ask("uit-1", certificate, issuer)
        assert told.certificate_status == ocsp.OCSPCertStatus.REVOKED
        assert told.revocation_reason == x509.ReasonFlags.key_compromise
        crl = x509.load_der_x509_crl(get("/crl/uit-1.crl"))
        entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
        assert entry is not None
        assert len(x509.load_der_x509_crl(get("/crl/production-1.crl"))) == 0
        assert "Revoked" in alice_client.get("/certificates/?status=revoked").content.decode()
        assert Event.objects.filter(action="certificate:revoke").count() == 1

    def test_a_second_time_changes_nothing(
        self, verified: IdentityProfile, alice_client: Client
    ) -> None:
        made = factories.certificate(verified, NAME)
        for reason in ("superseded", "keyCompromise"):
            page = alice_client.post(
                f"/certificates/{made.pk}/revoke/", {"reason": reason}, follow=True
            ).content.decode()

        assert "is revoked already" in page
        made.refresh_from_db()
        assert made.reason == "superseded"

    def test_a_reason_is_asked_for(self, verified: IdentityProfile, alice_client: Client) -> None:
        made = factories.certificate(verified, NAME)

        page = alice_client.post(f"/certificates/{made.pk}/revoke/", {"reason": "cACompromise"})

        assert "Select a valid choice" in page.content.decode()

    def test_what_has_expired_leaves_the_crl(
        self, verified: IdentityProfile, alice_client: Client
    ) -> None:
        made = factories.certificate(verified, NAME)
        alice_client.post(f"/certificates/{made.pk}/revoke/", {"reason": "unspecified"})
        tasks.rebuild_crls()
        assert len(x509.load_der_x509_crl(get("/crl/uit-1.crl"))) == 1

        with time_machine.travel(timezone.now() + timedelta(days=366)):
            tasks.rebuild_crls()
            assert len(x509.load_der_x509_crl(get("/crl/uit-1.crl"))) == 0

    def test_nobody_revokes_what_is_another_companys(
        self, verified: IdentityProfile, charlie_client: Client
    ) -> None:
        made = factories.certificate(verified, NAME)

        answer = charlie_client.post(f"/certificates/{made.pk}/revoke/", {"reason": "superseded"})

        assert answer.status_code == 404


class TestAccessCertificate:
    """The certificate by which the HVCA API believes a credential."""

    def test_it_is_generated_and_merged(
        self, identity: IdentityProfile, alice_client: Client, openssl: OpenSsl
    ) -> None:
        openssl.key("atlas.key")
        openssl("req", "-new", "-key", "atlas.key", "-subj", "/CN=API access", "-out", "atlas.csr")

        page = load(alice_client, identity, openssl.read("atlas.csr"), path=MTLS)

        assert "The certificate is issued" in page
        made = Certificate.objects.get()
        assert made.subject.startswith("CN=SUPER-ENERGY API access UIT,O=Super Energy Co")
        openssl.write("cer.pem", made.pem.encode())
        openssl.write("root.pem", get("/ca/root-1.pem"))
        openssl.write("ca.pem", get("/ca/uit-1.pem"))
        assert "OK" in openssl(
            "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", "root.pem",
            "-untrusted", "ca.pem", "cer.pem",
        )  # fmt: skip
        openssl(
            "verify", "-purpose", "sslserver", "-CAfile", "root.pem", "-untrusted", "ca.pem",
            "cer.pem", fails=True,
        )  # fmt: skip

    def test_it_stands_in_a_list_of_its_own(
        self, verified: IdentityProfile, alice_client: Client
    ) -> None:
        access = factories.access_certificate(verified)
        other = factories.certificate(verified, NAME)

        assert access.serial in alice_client.get("/credentials/mtls/").content.decode()
        assert other.serial not in alice_client.get("/credentials/mtls/").content.decode()
        assert access.serial not in alice_client.get("/certificates/").content.decode()
        assert alice_client.get(f"/certificates/{access.pk}/").status_code == 404
        assert alice_client.get(f"/credentials/mtls/{other.pk}/").status_code == 404

    def test_it_is_revoked(self, identity: IdentityProfile, alice_client: Client) -> None:
        access = factories.access_certificate(identity)

        page = alice_client.post(
            f"/credentials/mtls/{access.pk}/revoke/", {"reason": "superseded"}, follow=True
        )

        assert "Revoked" in page.content.decode()


def test_an_identity_that_is_not_active_gets_nothing(
    verified: IdentityProfile, alice_client: Client
) -> None:
    IdentityProfile.objects.update(status=IdentityProfile.Status.REFUSED)

    page = load(alice_client, verified, factories.csr_pem(NAME))

    assert "not one of the available choices" in page
    assert "you need an active" in alice_client.get("/certificates/").content.decode()
    assert "you need an active" in alice_client.get("/credentials/mtls/").content.decode()


def test_the_inventory_filters_and_exports(verified: IdentityProfile, alice_client: Client) -> None:
    factories.certificate(verified, NAME, purpose=Purpose.MTLS)
    factories.certificate(
        verified, f"api.{NAME}", purpose=Purpose.SIGNING, environment=DipEnvironment.PRODUCTION
    )

    assert "1-1 of 1" in alice_client.get("/certificates/?purpose=SIGNING").content.decode()
    assert "1-1 of 1" in alice_client.get("/certificates/?environment=UIT").content.decode()
    serial = Certificate.objects.latest("pk").serial
    assert "1-1 of 1" in alice_client.get(f"/certificates/?q={serial[:10]}").content.decode()
    assert "1-2 of 2" in alice_client.get("/certificates/?status=valid").content.decode()
    lines = b"".join(alice_client.get("/certificates/?export=csv").streaming_content)  # type: ignore[attr-defined]
    assert lines.count(b"\r\n") == 3
    with time_machine.travel(timezone.now() + timedelta(days=366)):
        alice_client.force_login(verified.account.users.get().user)
        assert "1-2 of 2" in alice_client.get("/certificates/?status=expired").content.decode()


def test_the_inventory_has_a_constant_number_of_queries(
    verified: IdentityProfile, alice_client: Client, django_assert_num_queries: Any
) -> None:
    factories.certificate(verified, NAME)
    for number in range(2):
        with django_assert_num_queries(8):
            alice_client.get("/certificates/")
        factories.certificate(verified, f"n{number}.{NAME}")
