"""A name server like that of Docker's networks: a service's name leads to each of its replicas."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dns.message
import dns.rdatatype
import dns.rrset

from certificates.atlas.nameserver import make_servers


class Names:
    """The addresses of each service, which may change while they are asked for."""

    def __init__(self, addresses: Mapping[str, list[str]]) -> None:
        self.addresses = dict(addresses)

    def reply(self, wire: bytes, _max_bytes: int) -> bytes:
        """Answer a query for the IPv4 addresses of a service."""
        query = dns.message.from_wire(wire)
        response = dns.message.make_response(query)
        [question] = query.question
        found = self.addresses.get(question.name.to_text(omit_final_dot=True), [])
        if question.rdtype == dns.rdatatype.A and found:
            response.answer.append(dns.rrset.from_text(question.name, 1, "IN", "A", *found))
        return response.to_wire()


@contextmanager
def serving_names(port: int, addresses: Mapping[str, list[str]]) -> Iterator[Names]:
    """Give a name server on a port of 127.0.0.1 until the block ends."""
    names = Names(addresses)
    servers = make_servers("127.0.0.1", port, names.reply)
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield names
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
