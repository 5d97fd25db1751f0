"""The extract of a company's setup: its format, version 1. Knows no Django.

One JSON document a company. What is in it is the 'copied' list of the promotion
(seminar, 'Promotion to Production - Summary of Tasks'); there is no place in it for a
user, a key, a certificate or a webhook. `python -m promotion.document` prints its JSON
Schema, which docs/extract-format.schema.json publishes.

The format is canonical: of one content there is one sequence of bytes (`to_bytes`), and
`read` takes no other. Lists are in order and name nothing twice.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_serializer,
    model_validator,
)

from dip_portal.lib import identities

SCHEMA_ID = "urn:dip-portal-simulator:company-setup:1"

Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is wrong with a document: the place (a JSON pointer, RFC 6901) and the remedy."""

    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place or 'The document'}: {self.text}"


class UnableToRead(Exception):
    """The bytes are no extract of this format; `problems` says where and why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = list(problems)


def _plain(text: str) -> str:
    if identities.has_hidden_characters(text.replace("\n", "").replace("\r", "")):
        raise ValueError("has invisible characters; remove them in UIT and extract again")
    return text


def _one_line(text: str) -> str:
    if not text.strip() or identities.has_hidden_characters(text):
        raise ValueError("must be one line of visible text")
    return text


def _in_order(name: Callable[[Any], str]) -> AfterValidator:
    def check(items: list[Any]) -> list[Any]:
        names = [name(item) for item in items]
        if names != sorted(set(names)):
            raise ValueError("must be in ascending order and name nothing twice")
        return items

    return AfterValidator(check)


CompanyNumber = Annotated[str, Field(pattern=identities.COMPANY_NUMBER_PATTERN)]
TenDigits = Annotated[str, Field(pattern=identities.DIP_ID_PATTERN)]
DipRole = Literal[
    "ADS", "CSS", "DCP", "EES", "ISD", "LDSO", "LSS", "MDR", "MDS", "MSA", "MSS", "REGS",
    "SDS", "SUP", "UMSDS", "UMSO", "VAS",
]  # fmt: skip


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Nomination(_Strict):
    """A DIP Connection Provider, by its DCP ID, and whether its domains are whitelisted too."""

    dcp_id: TenDigits
    whitelists_domains: bool


class DipId(_Strict):
    """A DIP ID with its effective dates (MPR) as they are in UIT, to be updated in Production."""

    dip_id: TenDigits
    dip_role_code: DipRole
    mpr_role_code: Annotated[str, Field(pattern=identities.MPR_ROLE_CODE_PATTERN)]
    effective_from_date: date | None
    effective_to_date: date | None
    nomination: Nomination | None

    @model_validator(mode="after")
    def _from_before_to(self) -> Self:
        if self.effective_to_date is not None and (
            self.effective_from_date is None or self.effective_to_date <= self.effective_from_date
        ):
            raise ValueError("the effective to date must be after the effective from date")
        return self


class Mpid(_Strict):
    """A market participant identifier and its DIP IDs, one for each DIP role."""

    mpid: Annotated[str, Field(pattern=identities.MPID_PATTERN)]
    dip_ids: Annotated[
        list[DipId], Field(max_length=len(DipRole.__args__)), _in_order(lambda it: it.dip_id)
    ]

    @model_validator(mode="after")
    def _one_dip_id_a_role(self) -> Self:
        roles = [dip_id.dip_role_code for dip_id in self.dip_ids]
        if len(roles) != len(set(roles)):
            raise ValueError("an MPID has one DIP ID for each DIP role")
        return self


class Company(_Strict):
    """A company's details, identities and nominations.

    `whitelisted_domains` are its own; those that come with a nominated DCP follow from
    the nomination.
    """

    company_number: CompanyNumber
    name: Annotated[
        str, Field(min_length=1, max_length=identities.NAME_MAX_LENGTH), AfterValidator(_one_line)
    ]
    description: Annotated[
        str, Field(max_length=identities.DESCRIPTION_MAX_LENGTH), AfterValidator(_plain)
    ]
    dcp_status: Literal["DISABLED", "REQUESTED", "APPROVED"]
    whitelisted_domains: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=253)]],
        Field(max_length=1000),
        _in_order(str),
    ]
    mpids: Annotated[list[Mpid], Field(max_length=1000), _in_order(lambda it: it.mpid)]
    dcp_ids: Annotated[list[TenDigits], Field(max_length=1000), _in_order(str)]
    nomination: Nomination | None


class Setup(_Strict):
    """What is promoted: a company and its child organisations, which come with it."""

    company: Company
    children: Annotated[
        list[Company], Field(max_length=1000), _in_order(lambda it: it.company_number)
    ]

    @model_validator(mode="after")
    def _nothing_twice(self) -> Self:
        companies = self.companies()
        _once("company number", (it.company_number for it in companies))
        _once("MPID", (mpid.mpid for it in companies for mpid in it.mpids))
        _once("DIP ID", (d.dip_id for it in companies for m in it.mpids for d in m.dip_ids))
        _once("DCP ID", (dcp_id for it in companies for dcp_id in it.dcp_ids))
        return self

    def companies(self) -> list[Company]:
        """Return the company, and after it its children."""
        return [self.company, *self.children]


class Digest(_Strict):
    """The SHA-256 of the setup's canonical bytes, in lower-case hexadecimal digits."""

    algorithm: Literal["sha-256"]
    value: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Document(_Strict):
    """An extract: which environment made it, when (UTC), who, and the setup with its digest."""

    model_config = ConfigDict(title="Extract of a company's setup, version 1")

    format: Literal["dip-company-setup"]
    version: Literal[1]
    environment: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
    extracted_at: datetime
    extracted_by: Annotated[str, Field(min_length=1, max_length=250), AfterValidator(_one_line)]
    digest: Digest
    setup: Setup

    @field_serializer("extracted_at")
    def _in_utc(self, moment: datetime) -> str:
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + (
            f"{moment.microsecond // 1000:03d}Z"
        )


def make(*, setup: Setup, environment: str, extracted_at: datetime, extracted_by: str) -> Document:
    """Return the document of a setup; of the moment (aware) it keeps milliseconds."""
    return Document(
        format="dip-company-setup",
        version=1,
        environment=environment,
        extracted_at=extracted_at.replace(microsecond=extracted_at.microsecond // 1000 * 1000),
        extracted_by=extracted_by,
        digest=Digest(algorithm="sha-256", value=digest_of(setup)),
        setup=setup,
    )


def to_bytes(content: BaseModel) -> bytes:
    """Return the canonical bytes: UTF-8, members in order of their names, no white space."""
    return _canonical(content.model_dump(mode="json"))


def digest_of(setup: Setup) -> str:
    """Return the SHA-256 of the setup's canonical bytes, in hexadecimal digits."""
    return hashlib.sha256(to_bytes(setup)).hexdigest()


def read(data: bytes) -> Document:
    """Return the document in these bytes.

    Raises UnableToRead, with every problem and its place: for bytes that are no JSON, a
    member too many or too few, a value of the wrong form, a digest that is not the
    setup's, and for a content in other than its canonical bytes.
    """
    try:
        document = Document.model_validate_json(data)
    except ValidationError as error:
        raise UnableToRead(_problems(error)) from None
    said = document.model_dump(mode="json")
    if document.digest.value != hashlib.sha256(_canonical(said["setup"])).hexdigest():
        raise UnableToRead([Problem(place="/digest", text="is not the digest of this setup")])
    if _canonical(said) != data:
        raise UnableToRead(
            [Problem(place="", text="is not in the canonical form (docs/extract-format.md)")]
        )
    return document


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a document."""
    schema = Document.model_json_schema(mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **schema,
    }


def _canonical(said: dict[str, Any]) -> bytes:
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _once(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{what} {name} stands in the document twice")
        seen.add(name)


PROBLEMS_SHOWN = 20


def _problems(error: ValidationError) -> list[Problem]:
    return [
        Problem(
            place="".join(f"/{_escaped(part)}" for part in detail["loc"]),
            text=_in_words(detail["type"], detail["msg"]),
        )
        for detail in error.errors(include_url=False, include_input=False)[:PROBLEMS_SHOWN]
    ]


def _escaped(part: str | int) -> str:
    text = str(part)[:60]
    if identities.has_hidden_characters(text):
        text = text.encode("unicode_escape", "backslashreplace").decode()
    return text.replace("~", "~0").replace("/", "~1")


def _in_words(kind: str, message: str) -> str:
    match kind:
        case "json_invalid":
            return f"is not JSON ({message.removeprefix('Invalid JSON: ')})"
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return "does not belong in an extract of this version"
        case "value_error":
            return message.removeprefix("Value error, ")
        case _:
            return message[:1].lower() + message[1:]


if __name__ == "__main__":
    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))  # noqa: T201
