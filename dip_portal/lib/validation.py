"""Validators of the models, for the forms in `identities`."""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from dip_portal.lib.identities import (
    COMPANY_NUMBER_PATTERN,
    DESCRIPTION_MAX_LENGTH,
    DIP_ID_PATTERN,
    DOMAIN_PATTERN,
    MPID_PATTERN,
    MPR_ROLE_CODE_PATTERN,
    NAME_MAX_LENGTH,
    InvalidDomain,
    canonical_domain,
    email_domain,
    has_hidden_characters,
)

__all__ = [
    "COMPANY_NUMBER_PATTERN",
    "DESCRIPTION_MAX_LENGTH",
    "DIP_ID_PATTERN",
    "DOMAIN_PATTERN",
    "MPID_PATTERN",
    "MPR_ROLE_CODE_PATTERN",
    "NAME_MAX_LENGTH",
    "InvalidDomain",
    "canonical_domain",
    "email_domain",
    "has_hidden_characters",
]


def _matches(pattern: str, message: str) -> RegexValidator:
    # Python's $ also matches before a line break at the end; \Z does not.
    return RegexValidator(pattern.removesuffix("$") + r"\Z", message)


validate_dip_id = _matches(DIP_ID_PATTERN, "A DIP ID is ten digits.")
validate_mpid = _matches(MPID_PATTERN, "An MPID is four capital letters or digits.")
validate_mpr_role_code = _matches(
    MPR_ROLE_CODE_PATTERN, "A market role code is one capital letter or digit."
)
validate_company_number = _matches(
    COMPANY_NUMBER_PATTERN, "A company number is six to ten capital letters or digits."
)


def validate_domain(value: str) -> None:
    """Model validator: `value` must be a domain in its canonical form. Raises ValidationError."""
    try:
        canonical = canonical_domain(value)
    except InvalidDomain as error:
        raise ValidationError(str(error)) from error
    if canonical != value:
        raise ValidationError(f"Write the domain as {canonical}.")


def validate_plain_text(value: str) -> None:
    """Model validator: no hidden characters, but line breaks. Raises ValidationError."""
    if has_hidden_characters(value.replace("\r", "").replace("\n", "")):
        raise ValidationError("Remove the invisible characters from this text.")
