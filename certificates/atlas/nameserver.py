"""The small DNS server that Atlas brings for testers: real DNS, by UDP and TCP.

Knows no Django: what the zones hold is asked of `Zones`. It answers for its zones alone
(RFC 1034, section 4.3.2), recurses for nobody and hands out no whole zone.
"""

import logging
import socketserver
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TXT
import dns.rrset

IN = dns.rdataclass.IN
UDP_MAX_BYTES = 1232  # DNS flag day 2020; what fits into no fragment
CNAMES_FOLLOWED = 8
TXT_CHUNK = 255  # RFC 1035, section 3.3.14
SERVER_NAME = "ns.atlas.invalid."  # RFC 6761: nobody else has it

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Record:
    """A record as testers write it: the type's name, and for TXT the text without quotes."""

    name: str
    type: str
    value: str


class Zones(Protocol):
    """What the server knows; names are in lower case, without a dot at their end."""

    def zone_of(self, name: str) -> str | None:
        """Return the zone that the name is in, if there is one."""

    def records(self, name: str) -> Iterable[Record]:
        """Return the records of exactly this name."""

    def is_there(self, name: str) -> bool:
        """Tell whether there are records of this name, or of one that lies under it."""


def rdata_of(record_type: str, value: str) -> dns.rdata.Rdata:
    """Return the value as the wire has it. Raises dns.exception.DNSException, ValueError."""
    rdtype = dns.rdatatype.from_text(record_type)
    if rdtype == dns.rdatatype.TXT:
        data = value.encode()
        chunks = [data[at : at + TXT_CHUNK] for at in range(0, len(data), TXT_CHUNK)] or [b""]
        return dns.rdtypes.ANY.TXT.TXT(IN, rdtype, chunks)
    return dns.rdata.from_text(IN, rdtype, value, origin=dns.name.root, relativize=False)


def answer(wire: bytes, zones: Zones, *, ttl: int, max_bytes: int = UDP_MAX_BYTES) -> bytes | None:
    """Return the answer to a query, both as on the wire; None for what deserves none."""
    try:
        query = dns.message.from_wire(wire, ignore_trailing=True)
    except (dns.exception.DNSException, ValueError, struct.error):
        return _malformed(wire)
    if query.flags & dns.flags.QR:
        return None
    response = dns.message.make_response(query, our_payload=UDP_MAX_BYTES)
    if query.opcode() != dns.opcode.QUERY:
        response.set_rcode(dns.rcode.NOTIMP)
    elif len(query.question) != 1:
        response.set_rcode(dns.rcode.FORMERR)
    else:
        _fill(response, query.question[0], zones, ttl)
    size = max_bytes if query.edns < 0 else max(min(query.payload, max_bytes), 512)
    if max_bytes == UDP_MAX_BYTES and query.edns < 0:
        size = 512  # RFC 1035, section 4.2.1, for clients without EDNS
    try:
        return response.to_wire(max_size=size)
    except dns.exception.TooBig:
        short = dns.message.make_response(query, our_payload=UDP_MAX_BYTES)
        short.flags |= dns.flags.TC
        return short.to_wire()


def _malformed(wire: bytes) -> bytes | None:
    """Return 'format error' under the number of the query, if it is one with a number."""
    if len(wire) < 12 or wire[2] & 0x80:
        return None
    return wire[:2] + bytes([0x80 | wire[2] & 0x78, dns.rcode.FORMERR]) + bytes(8)


def _fill(response: dns.message.Message, asked: dns.rrset.RRset, zones: Zones, ttl: int) -> None:
    whole_zone = (dns.rdatatype.AXFR, dns.rdatatype.IXFR, dns.rdatatype.ANY)
    name = _text(asked.name)
    zone = zones.zone_of(name)
    if zone is None or asked.rdclass != IN or asked.rdtype in whole_zone:
        response.set_rcode(dns.rcode.REFUSED)
        return
    response.flags |= dns.flags.AA
    for _ in range(CNAMES_FOLLOWED):
        found = _at(name, zone, zones, ttl)
        of_type = found.get(asked.rdtype)
        if of_type is not None:
            response.answer.append(of_type)
            return
        alias = found.get(dns.rdatatype.CNAME)
        if alias is None:
            break
        response.answer.append(alias)
        name = _text(alias[0].target)
        next_zone = zones.zone_of(name)
        if next_zone is None:
            return  # the client's resolver goes on from there
        zone = next_zone
    if not found and not zones.is_there(name):
        response.set_rcode(dns.rcode.NXDOMAIN)
    response.authority.append(_soa(zone, ttl))


def _at(name: str, zone: str, zones: Zones, ttl: int) -> dict[int, dns.rrset.RRset]:
    """Return what is at a name, by type; at the top of a zone SOA and NS as well."""
    found: dict[int, dns.rrset.RRset] = {}
    for record in zones.records(name):
        rdata = rdata_of(record.type, record.value)
        rrset = found.setdefault(
            rdata.rdtype, dns.rrset.RRset(dns.name.from_text(name), IN, rdata.rdtype)
        )
        rrset.add(rdata, ttl)
    if name == zone:
        found[dns.rdatatype.SOA] = _soa(zone, ttl)
        found[dns.rdatatype.NS] = dns.rrset.from_text(zone + ".", ttl, IN, "NS", SERVER_NAME)
    return found


def _soa(zone: str, ttl: int) -> dns.rrset.RRset:
    text = f"{SERVER_NAME} hostmaster.{zone}. 1 {ttl} {ttl} {ttl} {ttl}"
    return dns.rrset.from_text(f"{zone}.", ttl, IN, "SOA", text)


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()


class _Datagram(socketserver.BaseRequestHandler):
    server: "_Udp"

    def handle(self) -> None:
        wire, socket = self.request
        reply = self.server.reply(wire, UDP_MAX_BYTES)
        if reply is not None:
            socket.sendto(reply, self.client_address)


class _Stream(socketserver.StreamRequestHandler):
    server: "_Tcp"
    timeout = 10

    def handle(self) -> None:
        try:
            while len(size := self.rfile.read(2)) == 2:
                wire = self.rfile.read(int.from_bytes(size, "big"))
                reply = self.server.reply(wire, 65535)
                if reply is None:
                    return
                self.wfile.write(len(reply).to_bytes(2, "big") + reply)
        except (TimeoutError, ConnectionError):
            return


class _Udp(socketserver.ThreadingUDPServer):
    daemon_threads = True
    reply: Callable[[bytes, int], bytes | None]


class _Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    reply: Callable[[bytes, int], bytes | None]


def make_servers(
    host: str, port: int, reply: Callable[[bytes, int], bytes | None]
) -> tuple[socketserver.BaseServer, socketserver.BaseServer]:
    """Return the UDP and the TCP server of one port, bound and not yet serving.

    `reply` is given a query and how large its answer may be. What it raises is logged, and
    the client gets no answer. Raises OSError for a port that is taken.
    """

    def guarded(wire: bytes, max_bytes: int) -> bytes | None:
        try:
            return reply(wire, max_bytes)
        except Exception:  # one query must not end the server
            logger.exception("A query could not be answered")
            return None

    servers: Any = (_Udp((host, port), _Datagram), _Tcp((host, port), _Stream))
    for server in servers:
        server.reply = guarded
    return servers
