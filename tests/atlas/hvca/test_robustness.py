"""Whatever comes in, what goes out is JSON with a sentence, and nothing is kept."""

import json
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import pytest
from django.db import OperationalError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certificates.atlas.hvca import orders
from certificates.atlas.hvca.bodies import Body
from certificates.atlas.hvca.problems import Invalid
from certificates.atlas.models import Certificate, DomainClaim
from tests.atlas import factories
from tests.atlas.hvca.conftest import Hvca

slow = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
# Fields that are there, with values of any kind in them.
fields = st.sampled_from(
    [*orders.FIELDS, "revocation_reason", "revocation_time", "authorization_domain", "scheme",
     "email_address", "api_key", "api_secret"]
)  # fmt: skip
inner_fields = st.sampled_from(
    ["common_name", "organization", "dns_names", "emails", "not_before", "not_after", "algorithm",
     "digital_signature", "content_commitment"]
)  # fmt: skip
objects = st.dictionaries(fields, values | st.dictionaries(inner_fields, values, max_size=4))
bodies = st.binary(max_size=200) | objects.map(lambda body: json.dumps(body).encode())
POSTS = [
    ("post", "login"), ("post", "certificates"), ("patch", "certificates/{serial}"),
    ("post", "certificates/{serial}/rekey"), ("post", "claims/domains/{claim}/http"),
    ("post", "claims/domains/{claim}/email"),
]  # fmt: skip


def _is_told(answer: Any) -> None:
    assert 400 <= answer.status_code < 500, answer.content
    assert answer["Content-Type"].startswith("application/problem+json")
    text = answer.json()["description"]
    assert text
    assert "Traceback" not in text


@pytest.mark.parametrize(("method", "path"), POSTS)
@slow
@given(body=bodies)
def test_bodies(hvca: Hvca, method: str, path: str, body: bytes) -> None:
    claim = DomainClaim.objects.get()
    made = Certificate.objects.filter(credential=hvca.new.credential).first()
    if made is None:
        order = {"public_key": factories.csr_pem("dip.superenergy.example").decode()}
        assert hvca.call("post", "certificates", order).status_code == 201
        made = Certificate.objects.get(credential=hvca.new.credential)
    counted = Certificate.objects.count()

    answer = hvca.call(method, path.format(serial=made.serial, claim=claim.reference), body)

    if path.endswith("/http") and answer.status_code == 201:
        return  # every field of it may be left out
    if answer.status_code == 429:
        return  # many log-ins
    _is_told(answer)
    assert Certificate.objects.count() == counted
    made.refresh_from_db()
    assert not made.is_revoked


@slow
@given(data=st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8")))
def test_csrs(hvca: Hvca, data: bytes) -> None:
    _is_told(hvca.call("post", "certificates", {"public_key": data.decode("latin-1")}))


@slow
@given(cut=st.integers(0, 500), value=st.integers(0, 255))
def test_damaged_csrs(hvca: Hvca, cut: int, value: int) -> None:
    data = bytearray(CSR)
    data[cut % len(data)] = value

    answer = hvca.call("post", "certificates", {"public_key": data.decode("latin-1")})

    if bytes(data) != CSR and answer.status_code != 201:  # white space may change
        _is_told(answer)


CSR = factories.csr_pem("dip.superenergy.example")


@slow
@given(path=st.text(min_size=1, max_size=60), method=st.sampled_from(["get", "post", "delete"]))
def test_paths(hvca: Hvca, path: str, method: str) -> None:
    answer = hvca.call(method, quote(path, safe="/", errors="replace"))

    assert answer.status_code < 500
    assert answer["Content-Type"].startswith("application/")


@pytest.mark.parametrize("path", ["", "nothing", "certificates/xyz", "claims", "login/x", "stats"])
def test_a_path_that_is_not_there(hvca: Hvca, path: str) -> None:
    answer = hvca.call("get", path)

    assert answer.status_code == 404
    _is_told(answer)


@pytest.mark.parametrize("method", ["put", "options", "head", "patch", "delete"])
def test_a_method_that_is_not_taken(hvca: Hvca, method: str) -> None:
    answer = getattr(hvca.browser, method)("/v2/trustchain")

    assert answer.status_code == 405
    assert answer["Allow"] == "GET"


def test_slashes_at_the_end_are_taken(hvca: Hvca) -> None:
    for path in ("trustchain/", "validationpolicy/", "claims/domains/", "quotas/issuance/"):
        assert hvca.call("get", path).status_code == 200


def test_a_large_body_is_refused(hvca: Hvca) -> None:
    body = {"public_key": "x" * 70_000}

    assert hvca.call("post", "certificates", body).status_code == 413


@pytest.mark.parametrize(
    ("error", "status", "retry_after"), [(RuntimeError, 500, None), (OperationalError, 503, "10")]
)
def test_our_own_mistakes_and_outages_show_nothing(
    hvca: Hvca,
    monkeypatch: Any,
    caplog: Any,
    error: type[Exception],
    status: int,
    retry_after: str | None,
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise error("the secret of the house")

    monkeypatch.setattr(orders, "read_order", fail)

    answer = hvca.call("post", "certificates", {"public_key": "x"})

    assert (answer.status_code, answer.headers.get("Retry-After")) == (status, retry_after)
    assert "secret" not in answer.content.decode()
    assert "the secret of the house" in caplog.text


@given(values=st.dictionaries(st.text(max_size=5), values, max_size=5), field=st.text(max_size=5))
def test_fields_are_read_or_refused(values: dict[str, Any], field: str) -> None:
    body = Body(values)
    for read in (body.text, body.texts, body.truth, body.moment, body.object, body.items):
        with suppress(Invalid):
            read(field)
