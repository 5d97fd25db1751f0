"""Signed configurePublication calls, beside an empty view of the same server.

One gunicorn process with TLS on PostgreSQL, as `make run` serves the API. Calls are signed
beforehand, so that what is measured is the server. The empty view is an address of the same
server that reads nothing and answers 204, asked by the same client over the same connections.
"""

import itertools
import json
import os
import re
import socket
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bench.databases import SERVER, Databases
from bench.figures import Aim, Figure, middle
from bench.processes import children_of, seconds_of
from channels import wire
from channels.wire import Signer
from tests.channels.api.deployment import ApiClient, Served, served

CONNECTIONS = int(os.environ.get("BENCH_API_CONNECTIONS", "4"))
CALLS = int(os.environ.get("BENCH_API_CALLS", "1000"))
ROUNDS = 3
WARM = 100
AIM = Aim(relation="at least", ratio=0.5)
UNLIMITED = {"DIP_API_CALLS_PER_ADDRESS": "100000000", "DIP_API_CALLS_PER_DIP_ID": "100000000"}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of call: how one is made, and the status of its answer."""

    what: str
    make: Callable[["Machine", int], bytes]
    expected: int


class Machine:
    """A client with its keys: makes requests as bytes, ready to be sent."""

    def __init__(self, api: Served, client: ApiClient) -> None:
        key = load_pem_private_key(Path(client.key).read_bytes(), password=None)
        assert isinstance(key, rsa.RSAPrivateKey)
        certificate = x509.load_pem_x509_certificate(Path(client.certificate).read_bytes())
        self._signer = Signer(key=key, certificate=certificate)
        self._api, self._client = api, client

    def configure(self, number: int, *, changes: bool) -> bytes:
        """Return a signed configurePublication; where it `changes`, with a URL of its own."""
        path = f"/dip-channel/PUB-036/pubconfig/{self._client.dip_id}"
        which = number if changes else 0
        body = json.dumps({"callbackURL": f"https://hooks.example/dip/{which}"}).encode()
        # Each signature has a date of its own, within the window.
        when = datetime.now(UTC) + timedelta(milliseconds=number % 200_000)
        headers = wire.sign(
            method="POST", url=f"{self._api.url}{path}", body=body, signer=self._signer, now=when
        )
        headers |= {"X-API-KEY": self._client.api_key, "Content-Type": "application/json"}
        return self._request("POST", path, headers, body)

    def empty(self) -> bytes:
        """Return a request for the empty view."""
        return self._request("GET", "/empty/", {}, b"")

    def connect(self) -> ssl.SSLSocket:
        """Open a TLS connection that shows the client's certificate."""
        context = ssl.create_default_context(cafile=str(self._api.authority))
        context.load_cert_chain(self._client.client)
        plain = socket.create_connection(("127.0.0.1", self._api.port), timeout=60)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return context.wrap_socket(plain, server_hostname="localhost")

    def _request(self, verb: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
        lines = [f"{verb} {path} HTTP/1.1", f"Host: localhost:{self._api.port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(body)}", "", ""]
        return "\r\n".join(lines).encode() + body


def ask(connection: ssl.SSLSocket, request: bytes) -> tuple[int, bytes]:
    """Send one request and return status and body of the answer."""
    connection.sendall(request)
    data = b""
    while b"\r\n\r\n" not in data:
        data += (got := connection.recv(65536))
        if not got:
            raise ConnectionError("The server has closed the connection.")
    head, _, body = data.partition(b"\r\n\r\n")
    found = re.search(rb"(?i)content-length: (\d+)", head)
    while len(body) < (int(found[1]) if found else 0):
        body += connection.recv(65536)
    return int(head[9:12]), body


def rate(machine: Machine, requests: list[bytes], expected: int) -> float:
    """Return how many of these requests are answered a second, over a few connections."""
    shares = [requests[at::CONNECTIONS] for at in range(CONNECTIONS)]
    connections = [machine.connect() for _ in shares]

    def work(connection: ssl.SSLSocket, share: list[bytes]) -> list[tuple[int, bytes]]:
        return [ask(connection, request) for request in share]

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        started = time.perf_counter()
        answers = [one for those in threads.map(work, connections, shares) for one in those]
        seconds = time.perf_counter() - started
    for connection in connections:
        connection.close()
    wrong = [answer for answer in answers if answer[0] != expected]
    if wrong or len(answers) != len(requests):
        raise SystemExit(f"{len(wrong)} answers were no {expected}, such as {wrong[:1]!r}")
    return len(answers) / seconds


EMPTY = Kind(what="empty view", make=lambda machine, _: machine.empty(), expected=204)
KINDS = [
    Kind(
        what="Signed configurePublication, as it is set",
        make=lambda machine, number: machine.configure(number, changes=False),
        expected=201,
    ),
    Kind(
        what="Signed configurePublication, another URL each time",
        make=lambda machine, number: machine.configure(number, changes=True),
        expected=201,
    ),
]


@contextmanager
def on_postgres(clients: int, workers: int) -> Iterator[Served]:
    """Serve the API on a PostgreSQL database of its own, with Redis if it is named."""
    name = f"dip_bench_api_{os.getpid()}"
    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    settings = {
        **UNLIMITED,
        "DATABASE_URL": urlsplit(SERVER)._replace(path=f"/{name}").geturl(),
        "DJANGO_SETTINGS_MODULE": "bench.api_settings",
        **({"REDIS_URL": os.environ["REDIS_URL"]} if "REDIS_URL" in os.environ else {}),
    }
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            served(Path(folder), clients=clients, workers=workers, settings=settings) as api,
        ):
            yield api
    finally:
        with psycopg.connect(SERVER, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def measure(_: Databases) -> list[Figure]:
    """Call a server, which has a database of its own, alternating what is measured."""
    with on_postgres(clients=1, workers=1) as api:
        machine = Machine(api, api.clients[0])
        processes = children_of(api.process)
        number = itertools.count()

        def round_of(kind: Kind, calls: int) -> tuple[float, float]:
            """Return calls a second, and the server's processor time of one in milliseconds."""
            requests = [kind.make(machine, next(number)) for _ in range(calls)]
            before = seconds_of(processes)
            rate_ = rate(machine, requests, kind.expected)
            return rate_, (seconds_of(processes) - before) / calls * 1000

        for kind in (EMPTY, *KINDS):
            round_of(kind, WARM)  # each thread gets its database connection
        rounds = [
            {kind.what: round_of(kind, CALLS) for kind in (EMPTY, *KINDS)} for _ in range(ROUNDS)
        ]
    return [
        figure
        for kind in KINDS
        for figure in _figures(kind.what, [(it[kind.what], it[EMPTY.what]) for it in rounds])
    ]


def _figures(
    what: str, rounds: list[tuple[tuple[float, float], tuple[float, float]]]
) -> list[Figure]:
    """Return the ratios of rates and of processor times, each the middle of those of the rounds."""
    rates = [(ours[0], empty[0]) for ours, empty in rounds]
    times = [(ours[1], empty[1]) for ours, empty in rounds]
    return [
        Figure(
            what=f"{what}: calls a second",
            peer="an empty view by TLS",
            ratio=middle([ours / empty for ours, empty in rates]),
            detail=f"{middle([it for it, _ in rates]):.0f} beside "
            f"{middle([it for _, it in rates]):.0f} a second",
            aim=AIM,
        ),
        Figure(
            what=f"{what}: processor time of the server, how many times as much",
            peer="an empty view by TLS",
            ratio=middle([ours / empty for ours, empty in times]),
            detail=f"{middle([it for it, _ in times]):.2f} ms beside "
            f"{middle([it for _, it in times]):.2f} ms",
        ),
    ]
