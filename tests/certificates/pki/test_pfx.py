"""PFX files as OpenSSL makes them, the legacy ones of Windows too, and what is none."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates.pki import keys, pfx, pfx_child
from certificates.pki.pfx import MAX_BYTES, make_pfx, open_pfx
from certificates.pki.refusals import (
    Malformed,
    NoCertificate,
    NoPrivateKey,
    NotAPfx,
    Refusal,
    TooLarge,
    WeakKey,
    WrongFile,
    WrongPassword,
)
from tests.certificates.pki import hostile
from tests.certificates.pki.conftest import OpenSsl

PASSWORD = "Café 42"


class Merge:
    """Merges a certificate and its key with openssl."""

    def __init__(self, openssl: OpenSsl) -> None:
        self.openssl = openssl

    def __call__(self, *options: str, password: str = PASSWORD) -> bytes:
        words = ("pkcs12", "-export", "-in", "a.cer", "-passout", f"pass:{password}")
        key = () if "-nokeys" in options else ("-inkey", "dip.key")
        self.openssl(*words, *key, "-out", "a.pfx", *options)
        return self.openssl.read("a.pfx")


@pytest.fixture
def merge(openssl: OpenSsl) -> Merge:
    openssl.key()
    openssl("req", "-x509", "-new", "-key", "dip.key", "-subj", "/CN=dip.example", "-out", "a.cer")
    return Merge(openssl)


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("-legacy",),
        ("-certpbe", "PBE-SHA1-3DES", "-keypbe", "PBE-SHA1-3DES", "-macalg", "sha1"),
        ("-certpbe", "NONE"),
        ("-nomac",),
        ("-name", "Super Energy Co"),
    ],
)
def test_a_pfx_opens_however_it_is_protected(merge: Merge, options: tuple[str, ...]) -> None:
    opened = open_pfx(merge(*options), password=PASSWORD)

    assert opened.certificate.subject.rfc4514_string() == "CN=dip.example"
    assert keys.fingerprint(opened.private_key.public_key()) == keys.fingerprint(
        opened.certificate.public_key()
    )
    assert opened.key_pem.startswith(b"-----BEGIN PRIVATE KEY-----")


def test_further_certificates_come_along(merge: Merge) -> None:
    merge.openssl.key("ca.key")
    merge.openssl("req", "-x509", "-new", "-key", "ca.key", "-subj", "/CN=CA", "-out", "ca.cer")

    opened = open_pfx(merge("-certfile", "ca.cer"), password=PASSWORD)

    assert [one.subject.rfc4514_string() for one in opened.chain] == ["CN=CA"]


@pytest.mark.parametrize("password", ["", "wrong", "café 42"])
@pytest.mark.parametrize("options", [(), ("-legacy",), ("-nomac",)])
def test_a_wrong_password_is_said_to_be_wrong(
    merge: Merge, password: str, options: tuple[str, ...]
) -> None:
    with pytest.raises(WrongPassword, match="export password"):
        open_pfx(merge(*options), password=password)


def test_a_pfx_without_a_password_opens(merge: Merge) -> None:
    assert open_pfx(merge(password=""), password="").chain == ()


def test_a_pfx_without_a_key_is_refused(merge: Merge) -> None:
    with pytest.raises(NoPrivateKey, match="only certificates"):
        open_pfx(merge("-nokeys"), password=PASSWORD)


def test_a_pfx_without_a_certificate_is_refused(merge: Merge) -> None:
    merge.openssl(
        *("pkcs12", "-export", "-nocerts", "-inkey", "dip.key", "-out", "a.pfx"),
        *("-passout", f"pass:{PASSWORD}"),
    )

    with pytest.raises(NoCertificate, match="do not belong together"):
        open_pfx(merge.openssl.read("a.pfx"), password=PASSWORD)


def test_a_pfx_with_a_weak_key_is_refused(openssl: OpenSsl) -> None:
    openssl.key(kind="rsa:1024")
    openssl("req", "-x509", "-new", "-key", "dip.key", "-subj", "/CN=dip.example", "-out", "a.cer")

    with pytest.raises(WeakKey, match="1024 bits"):
        open_pfx(Merge(openssl)(), password=PASSWORD)


def test_other_files_are_named(merge: Merge) -> None:
    with pytest.raises(WrongFile, match="private key"):
        open_pfx(merge.openssl.read("dip.key"), password=PASSWORD)
    with pytest.raises(WrongFile, match="certificate"):
        open_pfx(merge.openssl.read("a.cer"), password=PASSWORD)
    with pytest.raises(NotAPfx, match="no PFX"):
        open_pfx(b"hello", password=PASSWORD)
    with pytest.raises(TooLarge, match="64 KiB"):
        open_pfx(merge() + b"\x00" * MAX_BYTES, password=PASSWORD)


def test_a_pfx_that_would_keep_us_busy_for_hours_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pfx, "CPU_SECONDS", 1)
    data = hostile.pfx_with_hidden_work(iterations=2**31 - 1, password=PASSWORD)

    with pytest.raises(Malformed, match="absurd amount of work"):
        open_pfx(data, password=PASSWORD)


def test_a_pfx_opens_whatever_its_random_bytes_look_like(merge: Merge) -> None:
    merge.openssl("req", "-x509", "-new", "-key", "dip.key", "-subj", "/CN=dip.example",
                  "-set_serial", "9000000", "-out", "a.cer")  # fmt: skip
    data = merge("-certpbe", "NONE", "-iter", "1000001")

    assert open_pfx(data, password=PASSWORD).certificate.serial_number == 9000000


def test_a_certificate_of_another_key_is_not_taken_for_the_keys_own(merge: Merge) -> None:
    merge.openssl.key("other.key", "P-256")
    words = ("pkcs12", "-export", "-nocerts", "-inkey", "other.key", "-certfile", "a.cer")
    merge.openssl(*words, "-passout", f"pass:{PASSWORD}", "-out", "a.pfx")

    with pytest.raises(NoCertificate, match="do not belong together"):
        open_pfx(merge.openssl.read("a.pfx"), password=PASSWORD)


@pytest.mark.parametrize("password", ["a\0b", "\udc80", "x" * 300])
def test_a_password_that_none_has_is_wrong(merge: Merge, password: str) -> None:
    with pytest.raises(WrongPassword):
        open_pfx(merge(), password=password)


def test_a_cut_pfx_is_refused(merge: Merge) -> None:
    with pytest.raises(Refusal):
        open_pfx(merge()[:-40], password=PASSWORD)


def test_a_pfx_made_here_opens_with_openssl(merge: Merge) -> None:
    opened = open_pfx(merge("-legacy"), password=PASSWORD)

    again = make_pfx(opened, password="other", name="DIP")

    merge.openssl.write("again.pfx", again)
    said = merge.openssl("pkcs12", "-in", "again.pfx", "-passin", "pass:other", "-info", "-nodes")
    assert "AES-256-CBC" in said
    assert "BEGIN PRIVATE KEY" in said
    assert open_pfx(again, password="other").certificate == opened.certificate


@settings(max_examples=20, deadline=None)
@given(body=st.binary(max_size=400))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    for data in (body, b"\x30\x82" + len(body).to_bytes(2, "big") + b"\x02\x01\x03" + body):
        with pytest.raises(Refusal):
            open_pfx(data, password=PASSWORD)


@pytest.fixture(scope="module")
def good_files(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """PFX files whose contents are looked at even when bytes in them have changed."""
    openssl = OpenSsl(tmp_path_factory.mktemp("openssl"))
    openssl.key(kind="P-256")
    openssl("req", "-x509", "-new", "-key", "dip.key", "-subj", "/CN=dip.example", "-out", "a.cer")
    merge = Merge(openssl)
    plain = ("-nomac", "-certpbe", "NONE")
    return [merge("-nomac"), merge(*plain), merge(*plain, "-keypbe", "NONE")]


@settings(max_examples=400, deadline=timedelta(seconds=2))
@given(draw=st.data())
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_no_changed_bytes_break_the_reader(draw: st.DataObject, good_files: list[bytes]) -> None:
    changed = bytearray(draw.draw(st.sampled_from(good_files)))
    for _ in range(draw.draw(st.integers(1, 3))):
        place = draw.draw(st.integers(0, len(changed) - 1))
        changed[place : place + draw.draw(st.integers(0, 2))] = draw.draw(st.binary(max_size=2))

    found = pfx_child.contents(bytes(changed), PASSWORD.encode())

    assert found.keys() in ({"error"}, {"key", "certificates"})
