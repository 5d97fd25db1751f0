"""Looks whether a verification code is where its owner alone can put it: DNS or a web site.

Knows no Django. The DNS is real; which server is asked comes in as an argument.
"""

import http.client
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass

import dns.exception
import dns.name
import dns.resolver

from dip_portal.lib.addresses import Address, Network, may_call

SECONDS = 5.0
HTTP_PATH = "/.well-known/pki-validation/gsdv.txt"
HTTP_MAX_BYTES = 4096
# The code alone (DOMAIN.md: name '@', value a verification code), or as older guides have it.
PREFIXES = ("", "globalsign-domain-verification=", "_globalsign-domain-verification=")


class NotVerified(Exception):
    """The code is not there; the text says what was found instead, and the remedy."""


@dataclass(frozen=True, kw_only=True)
class Nameserver:
    """Which DNS server is asked, as `host:port`; an empty text asks that of this machine."""

    address: str = ""

    def lookup(self, name: str, record_type: str) -> list[str]:
        """Return the values of a name; TXT as it is, without quotes. Raises NotVerified."""
        try:
            found = self._resolver().resolve(
                dns.name.from_text(name), record_type, search=False, lifetime=SECONDS
            )
        except dns.resolver.NXDOMAIN:
            raise NotVerified(f"DNS knows no name {name}.") from None
        except dns.resolver.NoAnswer:
            raise NotVerified(f"{name} has no {record_type} record in DNS.") from None
        except (dns.exception.DNSException, OSError, ValueError):
            raise NotVerified(
                f"No DNS server answered about {name}. Try again in a little while."
            ) from None
        if record_type == "TXT":
            return [b"".join(rdata.strings).decode("utf-8", "replace") for rdata in found]
        return [rdata.to_text() for rdata in found]

    def _resolver(self) -> dns.resolver.Resolver:
        if not self.address:
            return dns.resolver.Resolver()
        host, _, port = self.address.rpartition(":")
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = [
            str(found[4][0])
            for found in socket.getaddrinfo(host, int(port), type=socket.SOCK_DGRAM)
        ][:1]
        resolver.port = int(port)
        return resolver


def check_dns(*, domain: str, code: str, nameserver: Nameserver) -> None:
    """Pass if the domain has a TXT record of the code. Raises NotVerified."""
    texts = [text.strip() for text in nameserver.lookup(domain, "TXT")]
    if any(f"{prefix}{code}" in texts for prefix in PREFIXES):
        return
    shown = ", ".join(f"“{text[:60]}”" for text in texts[:3])
    raise NotVerified(
        f"{domain} has TXT records, but none is the verification code: {shown}. A record that "
        "was just changed may take a while to be seen."
    )


@dataclass(frozen=True, kw_only=True)
class WebCheck:
    """Where the HTTP check may go: public addresses, and `also` these networks; to `port`.

    Else anybody could have this machine ask its own neighbours (RFC 6890 lists them).
    """

    nameserver: Nameserver
    port: int = 80
    also: Sequence[Network] = ()

    def fetch(self, domain: str) -> str:
        """Return the text of the file, cut to HTTP_MAX_BYTES. Raises NotVerified.

        The connection goes to the very address that was looked at; no redirect is followed.
        """
        address = self._address_of(domain)
        connection = http.client.HTTPConnection(str(address), self.port, timeout=SECONDS)
        try:
            connection.request("GET", HTTP_PATH, headers={"Host": domain, "Accept": "text/plain"})
            answer = connection.getresponse()
            body = answer.read(HTTP_MAX_BYTES)
        except (OSError, http.client.HTTPException):
            raise NotVerified(f"The web site of {domain} at {address} did not answer.") from None
        finally:
            connection.close()
        if answer.status != http.client.OK:
            raise NotVerified(
                f"http://{domain}{HTTP_PATH} was answered with {answer.status}; the file with "
                "the code should be there. Redirects are not followed."
            )
        return body.decode("utf-8", "replace")

    def _address_of(self, domain: str) -> Address:
        found: list[str] = []
        trouble = NotVerified(f"{domain} has no address in DNS.")
        for record_type in ("A", "AAAA"):
            try:
                found += self.nameserver.lookup(domain, record_type)
            except NotVerified as error:
                trouble = error
        if not found:
            raise trouble
        addresses = [ipaddress.ip_address(text) for text in found]
        allowed = next((address for address in addresses if may_call(address, self.also)), None)
        if allowed is None:
            raise NotVerified(
                f"{domain} is at {addresses[0]}, which is no public address; the HTTP check does "
                "not go there."
            )
        return allowed


def check_http(*, domain: str, code: str, web: WebCheck) -> None:
    """Pass if the domain's web site has the code in its file. Raises NotVerified."""
    lines = [line.strip() for line in web.fetch(domain).splitlines()]
    if not any(f"{prefix}{code}" in lines for prefix in PREFIXES):
        raise NotVerified(
            f"http://{domain}{HTTP_PATH} does not hold the verification code on a line of its own."
        )
