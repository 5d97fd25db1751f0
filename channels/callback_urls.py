"""What a webhook's URL has to be: https, public, without credentials or fragment.

Names are not looked up here: what they lead to is asked at each delivery, when it counts.
Knows no Django.
"""

import ipaddress
import re
from collections.abc import Collection, Mapping, Sequence
from string import Formatter
from urllib.parse import urlsplit

from dip_portal.lib.addresses import Address, Network, may_call
from dip_portal.lib.identities import DOMAIN_PATTERN

MAX_LENGTH = 1000
SCHEME = "https"
# What RFC 3986 allows in a URL, without the fragment's #.
CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]*", re.ASCII)
LABELS = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z][a-z0-9-]{0,62}", re.ASCII)
# Names that lead to no public address anywhere (RFC 6761, 6762, 8375 and the resolvers' habit).
INSIDE = ("localhost", "local", "internal", "home.arpa", "lan", "intranet")
PLACEHOLDERS = ("dip_id", "mpid", "role", "publication")


class InvalidCallbackUrl(ValueError):
    """The text is no URL that the DIP delivers to; the message says why and the remedy."""


def check(text: str, also: Sequence[Network] = ()) -> str:
    """Return the URL of a webhook as it is kept, without spaces around it.

    `also` are networks that are no public ones and may be called all the same; names that
    are known only inside are taken where there are any. Raises InvalidCallbackUrl.
    """
    url = text.strip()
    if not url:
        raise InvalidCallbackUrl("Enter a URL, for example https://hooks.superenergy.co.uk/dip.")
    if len(url) > MAX_LENGTH:
        raise InvalidCallbackUrl(
            f"The URL has {len(url)} characters; at most {MAX_LENGTH} are taken."
        )
    scheme, _, rest = url.partition("://")
    if not rest or scheme.lower() != SCHEME:
        raise InvalidCallbackUrl("The URL has to begin with https://.")
    if "#" in url:
        raise InvalidCallbackUrl("Leave out the # and what follows: a fragment is never sent.")
    if any(f"{{{name}}}" in url for name in PLACEHOLDERS):
        raise InvalidCallbackUrl(
            "This is a pattern, and the URL of one webhook has to be written out. “Set many by a "
            "pattern”, under Message Channels, fills in {dip_id} and the like."
        )
    if not CHARACTERS.fullmatch(url):
        raise InvalidCallbackUrl(
            "The URL has a space or a character that a URL cannot have. Write other letters "
            "of a path as %XX, and of a host name in their xn-- form."
        )
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise InvalidCallbackUrl("The host or the port of the URL cannot be read.") from None
    if "@" in parts.netloc:
        raise InvalidCallbackUrl(
            "Leave out the user name and password before the @: the DIP proves itself by its "
            "certificate and signature."
        )
    if port == 0:
        raise InvalidCallbackUrl("Port 0 cannot be called.")
    _check_host(host, also)
    return url


def address_of(host: str) -> Address | None:
    """Return the address that a host is written as, None if it is a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def without_query(url: str) -> str:
    """Return a URL for the audit trail: what stands behind its ? may be a secret."""
    before, mark, _ = url.partition("?")
    return f"{before}?…" if mark else before


def fill(pattern: str, values: Mapping[str, str]) -> str:
    """Return a pattern such as https://hooks.example/{dip_id}/{publication} with its values."""
    return pattern.format_map(values)


def check_pattern(pattern: str, known: Collection[str] = PLACEHOLDERS) -> str:
    """Return a pattern without spaces around it. Raises InvalidCallbackUrl.

    What it makes of each webhook is for `check`.
    """
    text = pattern.strip()
    names = "{" + "}, {".join(known) + "}"
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        raise InvalidCallbackUrl(f"A brace stands alone. Placeholders are {names}.") from None
    for _, name, form, conversion in parts:
        if name is not None and (name not in known or form or conversion):
            raise InvalidCallbackUrl(
                f"{{{name[:40]}}} is no placeholder. There are {names}, and nothing else."
            )
    if "{{" in text or "}}" in text:
        raise InvalidCallbackUrl(f"A URL has no braces. Placeholders are {names}.")
    return text


def _check_host(host: str, also: Sequence[Network]) -> None:
    address = address_of(host)
    if address is not None:
        if not may_call(address, also):
            raise InvalidCallbackUrl(
                f"{address} is no public address: the DIP cannot deliver to it. Use a host "
                "name or an address that is reachable from the internet."
            )
        return
    name = host.removesuffix(".")
    is_inside = any(name == one or name.endswith(f".{one}") for one in INSIDE)
    if also and LABELS.fullmatch(name):
        return
    if is_inside or not re.fullmatch(DOMAIN_PATTERN, name):
        raise InvalidCallbackUrl(
            f"“{host[:60]}” is no public host name. Use one that is reachable from the "
            "internet, such as hooks.superenergy.co.uk."
        )
