"""Production: ask UIT's service address which companies are candidates, and for an extract."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import httpx
from django.conf import settings
from django.utils import timezone
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from dip_portal.lib import environment as environments
from promotion.errors import UnableToFetch
from promotion.signing import sign_request

SERVICE = "/service/promotion/v1"
TIMEOUT_SECONDS = 20
CANDIDATES_MAX_BYTES = 20 * 1024 * 1024


class CandidateExtract(BaseModel):
    """The newest extract of a company with PAB approval, as UIT lists it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    extract: uuid.UUID
    company_number: Annotated[str, Field(max_length=10)]
    company_name: Annotated[str, Field(max_length=200)]
    number: int
    setup_digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    extracted_at: AwareDatetime


class CandidateList(BaseModel):
    """The answer of UIT's list of candidates."""

    candidates: list[CandidateExtract]


def is_configured() -> bool:
    """Tell whether this environment knows UIT's service address (setting UIT_SERVICE_URL)."""
    return bool(settings.UIT_SERVICE_URL)


def fetch_candidates() -> list[CandidateExtract]:
    """Return the newest extract of every approved company in UIT. Raises UnableToFetch."""
    answer = _get("/candidates/", CANDIDATES_MAX_BYTES)
    try:
        return CandidateList.model_validate_json(answer).candidates
    except ValidationError:
        raise UnableToFetch("UIT answered, but not with a list of candidates.") from None


def fetch_extract(extract: str) -> bytes:
    """Return the signed file of one of UIT's extracts. Raises UnableToFetch."""
    return _get(f"/extracts/{uuid.UUID(extract)}/", settings.EXTRACT_MAX_BYTES)


def _get(path: str, limit: int) -> bytes:
    if not is_configured():
        raise UnableToFetch(
            "UIT's service address is not set (UIT_SERVICE_URL). Upload the extract instead."
        )
    path = SERVICE + path
    token = sign_request(audience=environments.UIT.name, path=path, now=timezone.now())
    headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
    with (
        _told(),
        httpx.stream(
            "GET", settings.UIT_SERVICE_URL + path, headers=headers, timeout=TIMEOUT_SECONDS
        ) as response,
    ):
        if response.status_code != httpx.codes.OK:
            raise UnableToFetch(_reason(response.status_code))
        # Raw bytes: what would unpack to more than the limit is never unpacked.
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise UnableToFetch("UIT answered with compressed content, which is not taken.")
        return _read_at_most(response, limit)


def _read_at_most(response: httpx.Response, limit: int) -> bytes:
    content = bytearray()
    for chunk in response.iter_raw():
        content += chunk
        if len(content) > limit:
            raise UnableToFetch(f"UIT answered with more than {limit // 1024} KiB.")
    return bytes(content)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except httpx.HTTPError as error:
        raise UnableToFetch(
            f"UIT's service address does not answer ({type(error).__name__}). Is UIT running? "
            "Try again, or upload the extract."
        ) from error


def _reason(status: int) -> str:
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return (
            "UIT does not accept this environment's signature. Put Production's public key "
            "(`manage.py publish_key`) into UIT's folder of trusted keys."
        )
    if status == httpx.codes.NOT_FOUND:
        return "UIT has no such extract any more, or the company lost its approval."
    return f"UIT answered with HTTP status {status}. Try again, or upload the extract."
