"""CRLs and OCSP answers, as OpenSSL reads them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates.pki import formats, issue, revoke
from certificates.pki.csr import read_csr
from certificates.pki.issue import Authority
from certificates.pki.profiles import PROFILES, Identity, Purpose
from certificates.pki.revoke import REASONS, Revocation
from tests.certificates.pki import hostile
from tests.certificates.pki.conftest import URLS, OpenSsl

Find = Callable[[int], Revocation | bool]
MINUTE = timedelta(minutes=1)
MALFORMED_REQUEST = b"\x30\x03\x0a\x01\x01"


@pytest.fixture
def now() -> datetime:
    """The time of now: openssl compares OCSP answers with its own clock."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def certificate(openssl: OpenSsl, issuer: Authority, root: Authority) -> x509.Certificate:
    openssl.key()
    made = issue.issue(
        read_csr(openssl.csr("dip.superenergy.example")),
        profile=PROFILES[Purpose.BOTH],
        identity=Identity(organisation="Super Energy Co", country="GB"),
        allowed_domains=["superenergy.example"],
        issuer=issuer,
        urls=URLS,
        serial=issue.new_serial(),
        now=datetime.now(UTC),
    )
    openssl.write("dip.cer", formats.pem(made))
    openssl.write("issuing.pem", formats.pem(issuer.certificate))
    openssl.write("chain.pem", formats.chain_pem([issuer.certificate, root.certificate]))
    return made


@contextmanager
def responder(issuer: Authority, find: Find, now: datetime) -> Iterator[str]:
    """Answer OCSP requests on an address of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers["Content-Length"]))
            answer = revoke.ocsp_response(
                request, issuer=issuer, find=find, now=now, next_update=now + MINUTE
            )
            self.send_response(200)
            self.send_header("Content-Type", "application/ocsp-response")
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def lookup_noting(asked: list[int]) -> Find:
    """Find every certificate good, and note which were asked for."""

    def find(serial: int) -> bool:
        asked.append(serial)
        return True

    return find


def ask(openssl: OpenSsl, url: str, *options: str) -> str:
    """Ask as a relying party does, checking signature and nonce."""
    return openssl(
        *("ocsp", "-issuer", "issuing.pem", "-cert", "dip.cer", "-url", url),
        *("-CAfile", "chain.pem", *options),
    )


@pytest.mark.parametrize("options", [(), ("-no_nonce",), ("-sha256",), ("-sha512",)])
def test_a_good_certificate_is_good(
    openssl: OpenSsl, certificate: x509.Certificate, issuer: Authority, now: datetime,
    options: tuple[str, ...],
) -> None:  # fmt: skip
    asked: list[int] = []

    with responder(issuer, lookup_noting(asked), now) as url:
        # -sha256 and -sha512 count for the certificates named after it.
        words = ("ocsp", *options, "-issuer", "issuing.pem", "-cert", "dip.cer", "-url", url)
        said = openssl(*words, "-CAfile", "chain.pem")

    assert "Response verify OK" in said
    assert "dip.cer: good" in said
    assert asked == [certificate.serial_number]


@pytest.mark.parametrize("reason", list(REASONS))
def test_a_revoked_certificate_is_revoked_and_says_why(
    openssl: OpenSsl, certificate: x509.Certificate, issuer: Authority, now: datetime, reason: str
) -> None:
    revocation = Revocation(serial=certificate.serial_number, revoked_at=now, reason=reason)

    with responder(issuer, lambda serial: revocation, now) as url:
        said = ask(openssl, url)

    assert "dip.cer: revoked" in said
    # OpenSSL has no word for privilegeWithdrawn in an OCSP answer.
    shown = "(UNKNOWN)" if reason == "privilegeWithdrawn" else reason
    assert (f"Reason: {shown}" in said) is (reason != "unspecified")


def test_a_certificate_that_was_never_issued_is_unknown(
    openssl: OpenSsl, certificate: x509.Certificate, issuer: Authority, now: datetime
) -> None:
    with responder(issuer, lambda serial: False, now) as url:
        assert "dip.cer: unknown" in ask(openssl, url)


def test_another_issuers_certificate_is_unknown_and_never_looked_up(
    openssl: OpenSsl, certificate: x509.Certificate, root: Authority, now: datetime
) -> None:
    asked: list[int] = []
    openssl("ocsp", "-issuer", "issuing.pem", "-cert", "dip.cer", "-reqout", "request.der")

    answer = revoke.ocsp_response(
        openssl.read("request.der"),
        issuer=root,
        find=lookup_noting(asked),
        now=now,
        next_update=now + MINUTE,
    )

    openssl.write("answer.der", answer)
    said = openssl("ocsp", "-respin", "answer.der", "-noverify", "-resp_text")
    assert "Cert Status: unknown" in said
    assert asked == []


@given(request=st.binary(max_size=200))
def test_what_is_no_request_gets_an_answer_that_says_so(issuer: Authority, request: bytes) -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)

    answer = revoke.ocsp_response(
        request, issuer=issuer, find=lambda serial: True, now=now, next_update=now
    )

    assert answer == MALFORMED_REQUEST


@pytest.mark.parametrize(
    "request_",
    [
        hostile.ocsp_request(algorithm="md5", name_hash=b"n" * 16, key_hash=b"k" * 16),
        hostile.ocsp_request(algorithm="sha3_256", name_hash=b"n" * 32, key_hash=b"k" * 32),
        hostile.ocsp_request(name_hash=b"n" * 19),
        hostile.ocsp_request(key_hash=b""),
        hostile.ocsp_request(serial=-1),
        hostile.ocsp_request(nonce=b""),
        hostile.ocsp_request(nonce=b"x" * 129),
        hostile.ocsp_request(times=2),
        hostile.ocsp_request(serial=1 << 40_000),
    ],
    ids=[
        *("MD5", "SHA-3", "short name hash", "no key hash", "negative serial"),
        *("empty nonce", "long nonce", "two certificates", "huge"),
    ],
)
def test_a_request_that_cannot_be_answered_gets_an_answer_that_says_so(
    issuer: Authority, now: datetime, request_: bytes
) -> None:
    answer = revoke.ocsp_response(
        request_, issuer=issuer, find=lambda serial: True, now=now, next_update=now + MINUTE
    )

    assert answer == MALFORMED_REQUEST


def test_a_long_nonce_comes_back(issuer: Authority, now: datetime) -> None:
    answer = revoke.ocsp_response(
        hostile.ocsp_request(nonce=b"x" * 128),
        issuer=issuer,
        find=lambda serial: True,
        now=now,
        next_update=now + MINUTE,
    )

    extensions = ocsp.load_der_ocsp_response(answer).extensions
    assert extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"x" * 128


@settings(max_examples=300)
@given(draw=st.data())
def test_no_changed_bytes_break_the_responder(issuer: Authority, draw: st.DataObject) -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    changed = bytearray(hostile.ocsp_request(nonce=b"x" * 16, serial=1 << 100))
    for _ in range(draw.draw(st.integers(1, 3))):
        place = draw.draw(st.integers(0, len(changed) - 1))
        changed[place : place + draw.draw(st.integers(0, 2))] = draw.draw(st.binary(max_size=2))

    answer = revoke.ocsp_response(
        bytes(changed), issuer=issuer, find=lambda serial: True, now=now, next_update=now + MINUTE
    )

    assert answer == MALFORMED_REQUEST or ocsp.load_der_ocsp_response(answer).responses


def test_the_crl_lists_what_is_revoked(
    openssl: OpenSsl, certificate: x509.Certificate, issuer: Authority, now: datetime
) -> None:
    revocation = Revocation(
        serial=certificate.serial_number, revoked_at=now, reason="keyCompromise"
    )
    for name, revocations in (("empty.crl", []), ("full.crl", [revocation])):
        crl = revoke.make_crl(
            issuer=issuer,
            revocations=revocations,
            number=7,
            now=now,
            next_update=now + timedelta(days=1),
        )
        openssl.write("crl.der", crl)
        openssl("crl", "-inform", "DER", "-in", "crl.der", "-out", name)

    check = ("verify", "-crl_check", "-CAfile", "chain.pem")
    openssl(*check, "-CRLfile", "empty.crl", "dip.cer")
    assert "certificate revoked" in openssl(*check, "-CRLfile", "full.crl", "dip.cer", fails=True)
    text = openssl("crl", "-in", "full.crl", "-noout", "-text")
    assert "Key Compromise" in text
    assert formats.serial_text(certificate.serial_number) in text
