"""The signature of an extract, and of a request to the other environment."""

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OctKey, OKPKey

from promotion import document, signing
from promotion.signing import NoTrustedKey, UnableToVerify
from tests.promotion import setups
from tests.promotion.setups import MOMENT


@pytest.fixture
def file(uit: None, settings: Any) -> bytes:
    """An extract that UIT signed, in Production, where UIT's key is pinned."""
    call_command("publish_key")
    signed = signing.sign(document.to_bytes(setups.extract()))
    settings.DIP_ENVIRONMENT = "production"
    settings.SIGNING_KEY_FILE = settings.SIGNING_KEY_FILE.with_name("production.jwk.json")
    return signed


def parts(file: bytes) -> dict[str, str]:
    content: dict[str, str] = json.loads(file)
    return content


def test_what_uit_signed_verifies_in_production(file: bytes) -> None:
    assert signing.verify(file, environment="uit") == document.to_bytes(setups.extract())


def test_the_same_document_is_signed_the_same_way(uit: None) -> None:
    assert signing.sign(b"{}") == signing.sign(b"{}")


def test_any_jose_library_can_verify_it(file: bytes, settings: Any) -> None:
    key = OKPKey.import_key(json.loads((settings.TRUSTED_KEYS_DIR / "uit.jwk.json").read_text()))

    signed: Any = json.loads(file)
    checked = jws.deserialize_json(signed, key, algorithms=["Ed25519"])

    assert checked.payload == document.to_bytes(setups.extract())
    assert checked.headers()["typ"] == "dip-company-setup+json"


def test_the_published_key_has_no_private_part(uit: None, settings: Any) -> None:
    call_command("publish_key")

    published = json.loads((settings.TRUSTED_KEYS_DIR / "uit.jwk.json").read_text())

    assert "d" not in published
    assert published["kty"] == "OKP"
    assert settings.SIGNING_KEY_FILE.stat().st_mode & 0o077 == 0


def test_without_a_pinned_key_nothing_verifies(file: bytes, settings: Any) -> None:
    (settings.TRUSTED_KEYS_DIR / "uit.jwk.json").unlink()

    with pytest.raises(NoTrustedKey, match="No public key of UIT is pinned"):
        signing.verify(file, environment="uit")


def test_a_pinned_file_that_is_no_key_is_told(file: bytes, settings: Any) -> None:
    (settings.TRUSTED_KEYS_DIR / "uit.jwk.json").write_text("{}")

    with pytest.raises(NoTrustedKey, match="is not a JWK"):
        signing.verify(file, environment="uit")


def test_what_somebody_else_signed_is_refused(file: bytes) -> None:
    own = signing.sign(document.to_bytes(setups.extract()))  # Production's key

    with pytest.raises(UnableToVerify, match="not that of the key pinned for UIT"):
        signing.verify(own, environment="uit")


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def unsigned(file: bytes) -> dict[str, Any]:
    return {**parts(file), "protected": encoded('{"alg":"none"}'), "signature": ""}


def signed_with_the_public_key(file: bytes, folder: Path) -> dict[str, Any]:
    """Use the public key as a shared secret, as if the algorithm were the sender's choice."""
    key = OctKey.import_key((folder / "uit.jwk.json").read_text())
    return dict(
        jws.serialize_json(
            {"protected": {"alg": "HS256", "typ": signing.EXTRACT_TYPE}},
            signing.payload_of(file),
            key,
            algorithms=["HS256"],
        )
    )


def with_its_own_key(file: bytes) -> dict[str, Any]:
    key = OKPKey.generate_key("Ed25519")
    header = {"alg": "Ed25519", "typ": signing.EXTRACT_TYPE, "jwk": key.as_dict(private=False)}
    return dict(
        jws.serialize_json(
            {"protected": header}, signing.payload_of(file), key, algorithms=["Ed25519"]
        )
    )


def of_another_type(file: bytes) -> dict[str, Any]:
    """Sign with UIT's own key, but as something that is no extract."""
    return {**parts(file), "protected": encoded('{"alg":"Ed25519","typ":"other"}')}


@pytest.mark.parametrize("forge", [unsigned, with_its_own_key, of_another_type])
def test_forgeries_are_refused(file: bytes, forge: Any) -> None:
    with pytest.raises(UnableToVerify):
        signing.verify(json.dumps(forge(file)).encode(), environment="uit")


def test_the_public_key_is_no_shared_secret(file: bytes, settings: Any) -> None:
    forged = signed_with_the_public_key(file, settings.TRUSTED_KEYS_DIR)

    with pytest.raises(UnableToVerify):
        signing.verify(json.dumps(forged).encode(), environment="uit")


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04zip", b"\x1f\x8bgzip", b"null", b"[]", b"{}", b'{"payload":1}', b"[" * 50_000,
     b'{"payload":"","protected":"","signature":"","header":"x"}',
     b'{"payload":"!!","protected":"e30","signature":""}',
     "{\"payload\":\"ü\",\"protected\":\"e30\",\"signature\":\"\"}".encode()],
)  # fmt: skip
def test_what_is_no_signed_extract_is_refused(file: bytes, content: bytes) -> None:
    with pytest.raises(UnableToVerify):
        signing.verify(content, environment="uit")


@hypothesis_settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_tampered_file_is_refused_or_has_the_same_document(
    file: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(file) - 1))
    tampered = file[:at] + data.draw(st.binary(min_size=1, max_size=3)) + file[at + 1 :]
    try:
        payload = signing.verify(tampered, environment="uit")
    except UnableToVerify:
        return
    assert payload == document.to_bytes(setups.extract())


PATH = "/service/promotion/v1/candidates/"


@pytest.fixture
def token(production: None, settings: Any) -> str:
    """A request that Production signed, in UIT, where Production's key is pinned."""
    call_command("publish_key")
    signed = signing.sign_request(audience="uit", path=PATH, now=MOMENT)
    settings.DIP_ENVIRONMENT = "uit"
    settings.SIGNING_KEY_FILE = settings.SIGNING_KEY_FILE.with_name("uit.jwk.json")
    return signed


def verify(token: str, *, path: str = PATH, later: int = 0) -> None:
    signing.verify_request(
        token, issuer="production", path=path, now=MOMENT + timedelta(seconds=later)
    )


def test_a_request_signed_just_now_is_accepted(token: str) -> None:
    verify(token, later=5)


@pytest.mark.parametrize("later", [-31, 91, 86_400])
def test_a_request_of_another_time_is_refused(token: str, later: int) -> None:
    with pytest.raises(UnableToVerify, match="not signed just now"):
        verify(token, later=later)


def test_a_request_opens_one_path_only(token: str) -> None:
    with pytest.raises(UnableToVerify, match="for something else"):
        verify(token, path="/service/promotion/v1/extracts/")


@pytest.mark.parametrize("token_", ["", "x", "a.b.c", "e30.e30."])
def test_a_request_that_is_not_signed_is_refused(token: str, token_: str) -> None:
    with pytest.raises(UnableToVerify, match="not signed by the other"):
        verify(token_)


def test_an_extract_is_no_request(token: str, settings: Any) -> None:
    settings.SIGNING_KEY_FILE = settings.SIGNING_KEY_FILE.with_name("signing-key.jwk.json")
    signed = parts(signing.sign(b"{}"))
    compact = f"{signed['protected']}.{signed['payload']}.{signed['signature']}"

    with pytest.raises(UnableToVerify):
        verify(compact)
