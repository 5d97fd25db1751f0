"""Which network addresses the portal may call when somebody outside names them.

Else anybody could have this machine ask its own neighbours: databases, the cloud's metadata
service, other people's computers. Knows no Django.
"""

import ipaddress
from collections.abc import Iterable, Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Public by number, but answered by the cloud's own host (Azure's wire server).
NEVER = frozenset({ipaddress.ip_address("168.63.129.16")})
# The last 32 bits are an IPv4 address: IPv4-compatible (RFC 4291, 2.5.5.1) and NAT64 (RFC 6052).
IPV4_AT_THE_END = (ipaddress.ip_network("::/96"), ipaddress.ip_network("64:ff9b::/96"))
NAT64_LOCAL = ipaddress.ip_network("64:ff9b:1::/48")


def networks(said: Iterable[str]) -> tuple[Network, ...]:
    """Return the networks of a setting (`10.0.0.0/8`). Raises ValueError for what is none."""
    return tuple(ipaddress.ip_network(text.strip()) for text in said if text.strip())


def may_call(address: Address, also: Sequence[Network] = ()) -> bool:
    """Tell whether this is a public address (RFC 6890 lists the others) or one of `also`.

    An IPv6 address that leads to an IPv4 address is judged as that.
    """
    if any(address.version == one.version and address in one for one in also):
        return True
    if isinstance(address, ipaddress.IPv6Address):
        inner = _ipv4_in(address)
        if inner is not None:
            return may_call(inner, also)
        if address.is_site_local or address in NAT64_LOCAL:
            return False
    return address.is_global and not address.is_multicast and address not in NEVER


def _ipv4_in(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address to which an IPv6 address leads, if it does."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if any(address in one for one in IPV4_AT_THE_END):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None
