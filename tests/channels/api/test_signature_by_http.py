"""Whatever is changed of a signed call on its way, it is judged as specified."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels import wire
from organisations.models import DipId
from tests.channels.api.calling import BODY, HOST, Machine, code_of, pubconfig

pytestmark = pytest.mark.django_db
VERBS = ["POST", "DELETE"]
ASCII = st.text(st.characters(codec="ascii"), min_size=1)
many: Callable[..., Any] = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(autouse=True)
def _no_limits(settings: Any) -> None:
    settings.API_CALLS_PER_ADDRESS = settings.API_CALLS_PER_DIP_ID = 1_000_000


@many
@given(
    method=st.sampled_from(["POST", "DELETE"]), signed=st.sampled_from(["POST", "DELETE", "PUT"])
)
def test_the_verb(machine: Machine, supplier: DipId, method: str, signed: str) -> None:
    answer = machine.call(method, pubconfig(supplier), BODY, signed_as={"method": signed})

    if method == signed:
        assert answer.status_code in (201, 204)
    else:
        assert code_of(answer) == (401, "wrong_signature")


@many
@given(tail=st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=5))
def test_the_url(machine: Machine, supplier: DipId, tail: str) -> None:
    path = pubconfig(supplier)
    for url in (f"https://{HOST}{path}{tail}", f"https://{HOST}{path.upper()}{tail}"):
        answer = machine.call("POST", path, BODY, signed_as={"url": url})
        if tail:
            assert code_of(answer) == (401, "wrong_signature")
        else:
            assert answer.status_code == 201


@many
@given(milliseconds=st.integers(-900_000, 900_000))
def test_the_date(machine: Machine, supplier: DipId, milliseconds: int) -> None:
    when = timezone.now() + timedelta(milliseconds=milliseconds)
    answer = machine.call("POST", pubconfig(supplier), BODY, now=when)

    if abs(milliseconds) < 290_000:
        assert answer.status_code in (201, 401)  # a date drawn twice is a replay
    elif abs(milliseconds) > 310_000:
        assert code_of(answer) == (401, "date_outside_window")


@many
@given(body=st.binary(min_size=1, max_size=60))
def test_the_body(machine: Machine, supplier: DipId, body: bytes) -> None:
    answer = machine.call("POST", pubconfig(supplier), body, signed_as={"body": body + b" "})

    assert code_of(answer) == (401, "wrong_content_hash")


@many
@given(
    header=st.sampled_from(wire.HEADERS), value=st.text(st.characters(codec="ascii"), min_size=1)
)
def test_any_header(machine: Machine, supplier: DipId, header: str, value: str) -> None:
    clean = "".join(it for it in value if it.isprintable()) or "x"
    answer = machine.call("POST", pubconfig(supplier), BODY, headers={header: clean})

    assert answer.status_code == 401
    assert code_of(answer)[1] in {
        "missing_header", "unreadable_date", "wrong_content_hash", "unreadable_certificate",
        "unreadable_signature", "wrong_signature",
    }  # fmt: skip


@many
@given(order=st.permutations(wire.HEADERS))
def test_the_order_of_headers_is_nothing(
    machine: Machine, supplier: DipId, order: list[str]
) -> None:
    assert machine.signer is not None
    signed = wire.sign(
        method="POST",
        url=f"https://{HOST}{pubconfig(supplier)}",
        body=b"",
        signer=wire.Signer(key=machine.signer.key, certificate=machine.signer.certificate),
        now=timezone.now(),
    )
    answer = machine.but(signer=None).call(
        "POST", pubconfig(supplier), headers={name: signed[name] for name in order}
    )

    assert code_of(answer)[1] in ("invalid_fields", "replayed_signature")  # past the signature
