"""The DIP's own key and certificate: asked for, answered by Atlas, renewed, used."""

import logging
import socket
import ssl
import threading
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.utils import timezone

from audit.models import Event
from certificates.atlas.actors import ATLAS
from certificates.atlas.models import CertificateAuthority, PlatformCertificate
from certificates.atlas.services import authorities, platform, publishing
from certificates.pki import formats
from certificates.pki.paths import check_chain
from certificates.platform import NoOwnCertificate, PlatformIdentity, own_signer
from tests import pki
from tests.atlas import factories

pytestmark = pytest.mark.django_db


def at_atlas() -> override_settings:
    """Give a block in which this process is Atlas."""
    return override_settings(DIP_ENVIRONMENT="atlas", **settings.CERTIFICATE_AUTHORITY)


@pytest.fixture
def _authority() -> None:
    """The authority, as after `prepare_atlas`."""
    with at_atlas():
        factories.authorities()
        publishing.publish_authorities()


def asked() -> None:
    call_command("request_own_certificate", stdout=StringIO())


def answered(now: datetime | None = None) -> list[PlatformCertificate]:
    with at_atlas():
        return platform.answer_requests(now=now or timezone.now())


@pytest.mark.usefixtures("_authority")
@pytest.mark.parametrize("environment", ["uit", "production"])
def test_each_environment_gets_a_certificate_that_is_its_own(
    environment: str, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(environment)
    asked()

    [issued] = answered()

    own = own_signer()
    assert own.certificate.subject.rfc4514_string() == (
        f"CN={environment}.dip.example,O=Simulated Data Integration Platform,C=GB"
    )
    assert formats.serial_text(own.certificate.serial_number) == issued.serial
    issuing, root = own.chain
    assert issuing.subject.rfc4514_string().startswith(
        f"CN=Simulated Atlas {issued.get_environment_display()} Issuing CA"
    )
    check_chain(own.certificate, intermediates=[issuing], roots=[root], now=timezone.now())
    assert own.certificate_file.stat().st_mode & 0o777 == 0o644
    assert own.key_file.stat().st_mode & 0o777 == 0o600
    assert Event.objects.filter(action="platform_certificate:issue").count() == 1
    assert answer_of_ocsp(own) == "good"


def answer_of_ocsp(own: PlatformIdentity) -> str:
    authority = CertificateAuthority.objects.get(certificate_pem=formats.pem(own.chain[0]).decode())
    request = (
        ocsp.OCSPRequestBuilder()
        .add_certificate(own.certificate, own.chain[0], hashes.SHA256())
        .build()
    )
    with at_atlas():
        answer = authorities.answer_ocsp(
            authority, request.public_bytes(Encoding.DER), now=timezone.now()
        )
    return ocsp.load_der_ocsp_response(answer).certificate_status.name.lower()


@pytest.mark.usefixtures("_authority")
def test_asking_and_answering_again_changes_nothing() -> None:
    asked()
    answered()
    before = own_signer()

    asked()

    assert answered() == []
    assert own_signer() == before


@pytest.mark.usefixtures("_authority")
def test_it_is_renewed_before_it_ends() -> None:
    asked()
    answered()
    before = own_signer()
    with time_machine.travel(before.certificate.not_valid_after_utc - timedelta(days=31)):
        assert answered() == []
    with time_machine.travel(before.certificate.not_valid_after_utc - timedelta(days=29)):
        [renewed] = answered()

        assert formats.serial_text(own_signer().certificate.serial_number) == renewed.serial
    assert renewed.not_after > before.certificate.not_valid_after_utc


@pytest.mark.usefixtures("_authority")
def test_it_is_renewed_when_the_authority_is_rotated() -> None:
    asked()
    answered()
    before = own_signer()

    with at_atlas():
        authorities.rotate(actor=ATLAS, kind=CertificateAuthority.Kind.UIT, now=timezone.now())
    answered()

    after = own_signer()
    assert after.key == before.key
    assert after.chain[0] != before.chain[0]
    assert after.chain[1] == before.chain[1]


@pytest.mark.usefixtures("_authority")
def test_a_new_key_gets_a_new_certificate() -> None:
    asked()
    answered()
    before = own_signer()
    settings.PLATFORM_KEY_FILE.unlink()
    with pytest.raises(NoOwnCertificate, match="request_own_certificate"):
        own_signer()
    asked()
    with pytest.raises(NoOwnCertificate, match="belongs to another key"):
        own_signer()

    answered()

    assert own_signer().certificate != before.certificate


@pytest.mark.usefixtures("_authority")
def test_what_is_missing_or_spoilt_is_said() -> None:
    asked()
    with pytest.raises(NoOwnCertificate, match="Atlas has not issued"):
        own_signer()
    answered()
    own = own_signer()
    own.certificate_file.write_text("nothing")
    with pytest.raises(NoOwnCertificate, match="is no certificate"):
        own_signer()

    answered()

    assert own_signer().certificate == own.certificate
    with (
        time_machine.travel(timezone.now() + timedelta(days=370)),
        pytest.raises(NoOwnCertificate, match=r"expired on .* Atlas's worker renews it"),
    ):
        own_signer()


@pytest.mark.usefixtures("_authority")
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x" * 100_000,
        b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----",
        pki.csr(pki.key(), ["production.dip.example"]),
        pki.csr(pki.key(), ["uit.dip.example", "bank.example"]),
    ],
    ids=["nothing", "too large", "damaged", "another environment's", "a name too many"],
)
def test_a_request_that_is_none_is_told_once(
    content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    platform._complain.cache_clear()
    folder: Path = settings.AUTHORITY_DIR / "platform"
    folder.mkdir(parents=True)
    (folder / "uit.csr").write_bytes(content)

    with caplog.at_level(logging.ERROR):
        assert answered() == answered() == []

    assert len(caplog.records) == 1
    assert "uit.csr" in caplog.text
    assert not (folder / "uit.pem").exists()
    assert PlatformCertificate.objects.count() == 0


def test_atlas_has_no_certificate_of_the_dip(atlas: None) -> None:
    with pytest.raises(CommandError, match="no part of the DIP"):
        asked()


def test_what_it_signs_and_shows_is_believed() -> None:
    pki.own()
    own = own_signer()
    signature = own.key.sign(b"text", padding.PKCS1v15(), hashes.SHA256())
    public_key = own.certificate.public_key()
    assert isinstance(public_key, rsa.RSAPublicKey)
    public_key.verify(signature, b"text", padding.PKCS1v15(), hashes.SHA256())

    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(own.certificate_file, own.key_file)
    server.verify_mode = ssl.CERT_REQUIRED
    client = ssl.create_default_context()
    client.load_cert_chain(own.certificate_file, own.key_file)
    for context in (server, client):
        context.load_verify_locations(cadata=formats.pem(pki.root().certificate).decode())
    ends = socket.socketpair()
    seen: list[Any] = []

    def serve() -> None:
        with server.wrap_socket(ends[0], server_side=True) as connection:
            seen.append(connection.getpeercert(binary_form=True))
            connection.recv(1)

    thread = threading.Thread(target=serve)
    thread.start()
    with client.wrap_socket(ends[1], server_hostname="uit.dip.example") as connection:
        connection.send(b"x")
        thread.join(timeout=10)

    assert seen == [formats.der(own.certificate)]
