"""CSRs as participants make them, and everything else that they load in place of one."""

import base64
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certificates.pki.csr import MAX_BYTES, read_csr
from certificates.pki.refusals import (
    BadSignature,
    Malformed,
    MoreThanOne,
    NotACsr,
    Refusal,
    TooLarge,
    WeakKey,
    WrongFile,
)
from tests.certificates.pki.conftest import OpenSsl

NAME = "dip.superenergy.example"


@pytest.fixture
def pem(openssl: OpenSsl) -> bytes:
    """A good CSR."""
    openssl.key()
    return openssl.csr(NAME)


@pytest.mark.parametrize("kind", ["rsa:2048", "rsa:3072", "P-256", "P-384", "P-521"])
def test_keys_of_these_kinds_are_taken(openssl: OpenSsl, kind: str) -> None:
    openssl.key(kind=kind)

    csr = read_csr(openssl.csr(NAME, f"api.{NAME}"))

    assert csr.dns_names == (NAME, f"api.{NAME}")
    assert len(csr.key_fingerprint) == 64


@pytest.mark.parametrize("kind", ["rsa:1024", "secp256k1", "P-224", "ED25519"])
def test_keys_of_other_kinds_are_refused_with_what_to_do(openssl: OpenSsl, kind: str) -> None:
    openssl.key(kind=kind)

    with pytest.raises(WeakKey, match=r"Make a new key: RSA with at least 2048 bits"):
        read_csr(openssl.csr(NAME))


def test_a_key_with_a_tiny_exponent_is_refused(openssl: OpenSsl) -> None:
    exponent = ("-pkeyopt", "rsa_keygen_pubexp:3")
    openssl(
        "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", *exponent,
        "-out", "dip.key",
    )  # fmt: skip

    with pytest.raises(WeakKey, match="exponent"):
        read_csr(openssl.csr(NAME))


def test_a_csr_signed_with_sha1_is_refused(openssl: OpenSsl) -> None:
    openssl.key()

    with pytest.raises(WeakKey, match="-sha256"):
        read_csr(openssl.csr(NAME, options=("-sha1",)))


def test_a_csr_may_be_written_in_many_ways(openssl: OpenSsl, pem: bytes) -> None:
    openssl("req", "-in", "dip.csr", "-outform", "DER", "-out", "dip.der")
    body = pem.decode()
    ways = [
        openssl.read("dip.der"),
        pem.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + pem,
        body.encode("utf-16"),
        b"Certificate Request:\n    Data: ...\n" + pem + b"\n\n",
        pem.replace(b"BEGIN CERTIFICATE", b"BEGIN NEW CERTIFICATE").replace(
            b"END CERTIFICATE", b"END NEW CERTIFICATE"
        ),
    ]

    fingerprints = {read_csr(data).key_fingerprint for data in ways}

    assert len(fingerprints) == 1


def test_a_csr_without_names_can_be_read(openssl: OpenSsl) -> None:
    openssl.key()

    assert read_csr(openssl.csr()).dns_names == ()


def test_names_of_other_kinds_are_told(openssl: OpenSsl) -> None:
    openssl.key()
    extra = ("-addext", f"subjectAltName=DNS:{NAME},IP:192.0.2.1,email:a@{NAME}")

    openssl("req", "-new", "-key", "dip.key", "-subj", f"/CN={NAME}", "-out", "dip.csr", *extra)

    assert read_csr(openssl.read("dip.csr")).other_names == ("IPAddress", "RFC822Name")


def test_a_changed_csr_is_refused(pem: bytes) -> None:
    der = bytearray(base64.b64decode(b"".join(pem.splitlines()[1:-1])))
    place = bytes(der).index(b"Super Energy")
    der[place] = ord("D")

    with pytest.raises(BadSignature, match="not signed by the key in it"):
        read_csr(bytes(der))


def test_half_a_csr_is_refused(pem: bytes) -> None:
    with pytest.raises(Malformed, match="cut short"):
        read_csr(pem[: len(pem) // 2])


def test_two_csrs_in_one_file_are_refused(pem: bytes) -> None:
    with pytest.raises(MoreThanOne, match="one at a time"):
        read_csr(pem + pem)


def test_a_huge_file_is_refused(pem: bytes) -> None:
    with pytest.raises(TooLarge, match="32 KiB"):
        read_csr(pem + b" " * MAX_BYTES)


def wrong_files(openssl: OpenSsl) -> dict[str, bytes]:
    """Return what people load in place of a CSR."""
    openssl.key()
    openssl("req", "-x509", "-new", "-key", "dip.key", "-subj", f"/CN={NAME}", "-out", "dip.cer")
    openssl("rsa", "-in", "dip.key", "-traditional", "-out", "old.key")
    openssl("rsa", "-in", "dip.key", "-aes256", "-passout", "pass:x", "-out", "sealed.key")
    openssl("pkcs8", "-topk8", "-nocrypt", "-in", "dip.key", "-outform", "DER", "-out", "key.der")
    openssl(
        "pkcs8", "-topk8", "-passout", "pass:x", "-in", "dip.key", "-outform", "DER",
        "-out", "sealed.der",
    )  # fmt: skip
    openssl("rsa", "-in", "dip.key", "-pubout", "-out", "public.pem")
    openssl("x509", "-in", "dip.cer", "-outform", "DER", "-out", "cer.der")
    openssl("crl2pkcs7", "-nocrl", "-certfile", "dip.cer", "-out", "dip.p7b")
    openssl(
        "pkcs12", "-export", "-in", "dip.cer", "-inkey", "dip.key", "-passout", "pass:x",
        "-out", "dip.pfx",
    )  # fmt: skip
    names = ["dip.key", "old.key", "sealed.key", "key.der", "sealed.der", "dip.pfx"]
    names += ["dip.cer", "cer.der", "public.pem", "dip.p7b"]
    return {name: openssl.read(name) for name in names} | {
        "page.html": b"<!DOCTYPE html><html><body>Sign in</body></html>",
        "empty": b" \r\n",
        "csr.zip": b"PK\x03\x04 something",
        "openssh": b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blb\n-----END OPENSSH PRIVATE KEY-----",
    }


def test_a_wrong_file_is_named_and_a_private_key_counts_as_exposed(openssl: OpenSsl) -> None:
    refusals: dict[str, WrongFile] = {}
    for name, data in wrong_files(openssl).items():
        with pytest.raises(WrongFile) as refused:
            read_csr(data)
        refusals[name] = refused.value

    exposed = {name for name, refusal in refusals.items() if refusal.exposes_key}
    assert exposed == {
        *("dip.key", "old.key", "sealed.key", "key.der", "sealed.der", "dip.pfx", "openssh")
    }
    assert "treat it as exposed" in str(refusals["sealed.der"])
    assert "certificate (CER)" in str(refusals["cer.der"])
    assert "public key" in str(refusals["public.pem"])
    assert "P7B" in str(refusals["dip.p7b"])
    assert "web site" in str(refusals["page.html"])
    assert "empty" in str(refusals["empty"])
    assert "Unpack" in str(refusals["csr.zip"])


def test_a_csr_with_its_private_key_counts_as_exposed(openssl: OpenSsl, pem: bytes) -> None:
    with pytest.raises(WrongFile) as refused:
        read_csr(pem + openssl.read("dip.key"))

    assert refused.value.exposes_key


def test_other_bytes_are_no_csr() -> None:
    with pytest.raises(NotACsr, match="BEGIN CERTIFICATE REQUEST"):
        read_csr(b"hello")


@given(data=st.binary(max_size=600))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    with pytest.raises(Refusal):
        read_csr(data)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(draw=st.data())
def test_no_changed_byte_breaks_the_reader(draw: Any, good_csr: bytes) -> None:
    place = draw.draw(st.integers(0, len(good_csr) - 1))
    changed = bytearray(good_csr)
    changed[place] = draw.draw(st.integers(0, 255).filter(lambda byte: byte != changed[place]))

    with pytest.raises(Refusal):
        read_csr(bytes(changed))


@pytest.fixture(scope="module")
def good_csr(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A good CSR on P-256, as DER."""
    openssl = OpenSsl(tmp_path_factory.mktemp("openssl"))
    openssl.key(kind="P-256")
    openssl.csr(NAME, options=("-outform", "DER"))
    return openssl.read("dip.csr")
