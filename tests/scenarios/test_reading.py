"""Scenario files: what is shipped can be read, and what is wrong is named with its line."""

from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from scenarios import reading
from scenarios.reading import UnableToReadScenario

HEAD = "scenario: 1\ntitle: Mine\ndescription: Of my own.\ncompanies:\n"
COMPANY = HEAD + "  - name: Super Energy Co\n    number: 04410275\n    description: Supplies.\n"


def refused(text: str) -> list[str]:
    with pytest.raises(UnableToReadScenario) as caught:
        reading.read(text.encode(), "mine")
    return caught.value.problems


@pytest.mark.parametrize("name", reading.shipped())
def test_what_is_shipped_can_be_read(name: str) -> None:
    assert reading.load(name).scenario.title


def test_the_shipped_ones_are_these() -> None:
    assert reading.shipped() == [
        "dcp-with-ten",
        "demonstration",
        "fresh",
        "fully-onboarded",
        "half-onboarded",
    ]


def test_a_company_number_stays_what_it_is() -> None:
    """YAML takes 04410275 for a number in octal, and NO for a no."""
    loaded = reading.read((COMPANY + "    mpids: [{code: NOOO}]\n").encode(), "mine")

    [company] = loaded.scenario.companies
    assert (company.number, company.mpids[0].code) == ("04410275", "NOOO")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: a scenario begins"),
        ("- 1\n", "line 1: a scenario begins"),
        ("scenario: 2\ntitle: T\ndescription: D\n", "line 1, scenario: This portal reads version"),
        ("scenario: 1\ntitle: T\n", "line 1, description: This field is missing."),
        (HEAD + "  - nmae: X\n", "line 5, companies[0].nmae: There is no such field here. There"),
        (
            COMPANY + "    mpids:\n      - code: ABC\n",
            "line 9, companies[0].mpids[0].code: String should match",
        ),
        (
            COMPANY + "    mpids: [{code: ABCD, dip_ids: [{role: SOUP}]}]\n",
            "line 8, companies[0].mpids[0].dip_ids[0].role: This should be 'SUP'",
        ),
        (
            COMPANY + "    approval: {reference: PAB, date: yesterday}\n",
            "line 8, companies[0].approval.date: This is no day. Write a date such as",
        ),
        (
            COMPANY + "    name: Again\n",
            "line 8: the field name stands here twice.",
        ),
        (
            COMPANY + "  - {name: Other, number: 04410275, description: D}\n",
            "line 8, companies[1].number: The company number 04410275 is in the file twice.",
        ),
        (
            COMPANY + "    members: [{email: a@b.example, first_name: A, last_name: B,"
            " roles: []}]\n",
            "line 8, companies[0].members[0].roles: List should have at least 1 item",
        ),
        (
            COMPANY + "    invited: [{email: a@b.example, first_name: A, last_name: B}]\n",
            "line 8, companies[0].invited[0].roles: Name the roles",
        ),
        (
            COMPANY + "    members: [{email: a@b.example, first_name: A, last_name: B,"
            " roles: [User Admin], limited_to: [ABCD]}]\n",
            "line 8, companies[0].members[0].limited_to[0]: ABCD is no MPID or DIP ID of Super",
        ),
        ("scenario: 1\ntitle: [unclosed\n", "line 3: this is not YAML"),
        ("a: &x 1\nb: *x\n", "line 2: aliases"),
        ("a: " + "[" * 5000, "line 1: this is nested too deeply"),
        ("a: \x00\n", "which cannot be read"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(text: str, said: str) -> None:
    problems = refused(text)

    assert problems[0].startswith(said)


def test_all_that_is_wrong_is_said_at_once() -> None:
    problems = refused(HEAD + "  - name: X\n    number: 1\n    dcp_status: maybe\n")

    assert len(problems) == 3


def test_a_file_that_is_no_text_names_its_line(tmp_path: Path) -> None:
    with pytest.raises(UnableToReadScenario, match="mine, line 2: this is not UTF-8 text"):
        reading.read(b"scenario: 1\n\xff\n", "mine")


def test_a_name_that_is_neither_shipped_nor_a_file_lists_those_that_are() -> None:
    with pytest.raises(UnableToReadScenario, match=r"The scenarios are: .*fresh") as said:
        reading.load("half")
    assert str(said.value).startswith("There is no scenario “half”, and no file of this name")


NAMES = [
    *("scenario", "title", "description", "companies", "name", "number", "mpids", "code"),
    *("dip_ids", "role", "members", "email", "roles", "limited_to", "children"),
]
PLAIN = st.recursive(
    st.text(max_size=12)
    | st.sampled_from(["1", "today", "User Admin", "SUP", "04410275", "a@b.example"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(NAMES) | st.text(max_size=4),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


@given(PLAIN)
def test_any_yaml_is_read_or_refused_by_name(content: object) -> None:
    read_or_refused(yaml.safe_dump(content, allow_unicode=True).encode())


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@example(b"? {}\n: 1\n")
@example(b"--- 1\n--- 2\n")
@example(b"a: !!python/object:os.system {}\n")
@example(b"<<: {scenario: 1}\n")
@example(b"scenario: 99999999999999999999999\n")
@example("scenario: ²\n".encode())
@example(HEAD.encode() + b"- name: {a: 1}\n  number: [1]\n")
def test_any_bytes_are_read_or_refused_by_name(content: bytes) -> None:
    read_or_refused(content)


def read_or_refused(content: bytes) -> None:
    problems: list[str] | None = None
    try:
        reading.read(content, "any")
    except UnableToReadScenario as refusal:
        problems = refusal.problems
    assert problems is None or (problems and all(problem.strip() for problem in problems))
