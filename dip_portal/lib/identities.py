"""The forms of the DIP's identities: patterns shared by models, forms and the extract.

Knows no Django. Sources: the seminar's slides, DOMAIN.md and the field list of the
published API description (docs/assumptions.md names each).
"""

import re
import unicodedata

import idna

DIP_ID_PATTERN = r"^[0-9]{10}$"
MPID_PATTERN = r"^[A-Z0-9]{4}$"  # the slide of a DIP ID shows one with a digit, RDG1
MPR_ROLE_CODE_PATTERN = r"^[A-Z0-9]?$"
COMPANY_NUMBER_PATTERN = r"^[A-Z0-9]{6,10}$"
DOMAIN_PATTERN = (
    r"^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$"
)
NAME_MAX_LENGTH = 200
DESCRIPTION_MAX_LENGTH = 2000


class InvalidDomain(ValueError):
    """The text is not an internet domain; the message says why and what to do."""


def canonical_domain(text: str) -> str:
    """Return a domain in its one stored form: lower case, A-labels, no dot at its end.

    IDNA 2008 with the mapping of UTS 46.

    `text` may have capitals, spaces around it, a leading '@' or a trailing dot. Raises
    InvalidDomain for anything that is no fully qualified domain (an address, a URL, an
    IP address, a single label).
    """
    domain = text.strip().removeprefix("@").removesuffix(".")
    if not domain:
        raise InvalidDomain("Enter a domain, for example superenergy.co.uk.")
    if "--" not in domain and re.fullmatch(DOMAIN_PATTERN, domain):
        return domain  # plain letters, digits and single hyphens: IDNA changes nothing
    try:
        domain = idna.encode(domain, uts46=True, transitional=False).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise InvalidDomain(
            f"{_shown(text)} is not a domain name. Enter it as in superenergy.co.uk."
        ) from None
    if not re.fullmatch(DOMAIN_PATTERN, domain):
        raise InvalidDomain(
            f"{_shown(text)} is not a full domain. Enter it as in superenergy.co.uk, "
            "without https:// or a name before an @."
        )
    return domain


def email_domain(address: str) -> str:
    """Return the canonical domain of an e-mail address. Raises InvalidDomain."""
    _, at, domain = address.rpartition("@")
    if not at:
        raise InvalidDomain("Enter an e-mail address, for example name@superenergy.co.uk.")
    return canonical_domain(domain)


def has_hidden_characters(text: str) -> bool:
    """Tell whether a one-line text has control, format, surrogate or private characters.

    They can make two names look alike or turn a line around (U+202E); no company needs them.
    """
    return any(unicodedata.category(character) in _HIDDEN for character in text)


_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def _shown(text: str) -> str:
    shown = "".join(
        "\ufffd" if has_hidden_characters(character) else character for character in text
    )
    return f"“{shown[:60]}”"
