"""Whatever is uploaded, a page says what is wrong with it, and nothing has changed."""

import copy
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OKPKey

from audit.models import Event
from organisations.models import Organisation
from promotion import document, signing
from promotion.models import Import
from tests.promotion import setups

pytestmark = pytest.mark.django_db
UPLOAD = "/admin/promotion/imports/upload/"
HOSTILE_TEXTS = [
    "",
    " ",
    "\u202eevil",
    "a\u0000b",
    "zero\u200bwidth",
    "\ue000",
    "x" * 5000,
    "\ufffe",
]


@pytest.fixture
def good(be: Callable[[str], None], signed: Callable[..., bytes]) -> bytes:
    """An extract that would be taken; the test is in Production."""
    be("production")
    return signed(setups.setup(nomination=setups.nomination()))


@pytest.fixture
def sign_as_uit(be: Callable[[str], None]) -> Callable[[bytes], bytes]:
    """Sign whatever is given with UIT's own key, as if UIT had gone wrong."""

    def sign(content: bytes) -> bytes:
        be("uit")
        file = signing.sign(content)
        be("production")
        return file

    return sign


def assert_refused(client: Client, content: bytes) -> None:
    """Upload it: the page must say why it is refused, and nothing may have changed."""
    file = io.BytesIO(content)
    file.name = "extract.json"
    events = Event.objects.count()
    answer = client.post(UPLOAD, {"extracts": file})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "refused" in text or "This file is empty" in text
    assert "Traceback" not in text
    assert not Import.objects.exists()
    assert not Organisation.objects.exists()
    assert Event.objects.count() == events


def many(examples: int) -> Callable[..., Any]:
    return hypothesis_settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )


@many(40)
@given(data=st.data())
def test_a_truncated_extract(good: bytes, dana_client: Client, data: st.DataObject) -> None:
    assert_refused(dana_client, good[: data.draw(st.integers(0, len(good) - 3))])


@many(60)
@given(data=st.data())
def test_a_tampered_document(good: bytes, dana_client: Client, data: st.DataObject) -> None:
    parts = json.loads(good)
    name = data.draw(st.sampled_from(["payload", "protected", "signature"]))
    at = data.draw(st.integers(0, len(parts[name]) - 3))
    letter = data.draw(st.sampled_from("ABCxyz019-_"))
    changed = parts[name][:at] + letter + parts[name][at + 1 :]
    if changed != parts[name]:
        assert_refused(dana_client, json.dumps({**parts, name: changed}).encode())


def test_an_extract_signed_again_by_somebody_else(good: bytes, dana_client: Client) -> None:
    key = OKPKey.generate_key("Ed25519")
    header = {"alg": "Ed25519", "typ": signing.EXTRACT_TYPE, "kid": key.thumbprint()}
    again = jws.serialize_json(
        {"protected": header}, signing.payload_of(good), key, algorithms=["Ed25519"]
    )

    assert_refused(dana_client, json.dumps(again).encode())


def zipped(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("extract.json", content)
    return buffer.getvalue()


def test_what_is_packed_is_never_unpacked(good: bytes, dana_client: Client) -> None:
    for packed in (zipped(good), gzip.compress(good), gzip.compress(b"0" * 30_000_000)):
        assert_refused(dana_client, packed)


def test_a_huge_file(good: bytes, dana_client: Client, settings: Any) -> None:
    settings.EXTRACT_MAX_BYTES = 100_000

    assert_refused(dana_client, good + b" " * 100_000)
    assert_refused(dana_client, b'{"payload": "' + b"A" * 200_000 + b'"}')


def test_a_deep_or_broken_json(good: bytes, dana_client: Client) -> None:
    for content in (b"[" * 90_000, b'{"a":' * 50_000, b"\xff\xfe\x00", b"null", b'"\\ud800"'):
        assert_refused(dana_client, content)


def places(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value in a JSON document."""
    if not isinstance(content, dict | list):
        return [path]
    inner = content.items() if isinstance(content, dict) else enumerate(content)
    return [path, *(place for key, it in inner for place in places(it, (*path, key)))]


ODD: st.SearchStrategy[Any] = (
    st.sampled_from(HOSTILE_TEXTS) | st.none() | st.integers() | st.booleans() | st.just([{}])
)


@many(80)
@given(data=st.data(), odd=ODD)
def test_a_document_of_a_wrong_schema_though_uit_signed_it(
    good: bytes,
    sign_as_uit: Callable[[bytes], bytes],
    dana_client: Client,
    data: st.DataObject,
    odd: Any,
) -> None:
    original = json.loads(signing.payload_of(good))
    changed = copy.deepcopy(original)
    *path, last = data.draw(st.sampled_from(places(original)[1:]))
    target = changed
    for key in path:
        target = target[key]
    target[last] = odd
    content = json.dumps(changed, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )
    if changed == original:
        return

    assert_refused(dana_client, sign_as_uit(content))


@many(30)
@given(text=st.text(min_size=1, max_size=50))
def test_a_name_of_any_text_is_refused_or_shown_as_it_is(
    good: bytes,
    signed: Callable[..., bytes],
    dana_client: Client,
    text: str,
) -> None:
    try:
        file = signed(setups.setup(name=text))
    except ValueError:  # UIT itself would not extract it
        return
    upload = io.BytesIO(file)
    upload.name = "extract.json"

    answer = dana_client.post(UPLOAD, {"extracts": upload}, follow=True)

    assert answer.status_code == 200
    assert Import.objects.get().company_name == text
    Import.objects.all().delete()


def test_a_document_that_is_right_is_taken_all_the_same(good: bytes, dana_client: Client) -> None:
    """The tests above would pass if every upload were refused: make sure that it is not."""
    file = io.BytesIO(good)
    file.name = "extract.json"

    assert dana_client.post(UPLOAD, {"extracts": file}).status_code == 302
    assert document.read(signing.payload_of(Import.objects.get().file.encode()))
