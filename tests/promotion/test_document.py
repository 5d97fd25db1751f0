"""The extract's format: canonical bytes, a published schema, and no taking of anything else."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from organisations.roles import DcpStatus, DipRoleCode
from promotion import document
from promotion.document import UnableToRead
from tests.promotion import setups

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_same_setup_gives_the_same_bytes() -> None:
    assert document.to_bytes(setups.setup()) == document.to_bytes(setups.setup())
    assert document.to_bytes(setups.extract()) == document.to_bytes(setups.extract())


def test_what_is_written_can_be_read() -> None:
    child = setups.company("07654321", name="Little Süper Ltd", mpids=[])
    written = setups.extract(setups.setup(child, nomination=setups.nomination()))

    assert document.read(document.to_bytes(written)) == written


def test_a_document_keeps_to_the_published_schema() -> None:
    schema = json.loads((ROOT / "docs/extract-format.schema.json").read_text())

    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    validator.validate(json.loads(document.to_bytes(setups.extract())))
    spoilt = json.loads(document.to_bytes(setups.extract()))
    spoilt["setup"]["company"]["users"] = []
    assert not validator.is_valid(spoilt)


def test_the_published_schema_is_the_one_of_the_code() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "promotion.document"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip

    assert printed == (ROOT / "docs/extract-format.schema.json").read_text()


def test_the_format_knows_the_roles_and_states_that_the_portal_knows() -> None:
    company = document.Company.model_fields

    assert set(get_args(document.DipRole)) == set(DipRoleCode.values)
    assert set(get_args(company["dcp_status"].annotation)) == set(DcpStatus.values)


def changed(**changes: Any) -> bytes:
    """Return an extract with members of its company changed, with a right digest."""
    content = json.loads(document.to_bytes(setups.extract()))
    content["setup"]["company"] |= changes
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"company_number": "12"}, "/setup/company/company_number"),
        ({"company_number": 1234567}, "/setup/company/company_number"),
        ({"company_number": "1234567\n"}, "/setup/company/company_number"),
        ({"name": ""}, "/setup/company/name"),
        ({"name": "evil\u202eltd"}, "/setup/company/name"),
        ({"name": "two\nlines"}, "/setup/company/name"),
        ({"description": "x" * 2001}, "/setup/company/description"),
        ({"description": "zero\u200bwidth"}, "/setup/company/description"),
        ({"dcp_status": "MAYBE"}, "/setup/company/dcp_status"),
        ({"api_keys": ["secret"]}, "/setup/company/api_keys"),
        ({"whitelisted_domains": ["b.example", "a.example"]}, "/setup/company/whitelisted_domains"),
        ({"whitelisted_domains": ["a.example", "a.example"]}, "/setup/company/whitelisted_domains"),
        ({"dcp_ids": ["123"]}, "/setup/company/dcp_ids/0"),
        ({"mpids": [{"mpid": "abcd", "dip_ids": []}]}, "/setup/company/mpids/0/mpid"),
        ({"mpids": None}, "/setup/company/mpids"),
    ],
)
def test_a_wrong_member_is_refused_with_its_place(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(UnableToRead) as refusal:
        document.read(changed(**changes))

    assert place in [problem.place for problem in refusal.value.problems]


def test_one_dip_id_in_two_companies_of_an_extract_is_refused() -> None:
    with pytest.raises(ValueError, match="DIP ID 2312345678 stands in the document twice"):
        setups.setup(
            setups.company("07654321", mpids=[setups.mpid("OTHR", setups.dip_id("2312345678"))])
        )


def test_effective_dates_must_be_in_order() -> None:
    with pytest.raises(ValueError, match="effective to date must be after"):
        setups.dip_id(effective_to_date=setups.dip_id().effective_from_date)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda data: data[:-1], "is not JSON"),
        (lambda data: b"", "is not JSON"),
        (lambda data: b" " + data, "canonical form"),
        (lambda data: data.replace(b'"version":1', b'"version":2'), "/version"),
        (lambda data: data.replace(b"Our company.", b"Their company"), "/digest"),
        (lambda data: data.replace(b'{"digest"', b'{"digest":{},"digest"'), "canonical form"),
        (lambda data: data.replace(b"Our", b"O\\u0075r"), "canonical form"),
        (lambda data: b"[" * 100_000, "is not JSON"),
        (lambda data: b"\xff\xfe" + data, "is not JSON"),
    ],
    ids=["cut", "empty", "space", "version", "digest", "twice", "escape", "deep", "bytes"],
)
def test_other_bytes_are_refused(spoil: Any, says: str) -> None:
    with pytest.raises(UnableToRead, match=says):
        document.read(spoil(document.to_bytes(setups.extract())))


def read_or_none(data: bytes) -> document.Document | None:
    """Return what these bytes say, or None if they are refused for a reason that is told."""
    try:
        return document.read(data)
    except UnableToRead as refusal:
        return None if refusal.problems and str(refusal) else pytest.fail("refused without reason")


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode(errors="replace"))
)
def test_no_bytes_bring_anything_but_a_refusal(data: bytes) -> None:
    with pytest.raises(UnableToRead):
        document.read(data)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_spoilt_document_is_refused_or_means_the_same(data: st.DataObject) -> None:
    original = document.to_bytes(setups.extract())
    at = data.draw(st.integers(0, len(original) - 1))
    length = data.draw(st.integers(0, 3))
    spoilt = original[:at] + data.draw(st.binary(max_size=4)) + original[at + length :]
    read = read_or_none(spoilt)

    assert read is None or (document.to_bytes(read) == spoilt and read.setup == setups.setup())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(document.Company.model_fields)),
    JSON,
)
def test_any_json_in_any_member_is_refused_or_read_back(member: str, value: Any) -> None:
    try:
        data = changed(**{member: value})
    except UnicodeEncodeError:
        return
    read = read_or_none(data)

    assert read is None or document.to_bytes(read) == data
