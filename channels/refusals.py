"""What a call to the DIP's API is refused with: a code for machines, and which check it is.

docs/api.md prints the table from here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

NO_HEADERS: Mapping[str, str] = {}


class Check(StrEnum):
    """The checks of a call, in the order in which they are made."""

    REQUEST = "request"
    CLIENT_CERTIFICATE = "client certificate"
    API_KEY = "API key"
    DIP_ID = "DIP ID"
    SIGNATURE = "signature"
    CONTENT = "content"
    SERVER = "server"


@dataclass(frozen=True, kw_only=True)
class Code:
    """A code: the HTTP status that goes with it, the check that fails, and what it means."""

    status: HTTPStatus
    check: Check
    meaning: str


@dataclass(frozen=True, kw_only=True)
class FieldError:
    """What is wrong with one field, named as the documented body or path has it."""

    field: str
    message: str


def _codes(
    check: Check, status: HTTPStatus = HTTPStatus.UNAUTHORIZED, **meanings: str
) -> dict[str, Code]:
    return {
        name: Code(status=status, check=check, meaning=meaning)
        for name, meaning in meanings.items()
    }


CODES: Mapping[str, Code] = {
    **_codes(Check.REQUEST, HTTPStatus.BAD_REQUEST, unknown_host="no such host name here"),
    **_codes(Check.REQUEST, HTTPStatus.NOT_FOUND, not_found="no operation has this path"),
    **_codes(
        Check.REQUEST,
        HTTPStatus.METHOD_NOT_ALLOWED,
        method_not_allowed="the path has no operation with this verb; Allow names those it has",
    ),
    **_codes(Check.REQUEST, HTTPStatus.NOT_ACCEPTABLE, not_acceptable="Accept does not take JSON"),
    **_codes(
        Check.REQUEST,
        HTTPStatus.REQUEST_TIMEOUT,
        request_timeout="the body did not arrive in full",
    ),
    **_codes(
        Check.REQUEST,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        body_too_large="the body is larger than the DIP takes",
    ),
    **_codes(
        Check.REQUEST,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        unsupported_media_type="the body is not sent as application/json in UTF-8",
    ),
    **_codes(
        Check.REQUEST,
        HTTPStatus.TOO_MANY_REQUESTS,
        too_many_calls="the address or the DIP ID calls too often; Retry-After says when to go on",
    ),
    **_codes(
        Check.CLIENT_CERTIFICATE,
        client_certificate_missing="the TLS connection shows no client certificate",
        client_certificate_untrusted="it is not of this environment's authority",
        client_certificate_expired="it is not valid any more, or not yet",
        client_certificate_unknown="it was not requested through the DIP",
        client_certificate_revoked="it is revoked",
    ),
    **_codes(
        Check.CLIENT_CERTIFICATE,
        HTTPStatus.FORBIDDEN,
        client_certificate_not_for_mtls="it is for signing only",
        client_certificate_of_another_company=(
            "it is neither the company's of the DIP ID nor its DIP Connection Provider's"
        ),
    ),
    **_codes(
        Check.API_KEY,
        api_key_missing="the call has no X-API-KEY",
        api_key_unknown="no DIP ID of this environment has this key",
    ),
    **_codes(
        Check.API_KEY,
        HTTPStatus.FORBIDDEN,
        api_key_of_another_dip_id="the key is another DIP ID's than the one in the path",
    ),
    **_codes(
        Check.DIP_ID,
        HTTPStatus.FORBIDDEN,
        dip_id_not_operational="the DIP ID is outside its effective dates",
    ),
    **_codes(
        Check.SIGNATURE,
        missing_header="a header of the signature is missing or empty",
        unusable_header="a header is too long, or not plain ASCII",
        unreadable_date="the date is not UTC, ISO 8601, with milliseconds and Z",
        date_outside_window="the date is too far from the DIP's clock",
        wrong_content_hash="the hash is not that of the body that arrived",
        unreadable_certificate="the header holds no certificate in PEM, or a private key too",
        unusable_key="the certificate's key cannot have made such a signature",
        unreadable_signature="the signature is not base64",
        wrong_signature="the key has not signed the string that the DIP computes",
        signature_certificate_untrusted="it is not of this environment's authority",
        signature_certificate_expired="it is not valid any more, or not yet",
        signature_certificate_unknown="it was not requested through the DIP",
        signature_certificate_revoked="it is revoked",
        replayed_signature="the same signature has come before",
    ),
    **_codes(
        Check.SIGNATURE,
        HTTPStatus.FORBIDDEN,
        signature_certificate_not_for_signing="it is for mTLS only",
        signature_certificate_of_another_company=(
            "it is neither the company's of the DIP ID nor its DIP Connection Provider's"
        ),
    ),
    **_codes(
        Check.CONTENT,
        HTTPStatus.BAD_REQUEST,
        unreadable_body="the body is no JSON object",
        invalid_fields="one or more fields are wrong: `errors` names each",
    ),
    **_codes(
        Check.CONTENT,
        HTTPStatus.NOT_FOUND,
        unknown_channel="there is no channel of this name",
        not_configured="no webhook is set (only where our extension reads back)",
    ),
    **_codes(
        Check.SERVER,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        internal_error="the simulator has failed; its log knows the correlation id",
    ),
    **_codes(
        Check.SERVER,
        HTTPStatus.SERVICE_UNAVAILABLE,
        no_trusted_authority="no certificate authority is pinned for this environment yet",
        out_of_service="the simulator's database or Redis is away; call again in a while",
    ),
}


class CallRefused(Exception):
    """A call is refused: the text is one sentence or two, which check failed and the remedy.

    `code` is one of CODES. `errors` name fields, `headers` go with the answer. Neither says
    anything about other companies.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.errors = tuple(errors)
        self.headers = dict(headers)

    @property
    def status(self) -> HTTPStatus:
        return CODES[self.code].status

    @property
    def check(self) -> Check:
        return CODES[self.code].check
