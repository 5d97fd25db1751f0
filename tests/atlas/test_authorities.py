"""The certificate authorities: made once, sealed, rotated; their CRLs and OCSP answer."""

import base64
import threading
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from audit.models import Event
from certificates.atlas import tasks
from certificates.atlas.models import CertificateAuthority
from certificates.atlas.services.authorities import ensure_authorities
from certificates.pki import keys
from tests.certificates.pki.conftest import OpenSsl

pytestmark = pytest.mark.django_db
SLUGS = ("root-1", "uit-1", "production-1")


@pytest.fixture
def openssl(tmp_path: Path) -> OpenSsl:
    return OpenSsl(tmp_path)


def get(path: str) -> bytes:
    answer = Client().get(path)
    assert answer.status_code == 200, path
    return answer.content


def ask(slug: str, certificate: x509.Certificate, issuer: x509.Certificate) -> ocsp.OCSPResponse:
    request = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, SHA1()).build()
    answer = Client(enforce_csrf_checks=True).post(
        f"/ocsp/{slug}",
        data=request.public_bytes(Encoding.DER),
        content_type="application/ocsp-request",
    )
    assert answer["Content-Type"] == "application/ocsp-response"
    return ocsp.load_der_ocsp_response(answer.content)


@pytest.fixture
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw shorter keys: nobody attacks these."""
    monkeypatch.setattr(keys, "new_ca_key", lambda: rsa.generate_private_key(65537, 2048))


def test_they_are_made_once(quick_keys: None) -> None:
    now = timezone.now()

    assert ensure_authorities(now=now)
    assert not ensure_authorities(now=now)

    assert [it.slug for it in CertificateAuthority.objects.order_by("pk")] == list(SLUGS)
    assert Event.objects.filter(action="authority:create").count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_processes_that_start_at_once_make_them_once(monkeypatch: pytest.MonkeyPatch) -> None:
    both_drew = threading.Barrier(2, timeout=30)
    drawn = threading.local()

    def draw() -> rsa.RSAPrivateKey:
        drawn.count = getattr(drawn, "count", 0) + 1
        key = rsa.generate_private_key(65537, 2048)
        if drawn.count == 3:
            both_drew.wait()  # neither has seen anything of the other yet
        return key

    monkeypatch.setattr(keys, "new_ca_key", draw)
    outcomes: list[bool] = []

    def start() -> None:
        try:
            outcomes.append(ensure_authorities(now=timezone.now()))
        finally:
            connection.close()

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(outcomes) == [False, True]
    assert CertificateAuthority.objects.count() == 3


def test_their_keys_are_sealed(authorities: None) -> None:
    for authority in CertificateAuthority.objects.all():
        assert "PRIVATE" not in authority.sealed_key
        public = authority.signer.key.public_key()
        assert public == authority.certificate.public_key()


def test_openssl_follows_the_chain_from_what_is_downloaded(
    authorities: None, openssl: OpenSsl
) -> None:
    openssl.write("root.pem", get("/ca/root-1.pem"))
    for slug in ("uit-1", "production-1"):
        openssl.write("ca.pem", get(f"/ca/{slug}.pem"))

        assert "OK" in openssl("verify", "-x509_strict", "-CAfile", "root.pem", "ca.pem")
        assert x509.load_der_x509_certificate(get(f"/ca/{slug}.cer"))


def test_certificates_say_where_their_issuer_answers(authorities: None, settings: Any) -> None:
    certificate = x509.load_pem_x509_certificate(get("/ca/uit-1.pem"))
    access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints)
    urls = {
        description.access_method: description.access_location.value for description in access.value
    }
    base = settings.ATLAS_PKI_URL

    assert urls[AuthorityInformationAccessOID.CA_ISSUERS] == f"{base}/ca/root-1.cer"
    assert urls[AuthorityInformationAccessOID.OCSP] == f"{base}/ocsp/root-1"
    [name] = points.value[0].full_name or []
    assert name.value == f"{base}/crl/root-1.crl"


@pytest.mark.parametrize("slug", SLUGS)
def test_a_crl_is_kept_until_it_is_half_as_old_as_it_may_get(
    authorities: None, openssl: OpenSsl, slug: str
) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        first = get(f"/crl/{slug}.crl")
        again = get(f"/crl/{slug}.crl")
    with time_machine.travel(now + timedelta(minutes=31), tick=False):
        tasks.rebuild_crls()
        later = get(f"/crl/{slug}.crl")

    assert first == again
    numbers = [
        x509.load_der_x509_crl(it)
        .extensions.get_extension_for_class(x509.CRLNumber)
        .value.crl_number
        for it in (first, later)
    ]
    assert numbers[0] < numbers[1]
    openssl.write("ca.pem", get(f"/ca/{slug}.pem"))
    openssl.write("ca.crl", later)
    assert "verify OK" in openssl(
        "crl", "-inform", "DER", "-in", "ca.crl", "-CAfile", "ca.pem", "-noout"
    )


def test_ocsp_tells_of_the_issuing_cas(authorities: None) -> None:
    root = x509.load_pem_x509_certificate(get("/ca/root-1.pem"))
    uit = x509.load_pem_x509_certificate(get("/ca/uit-1.pem"))

    assert ask("root-1", uit, root).certificate_status == ocsp.OCSPCertStatus.GOOD
    assert ask("production-1", uit, root).certificate_status == ocsp.OCSPCertStatus.UNKNOWN


def test_ocsp_answers_a_request_in_the_address(authorities: None, openssl: OpenSsl) -> None:
    openssl.write("root.pem", get("/ca/root-1.pem"))
    openssl.write("uit.pem", get("/ca/uit-1.pem"))
    openssl(
        "ocsp", "-issuer", "root.pem", "-cert", "uit.pem", "-reqout", "request.der", "-no_nonce"
    )
    encoded = base64.b64encode(openssl.read("request.der")).decode()

    for path in (encoded, quote(encoded, safe="")):
        openssl.write("answer.der", get(f"/ocsp/root-1/{path}"))
        told = openssl(
            "ocsp", "-respin", "answer.der", "-issuer", "root.pem", "-cert", "uit.pem",
            "-CAfile", "root.pem", "-no_nonce",
        )  # fmt: skip
        assert "uit.pem: good" in told
        assert "Response verify OK" in told


@pytest.mark.parametrize("body", [b"", b"no request", b"\x30" * 5000, b"\x00" * 100_000])
def test_what_is_no_request_is_malformed(authorities: None, body: bytes) -> None:
    answer = Client().post("/ocsp/uit-1", data=body, content_type="application/ocsp-request")

    told = ocsp.load_der_ocsp_response(answer.content)
    assert told.response_status == ocsp.OCSPResponseStatus.MALFORMED_REQUEST
    assert Client().get("/ocsp/uit-1/%00%ff===").status_code == 200


@pytest.mark.parametrize("slug", ["uit-2", "uit", "sit-1", "uit-", "uit-99999999999", "uit-1-1"])
def test_an_authority_that_is_none_is_not_found(authorities: None, slug: str) -> None:
    for path in (f"/ca/{slug}.cer", f"/ca/{slug}.pem", f"/crl/{slug}.crl", f"/ocsp/{slug}/x"):
        assert Client().get(path).status_code == 404, path


def test_the_page_lists_them(authorities: None, alice_client: Client) -> None:
    page = alice_client.get("/authorities/").content.decode()

    for name in ("Root CA", "UIT Issuing CA", "Production Issuing CA"):
        assert f"Simulated Atlas {name}" in page
    assert page.count("In use") == 3


def test_an_issuing_ca_is_rotated(
    authorities: None, quick_keys: None, alice_client: Client
) -> None:
    told = StringIO()

    call_command("rotate_authority", "uit", stdout=told)

    assert "Simulated Atlas UIT Issuing CA G2, SHA-256" in told.getvalue()
    assert CertificateAuthority.objects.filter(kind="UIT", retired_at=None).get().generation == 2
    assert get("/crl/uit-1.crl")
    assert get("/crl/uit-2.crl")
    page = alice_client.get("/authorities/").content.decode()
    assert page.count("Retired") == 1
    assert Event.objects.filter(action="authority:retire", actor_label="Command line").exists()
    assert not ensure_authorities(now=timezone.now())


def test_with_the_root_both_issuing_cas_are_rotated(
    authorities: None, quick_keys: None, openssl: OpenSsl
) -> None:
    call_command("rotate_authority", "root", stdout=StringIO())

    assert CertificateAuthority.objects.filter(retired_at=None).count() == 3
    openssl.write("root.pem", get("/ca/root-2.pem"))
    openssl.write("ca.pem", get("/ca/production-2.pem"))
    assert "OK" in openssl("verify", "-CAfile", "root.pem", "ca.pem")


def test_there_is_nothing_to_rotate_elsewhere(settings: Any) -> None:
    with pytest.raises(CommandError, match="There is no authority yet"):
        call_command("rotate_authority", "uit")
    settings.DIP_ENVIRONMENT = "uit"
    with pytest.raises(CommandError, match="is not Atlas"):
        call_command("rotate_authority", "uit")


def test_a_request_by_sha256_is_answered_too(authorities: None) -> None:
    root = x509.load_pem_x509_certificate(get("/ca/root-1.pem"))
    uit = x509.load_pem_x509_certificate(get("/ca/uit-1.pem"))
    request = ocsp.OCSPRequestBuilder().add_certificate(uit, root, SHA256()).build()

    answer = Client().post(
        "/ocsp/root-1",
        data=request.public_bytes(Encoding.DER),
        content_type="application/ocsp-request",
    )

    told = ocsp.load_der_ocsp_response(answer.content)
    assert told.certificate_status == ocsp.OCSPCertStatus.GOOD
