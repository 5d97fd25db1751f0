"""The signature of a call: known answers, and what every change of a call is judged as."""

import base64
import csv
import subprocess
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from hypothesis import assume, given
from hypothesis import strategies as st

from channels import wire
from channels.wire import Signer, UrlForm
from tests.leaving_out import need_program

DATA = Path(__file__).parent.parent / "data" / "wire"
COLUMNS = ("name", "method", "url", "date", "body", "content_hash", "signature")
NOW = datetime(2025, 6, 27, 14, 29, 9, 61_999, tzinfo=UTC)
URL = "https://uit.dip.example/dip-channel/PUB-036/pubconfig/1494431682"
BODY = b'{"callbackURL":"https://hooks.superenergy.example/"}'


def known_answers() -> list[dict[str, str]]:
    with (DATA / "vectors.tsv").open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines, COLUMNS, delimiter="\t", quoting=csv.QUOTE_NONE))


def certificate_for(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "other.example")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=365))
        .sign(key, SHA256())
    )


def read_key() -> rsa.RSAPrivateKey:
    key = load_pem_private_key((DATA / "key.pem").read_bytes(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


CERTIFICATE = x509.load_pem_x509_certificate((DATA / "certificate.pem").read_bytes())
SIGNER = Signer(key=read_key(), certificate=CERTIFICATE)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = Signer(key=OTHER_KEY, certificate=certificate_for(OTHER_KEY))


def signed(
    method: str = "POST", url: str = URL, body: bytes = BODY, form: UrlForm = UrlForm.FULL
) -> dict[str, str]:
    return wire.sign(method=method, url=url, body=body, signer=SIGNER, now=NOW, form=form)


def judge(
    headers: dict[str, str],
    *,
    method: str = "POST",
    url: str = URL,
    body: bytes = BODY,
    now: datetime = NOW,
) -> wire.Verified:
    return wire.verify(method=method, url=url, body=body, headers=headers, now=now)


def pem_header(pem: bytes) -> str:
    return base64.b64encode(pem).decode()


# --- Known answers ----------------------------------------------------------------------


@pytest.mark.parametrize("answer", known_answers(), ids=lambda answer: answer["name"])
def test_openssl_computed_the_same(answer: dict[str, str]) -> None:
    host = "" if "://" in answer["url"] else "https://any.host.example:8443"
    made = wire.sign(
        method=answer["method"],
        url=host + answer["url"],
        body=answer["body"].encode(),
        signer=SIGNER,
        now=wire.parse_date(answer["date"]),
        form=UrlForm.PATH if host else UrlForm.FULL,
    )

    assert made[wire.CONTENT_HASH] == answer["content_hash"]
    assert made[wire.SIGNATURE] == answer["signature"]
    assert made[wire.DATE] == answer["date"]
    assert base64.b64decode(made[wire.CERTIFICATE]) == (DATA / "certificate.pem").read_bytes()


@pytest.mark.parametrize("answer", known_answers(), ids=lambda answer: answer["name"])
def test_what_openssl_signed_holds(answer: dict[str, str]) -> None:
    host = "" if "://" in answer["url"] else "https://any.host.example:8443"
    verified = wire.verify(
        method=answer["method"],
        url=host + answer["url"],
        body=answer["body"].encode(),
        headers={
            wire.SIGNATURE: answer["signature"],
            wire.DATE: answer["date"],
            wire.CONTENT_HASH: answer["content_hash"],
            wire.CERTIFICATE: pem_header((DATA / "certificate.pem").read_bytes()),
        },
        now=wire.parse_date(answer["date"]),
    )

    assert verified.certificate == CERTIFICATE
    assert verified.form == (UrlForm.PATH if host else UrlForm.FULL)
    assert verified.canonical.startswith(f"{answer['method']};{answer['url'].lower()};")


def test_the_known_answers_are_what_the_script_computes() -> None:
    need_program("openssl")
    with (DATA / "cases.tsv").open("rb") as cases:
        done = subprocess.run(
            ["sh", str(DATA / "make_vectors.sh")], stdin=cases, capture_output=True, check=True
        )

    assert done.stdout == (DATA / "vectors.tsv").read_bytes()


# --- What is signed ----------------------------------------------------------------------


def test_the_canonical_string_is_verb_url_date_and_hash() -> None:
    assert wire.canonical(
        method="post", url=URL, date="2025-06-27T14:29:09.061Z", content_hash="AbC="
    ) == (
        "POST;https://uit.dip.example/dip-channel/pub-036/pubconfig/1494431682;"
        "2025-06-27T14:29:09.061Z;AbC="
    )


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://a.example/b/C?d=e", "/b/C?d=e"),
        ("https://a.example:8443/b", "/b"),
        ("https://a.example", "/"),
        ("https://a.example/", "/"),
        ("https://a.example?x=1", "/?x=1"),
        ("https://a.example/b?to=https://c.example/d", "/b?to=https://c.example/d"),
    ],
)
def test_the_path_is_what_follows_the_host(url: str, path: str) -> None:
    assert wire.path_of(url) == path


@given(st.datetimes(min_value=NOW.replace(year=1970, tzinfo=None)))
def test_a_date_is_written_in_utc_and_read_back_to_the_millisecond(moment: datetime) -> None:
    here = moment.replace(tzinfo=timezone(timedelta(hours=1)))  # never beyond the year 9999

    read = wire.parse_date(wire.format_date(here))

    assert timedelta() <= here - read < timedelta(milliseconds=1)
    assert read.tzinfo == UTC


@pytest.mark.parametrize(
    "text",
    [
        "2025-06-27T14:29:09Z",
        "2025-06-27T14:29:09.06Z",
        "2025-06-27T14:29:09.061234Z",
        "2025-06-27T14:29:09.061+00:00",
        "2025-06-27 14:29:09.061Z",
        "2025-06-27T14:29:09.061z",
        "2025-02-29T14:29:09.061Z",
        "2025-06-27T24:30:09.061Z",
        "２０２５-06-27T14:29:09.061Z",
        "0000-01-01T00:00:00.000Z",
        "now",
    ],
)
def test_another_form_of_date_is_refused(text: str) -> None:
    with pytest.raises(wire.UnreadableDate, match=r"2025-06-27T14:29:09\.061Z"):
        wire.parse_date(text)


# --- What holds ---------------------------------------------------------------------------

METHODS = st.sampled_from(["GET", "POST", "DELETE", "PUT", "PATCH"])
PATHS = st.lists(
    st.text(st.characters(codec="ascii", categories=["Lu", "Ll", "Nd"]), max_size=12), max_size=4
)
URLS = st.builds(
    lambda host, port, path, query: (
        f"https://{host}.example{port}/{'/'.join(path)}{'?' + query if query else ''}"
    ),
    st.sampled_from(["uit", "UIT", "prod"]),
    st.sampled_from(["", ":443", ":8443"]),
    PATHS,
    st.sampled_from(["", "requeue-id=7", "a=b&C=D%2F"]),
)
BODIES = st.binary(max_size=200)


@given(METHODS, URLS, BODIES, st.sampled_from(UrlForm))
def test_what_was_signed_holds_and_says_which_form(
    method: str, url: str, body: bytes, form: UrlForm
) -> None:
    headers = wire.sign(method=method, url=url, body=body, signer=SIGNER, now=NOW, form=form)

    verified = judge(headers, method=method, url=url, body=body)

    assert verified.form == form
    assert verified.certificate == CERTIFICATE
    assert verified.signed_at == NOW.replace(microsecond=61_000)


@given(st.permutations(wire.HEADERS), st.sampled_from([str.lower, str.upper, str.title]))
def test_neither_order_nor_case_of_the_headers_counts(names: list[str], case: object) -> None:
    assert callable(case)
    headers = signed()

    assert judge({case(name): f" {headers[name]} " for name in names})


@given(URLS)
def test_the_case_of_the_url_does_not_count(url: str) -> None:
    headers = signed(url=url)

    assert judge(headers, url=url.swapcase())


@given(st.sampled_from([UrlForm.FULL, UrlForm.PATH]))
def test_another_host_in_front_of_the_same_path_holds_for_the_path_alone(form: UrlForm) -> None:
    headers = signed(form=form)
    elsewhere = URL.replace("uit.dip.example", "10.0.0.7:8443")

    if form == UrlForm.PATH:
        assert judge(headers, url=elsewhere).form == form
    else:
        with pytest.raises(wire.WrongSignature):
            judge(headers, url=elsewhere)


@pytest.mark.parametrize("hashed", [b"", b"{}"])
def test_without_a_body_the_hash_of_nothing_and_of_an_empty_object_hold(hashed: bytes) -> None:
    assert judge(signed("DELETE", body=hashed), method="DELETE", body=b"")


def test_with_a_body_the_hash_of_nothing_does_not_hold() -> None:
    with pytest.raises(wire.WrongContentHash):
        judge(signed(body=b""), body=b"{}")


def test_the_same_call_once_more_has_the_same_signature() -> None:
    assert judge(signed()).signature == judge(signed()).signature


def test_who_has_no_certificate_yet_sends_none() -> None:
    headers = wire.sign(method="POST", url=URL, body=BODY, signer=Signer(key=SIGNER.key), now=NOW)

    assert wire.CERTIFICATE not in headers
    with pytest.raises(wire.MissingHeader, match=wire.CERTIFICATE):
        judge(headers)


# --- What does not ------------------------------------------------------------------------


@given(METHODS, METHODS)
def test_another_verb_is_a_wrong_signature(one: str, other: str) -> None:
    assume(one != other)
    with pytest.raises(wire.WrongSignature) as refused:
        judge(signed(one), method=other)

    assert refused.value.canonical[UrlForm.FULL].startswith(f"{other};https://uit.dip.example/")
    assert refused.value.canonical[UrlForm.PATH].startswith(f"{other};/dip-channel/")


@given(URLS, URLS, st.sampled_from(UrlForm))
def test_another_url_is_a_wrong_signature(one: str, other: str, form: UrlForm) -> None:
    assume(wire.path_of(one).lower() != wire.path_of(other).lower())
    with pytest.raises(wire.WrongSignature):
        judge(signed(url=one, form=form), url=other)


@given(BODIES, BODIES)
def test_another_body_is_a_wrong_hash(one: bytes, other: bytes) -> None:
    assume(one != other and not (one in wire.EMPTY_BODIES and not other))
    with pytest.raises(wire.WrongContentHash) as refused:
        judge(signed(body=one), body=other)

    assert wire.content_hash(other) in str(refused.value)
    assert refused.value.canonical[UrlForm.FULL].endswith(wire.content_hash(other))


@given(BODIES, BODIES)
def test_another_body_with_its_own_hash_is_a_wrong_signature(one: bytes, other: bytes) -> None:
    assume(one != other)
    headers = signed(body=one) | {wire.CONTENT_HASH: wire.content_hash(other)}

    with pytest.raises(wire.WrongSignature):
        judge(headers, body=other)


@given(st.integers(min_value=-299_000, max_value=299_000).filter(bool))
def test_another_date_within_the_window_is_a_wrong_signature(milliseconds: int) -> None:
    headers = signed()
    headers[wire.DATE] = wire.format_date(NOW + timedelta(milliseconds=milliseconds))

    with pytest.raises(wire.WrongSignature):
        judge(headers)


@given(st.integers(min_value=-(10**9), max_value=10**9))
def test_a_date_holds_within_the_window_alone(milliseconds: int) -> None:
    headers = signed()
    signed_at = wire.parse_date(headers[wire.DATE])
    now = signed_at + timedelta(milliseconds=milliseconds)

    if abs(milliseconds) <= 300_000:
        assert judge(headers, now=now)
    else:
        with pytest.raises(wire.DateOutsideWindow) as refused:
            judge(headers, now=now)
        assert refused.value.off == signed_at - now
        assert ("behind" if milliseconds > 0 else "ahead of") in str(refused.value)


def test_the_window_is_the_callers_to_choose() -> None:
    later = NOW + timedelta(minutes=20)

    assert wire.verify(
        method="POST", url=URL, body=BODY, headers=signed(), now=later, window=timedelta(hours=1)
    )


def test_another_certificate_is_a_wrong_signature() -> None:
    assert OTHER.certificate is not None
    pem = OTHER.certificate.public_bytes(Encoding.PEM)

    with pytest.raises(wire.WrongSignature):
        judge(signed() | {wire.CERTIFICATE: pem_header(pem)})


@given(st.integers(min_value=0, max_value=255), st.integers(min_value=1, max_value=255))
def test_any_change_of_the_signature_is_a_wrong_signature(place: int, change: int) -> None:
    headers = signed()
    raw = bytearray(base64.b64decode(headers[wire.SIGNATURE]))
    raw[place] ^= change
    headers[wire.SIGNATURE] = base64.b64encode(raw).decode()

    with pytest.raises(wire.WrongSignature):
        judge(headers)


@pytest.mark.parametrize("name", wire.HEADERS)
def test_each_header_is_needed(name: str) -> None:
    headers = signed()

    for without in ({**headers, name: "  "}, {k: v for k, v in headers.items() if k != name}):
        with pytest.raises(wire.MissingHeader, match=f"no {name}:"):
            judge(without)


@pytest.mark.parametrize("name", wire.HEADERS)
@pytest.mark.parametrize("value", ["A" * 20_000, "é"])
def test_a_header_that_is_too_long_or_not_ascii_is_refused(name: str, value: str) -> None:
    with pytest.raises(wire.UnusableHeader, match=name):
        judge(signed() | {name: value})


@given(st.sampled_from(wire.HEADERS), st.text(st.characters(codec="latin-1"), max_size=60))
def test_no_header_brings_it_down(name: str, value: str) -> None:
    headers = signed()
    assume(value.strip() != headers[name])

    with pytest.raises(wire.SignatureRefused):
        judge(headers | {name: value})


@pytest.mark.parametrize(
    "value",
    [
        CERTIFICATE.public_bytes(Encoding.PEM).decode().replace("\n", ""),
        base64.b64encode(CERTIFICATE.public_bytes(Encoding.DER)).decode(),
        pem_header(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        pem_header(b""),
        "not base64!",
    ],
)
def test_what_is_no_certificate_in_pem_is_refused(value: str) -> None:
    with pytest.raises(wire.SignatureRefused) as refused:
        judge(signed() | {wire.CERTIFICATE: value})

    assert refused.value.code in ("unreadable_certificate", "missing_header")


def test_a_private_key_in_the_header_is_refused_and_the_text_says_what_to_do() -> None:
    both = (DATA / "certificate.pem").read_bytes() + (DATA / "key.pem").read_bytes()

    with pytest.raises(wire.UnreadableCertificate, match="revoke") as refused:
        judge(signed() | {wire.CERTIFICATE: pem_header(both)})
    assert "MII" not in str(refused.value)


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(public_exponent=65537, key_size=1024),
        ec.generate_private_key(ec.SECP256R1()),
    ],
    ids=["RSA 1024", "EC"],
)
def test_a_key_that_cannot_sign_calls_is_refused(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
) -> None:
    pem = certificate_for(key).public_bytes(Encoding.PEM)

    with pytest.raises(wire.UnusableKey, match="RSA"):
        judge(signed() | {wire.CERTIFICATE: pem_header(pem)})


def test_a_signature_that_is_not_base64_is_refused() -> None:
    url_safe = signed()[wire.SIGNATURE].replace("/", "_").replace("+", "-")
    assert url_safe != signed()[wire.SIGNATURE]

    with pytest.raises(wire.UnreadableSignature):
        judge(signed() | {wire.SIGNATURE: url_safe})


def test_every_refusal_has_a_code_of_its_own() -> None:
    codes = [one.code for one in wire.SignatureRefused.__subclasses__()]

    assert len(codes) == len(set(codes)) == 9
