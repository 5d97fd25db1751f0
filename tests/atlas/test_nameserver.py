"""The small DNS server speaks DNS: by UDP, by TCP, and with those who speak badly."""

import socket

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates.atlas.models import Account, DnsRecord, DnsZone
from certificates.atlas.nameserver import answer
from certificates.atlas.services.dns import reply
from tests.atlas.conftest import Records


@pytest.fixture
def zone(account: Account) -> DnsZone:
    """superenergy.example with a web site, an alias of it, mail, and a long text."""
    zone = DnsZone.objects.create(account=account, name="superenergy.example")
    for name, kind, value in (
        ("superenergy.example", "TXT", "the code"),
        ("superenergy.example", "TXT", "another text"),
        ("superenergy.example", "MX", "10 mail.superenergy.example."),
        ("web.superenergy.example", "A", "192.0.2.1"),
        ("web.superenergy.example", "AAAA", "2001:db8::1"),
        ("www.superenergy.example", "CNAME", "web.superenergy.example."),
        ("away.superenergy.example", "CNAME", "elsewhere.example."),
        ("deep.down.superenergy.example", "TXT", "x" * 700),
    ):
        DnsRecord.objects.create(zone=zone, name=name, type=kind, value=value)
    return zone


def ask(name: str, kind: str, **how: object) -> dns.message.Message:
    query = dns.message.make_query(name, kind, **how)  # type: ignore[arg-type]
    wire = reply(query.to_wire(), 1232)
    assert wire is not None
    response = dns.message.from_wire(wire)
    assert query.is_response(response)
    return response


def told(response: dns.message.Message) -> list[str]:
    return sorted(rdata.to_text() for rrset in response.answer for rdata in rrset)


@pytest.mark.parametrize(
    ("name", "kind", "values"),
    [
        ("superenergy.example", "TXT", ['"another text"', '"the code"']),
        ("SuperEnergy.Example.", "TXT", ['"another text"', '"the code"']),
        ("superenergy.example", "MX", ["10 mail.superenergy.example."]),
        ("superenergy.example", "NS", ["ns.atlas.invalid."]),
        ("web.superenergy.example", "AAAA", ["2001:db8::1"]),
        ("www.superenergy.example", "A", ["192.0.2.1", "web.superenergy.example."]),
        ("away.superenergy.example", "A", ["elsewhere.example."]),
    ],
)
def test_it_answers_for_its_zones(zone: DnsZone, name: str, kind: str, values: list[str]) -> None:
    response = ask(name, kind)

    assert response.rcode() == dns.rcode.NOERROR
    assert response.flags & dns.flags.AA
    assert told(response) == values


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("nothing.superenergy.example", "TXT", dns.rcode.NXDOMAIN),
        ("web.superenergy.example", "TXT", dns.rcode.NOERROR),
        ("down.superenergy.example", "TXT", dns.rcode.NOERROR),  # there is something under it
    ],
)
def test_what_is_not_there_comes_with_the_zones_soa(
    zone: DnsZone, name: str, kind: str, code: int
) -> None:
    response = ask(name, kind)

    assert response.rcode() == code
    assert told(response) == []
    assert response.authority[0].rdtype == dns.rdatatype.SOA


@pytest.mark.parametrize(
    ("name", "kind"),
    [("elsewhere.example", "TXT"), ("superenergy.example", "AXFR"),
     ("superenergy.example", "ANY"), (".", "NS"), ("example", "TXT")],
)  # fmt: skip
def test_what_is_nobodys_business_is_refused(zone: DnsZone, name: str, kind: str) -> None:
    assert ask(name, kind).rcode() == dns.rcode.REFUSED


def test_a_long_answer_is_cut_for_udp_and_whole_by_tcp(zone: DnsZone) -> None:
    query = dns.message.make_query("deep.down.superenergy.example", "TXT")
    short = dns.message.from_wire(reply(query.to_wire(), 1232) or b"")
    whole = dns.message.from_wire(reply(query.to_wire(), 65535) or b"")

    assert short.flags & dns.flags.TC
    assert not short.answer
    assert b"".join(whole.answer[0][0].strings) == b"x" * 700


def test_edns_carries_more_by_udp(zone: DnsZone) -> None:
    response = ask("deep.down.superenergy.example", "TXT", use_edns=0, payload=4096)

    assert not response.flags & dns.flags.TC
    assert len(response.answer) == 1


def test_an_alias_of_itself_ends(zone: DnsZone) -> None:
    DnsRecord.objects.create(
        zone=zone, name="a.superenergy.example", type="CNAME", value="b.superenergy.example."
    )
    DnsRecord.objects.create(
        zone=zone, name="b.superenergy.example", type="CNAME", value="a.superenergy.example."
    )

    assert ask("a.superenergy.example", "A").rcode() == dns.rcode.NOERROR


def test_another_kind_of_request_is_not_implemented(zone: DnsZone) -> None:
    query = dns.message.make_query("superenergy.example", "SOA")
    query.set_opcode(dns.opcode.NOTIFY)

    response = dns.message.from_wire(reply(query.to_wire(), 1232) or b"")

    assert response.rcode() == dns.rcode.NOTIMP


def test_an_answer_is_not_answered() -> None:
    query = dns.message.make_query("superenergy.example", "TXT")
    response = dns.message.make_response(query)

    assert answer(response.to_wire(), Records(), ttl=1) is None


@given(st.binary(max_size=600))
def test_no_packet_breaks_it(wire: bytes) -> None:
    records = Records()
    records.put("superenergy.example", "TXT", "the code")

    reply = answer(wire, records, ttl=1)

    assert reply is None or len(reply) <= 1232


def test_over_the_network(nameserver: Records, settings: object) -> None:
    nameserver.put("superenergy.example", "TXT", "x" * 900)
    host, _, port = settings.ATLAS_DNS_RESOLVER.rpartition(":")  # type: ignore[attr-defined]
    query = dns.message.make_query("superenergy.example", "TXT")

    response, was_tcp = dns.query.udp_with_fallback(query, host, port=int(port), timeout=5)

    assert was_tcp
    assert len(response.answer) == 1
    with socket.create_connection((host, int(port)), timeout=5) as rude:
        rude.sendall(b"\xff\xffnot DNS at all")
        rude.shutdown(socket.SHUT_WR)
        rude.recv(100)
    assert dns.query.udp(query, host, port=int(port), timeout=5).flags & dns.flags.TC
