"""The format of scenario files, version 1. docs/scenarios.md describes it for testers.

What only the services know (a free MPID, a whitelisted domain, the first admins) is left to
them: `build` makes everything through them. Here stands the shape, and what a file says twice
or against itself.
"""

from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from certificates.models import Certificate
from dip_portal.lib import identities
from organisations.roles import DcpStatus, DipRoleCode, Role
from scenarios import days

VERSION = 1
EVERY_PUBLICATION = "all"
Path = tuple[str | int, ...]

Day = Annotated[str, AfterValidator(days.check)]
Digits = Annotated[str, Field(pattern=identities.DIP_ID_PATTERN)]
Text = Annotated[str, Field(min_length=1, max_length=identities.DESCRIPTION_MAX_LENGTH)]
Name = Annotated[str, Field(min_length=1, max_length=100)]


def _version(number: int) -> int:
    if number != VERSION:
        raise ValueError(f"This portal reads version {VERSION} of the format.")
    return number


def _role(value: Any) -> Any:
    """Return a role of a member that is written as on the pages ('User Admin')."""
    if isinstance(value, str):
        return value.strip().upper().removeprefix("MP ").replace(" ", "_")
    return value


def _upper(value: Any) -> Any:
    return value.strip().upper() if isinstance(value, str) else value


CertificatePurpose = Annotated[Certificate.Purpose, BeforeValidator(_upper)]
MemberRole = Annotated[Role, BeforeValidator(_role)]
Roles = Annotated[list[MemberRole], Field(min_length=1)]


class Part(BaseModel):
    """A part of the file: it has these fields and no other."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _has_no_other(cls, value: Any) -> Any:
        for name in value if isinstance(value, dict) else ():
            if name not in cls.model_fields:
                raise PydanticCustomError(
                    "unknown_field",
                    "There is no such field here. There are: {known}.",
                    {"known": ", ".join(cls.model_fields), "at": (name,)},
                )
        return value


class Nomination(Part):
    """A DIP Connection Provider is nominated, by its DCP ID."""

    dcp_id: Digits
    whitelist_domains: bool = False


class DipId(Part):
    """A DIP ID. Without `dip_id` a free one is chosen; `dates_set` is the DIP Manager's doing.

    `webhooks` maps publications (PUB-nnn, REP-nnn, STATUS, or `all`) to URLs.
    """

    role: Annotated[DipRoleCode, BeforeValidator(_upper)]
    market_role: Annotated[str, Field(pattern=identities.MPR_ROLE_CODE_PATTERN)] = ""
    dip_id: Digits | None = None
    effective_from: Day | None = None
    effective_to: Day | None = None
    dates_set: bool = True
    nominates: Nomination | None = None
    webhooks: dict[str, str] = {}


class Mpid(Part):
    """An MPID with its DIP IDs."""

    code: Annotated[str, Field(pattern=identities.MPID_PATTERN)]
    dip_ids: list[DipId] = []


class Person(Part):
    """Somebody, known by the e-mail address; `limited_to` names DIP IDs, or MPIDs for all of one.

    An empty `limited_to` is a member of all DIP IDs.
    """

    email: Annotated[str, Field(min_length=3, max_length=254), AfterValidator(str.lower)]
    first_name: Name
    last_name: Name
    limited_to: list[str] = []


class Member(Person):
    """A member who has signed in before: account, second factor, Terms of Use."""

    roles: Roles
    expires: Day = "today+365d"
    offboarded: Day | None = None


class Invited(Person):
    """Somebody who has not accepted yet. `primary` is the Primary User Admin, without `roles`."""

    roles: list[MemberRole] = []
    primary: bool = False
    sent: Day = "today"

    @model_validator(mode="after")
    def _has_roles(self) -> "Invited":
        if self.primary == bool(self.roles):
            raise PydanticCustomError(
                "roles",
                "Name the roles of who is invited; leave them out with primary: true, which "
                "invites the Primary User Admin.",
                {"at": ("roles",)},
            )
        return self


class Approval(Part):
    """The PAB's approval, which is recorded in UIT only."""

    reference: Text
    date: Day


class Certificates(Part):
    """Certificates of the DIP, with all that they take at Atlas, and the API keys taken.

    In `domain`, `{environment}` is uit or production: each has a customer of its own at Atlas,
    and a zone of the test DNS has one keeper. The certificates are for `dip.` under it.
    """

    domain: Text
    purposes: Annotated[list[CertificatePurpose], Field(min_length=1)] = [Certificate.Purpose.BOTH]

    @model_validator(mode="after")
    def _is_no_purpose_twice(self) -> "Certificates":
        both = Certificate.Purpose.BOTH
        if len(set(self.purposes)) < len(self.purposes) or (
            both in self.purposes and len(self.purposes) > 1
        ):
            raise PydanticCustomError(
                "purposes",
                "Name BOTH, or MTLS and SIGNING for two certificates.",
                {"at": ("purposes",)},
            )
        return self


class Organisation(Part):
    """A company or a child organisation. `verified` is whether its User Admin verified it."""

    name: Annotated[str, Field(min_length=1, max_length=identities.NAME_MAX_LENGTH)]
    number: Annotated[str, Field(pattern=identities.COMPANY_NUMBER_PATTERN)]
    description: Text
    domains: list[str] = []
    dcp_status: Annotated[DcpStatus, BeforeValidator(_upper)] = DcpStatus.DISABLED
    dcp_ids: list[Digits] = []
    mpids: list[Mpid] = []
    nominates: Nomination | None = None
    verified: bool | None = None
    members: list[Member] = []
    invited: list[Invited] = []
    certificates: Certificates | None = None


class Company(Organisation):
    """A company, with the child organisations that are promoted with it."""

    approval: Approval | None = None
    children: list[Organisation] = []


class Placed(NamedTuple):
    """An organisation of the file: where it stands, and the number of its parent, if any."""

    path: Path
    organisation: Organisation
    parent: str = ""


class Scenario(Part):
    """A state of an environment: its companies. Its DIP Managers are not the file's."""

    scenario: Annotated[int, AfterValidator(_version)]
    title: Text
    description: Text
    companies: list[Company] = []

    def organisations(self) -> Iterator[Placed]:
        """Yield every organisation, each parent before its children."""
        for place, company in enumerate(self.companies):
            yield Placed(("companies", place), company)
            for number, child in enumerate(company.children):
                path = ("companies", place, "children", number)
                yield Placed(path, child, company.number)

    @model_validator(mode="after")
    def _says_nothing_twice(self) -> "Scenario":
        seen: dict[tuple[str, str], Path] = {}
        for path, what, value in self._unique():
            if (what, value) in seen:
                raise PydanticCustomError(
                    "twice", "The {what} {value} is in the file twice.",
                    {"what": what, "value": value, "at": path},
                )  # fmt: skip
            seen[what, value] = path
        names: dict[str, tuple[str, str]] = {}
        for path, person in self._people():
            name = person.first_name, person.last_name
            if names.setdefault(person.email, name) != name:
                raise PydanticCustomError(
                    "two_names", "{email} has another name elsewhere in the file.",
                    {"email": person.email, "at": (*path, "email")},
                )  # fmt: skip
        return self

    @model_validator(mode="after")
    def _limits_to_own(self) -> "Scenario":
        for path, organisation, _ in self.organisations():
            own = {mpid.code for mpid in organisation.mpids} | {
                dip_id.dip_id for mpid in organisation.mpids for dip_id in mpid.dip_ids
            }
            for kind in ("members", "invited"):
                for place, person in enumerate(getattr(organisation, kind)):
                    for number, code in enumerate(person.limited_to):
                        if code not in own:
                            raise PydanticCustomError(
                                "not_own",
                                "{code} is no MPID or DIP ID of {company} in this file.",
                                {
                                    "code": code,
                                    "company": organisation.name,
                                    "at": (*path, kind, place, "limited_to", number),
                                },
                            )
        return self

    def _unique(self) -> Iterator[tuple[Path, str, str]]:
        for path, organisation, _ in self.organisations():
            yield (*path, "number"), "company number", organisation.number
            for number, dcp_id in enumerate(organisation.dcp_ids):
                yield (*path, "dcp_ids", number), "DCP ID", dcp_id
            for place, mpid in enumerate(organisation.mpids):
                at: Path = (*path, "mpids", place)
                yield (*at, "code"), "MPID", mpid.code
                for number, dip_id in enumerate(mpid.dip_ids):
                    if dip_id.dip_id:
                        yield (*at, "dip_ids", number, "dip_id"), "DIP ID", dip_id.dip_id

    def _people(self) -> Iterator[tuple[Path, Person]]:
        for path, organisation, _ in self.organisations():
            for kind in ("members", "invited"):
                for place, person in enumerate(getattr(organisation, kind)):
                    yield (*path, kind, place), person
