"""`make bench-api`: signed configurePublication calls beside an empty view and beside OpenSSL.

One gunicorn process with TLS on PostgreSQL, as `make run` serves the API. Calls are signed
beforehand, so that what is measured is the server. The empty view is an address of the same
server that reads nothing and answers 204, asked by the same client over the same connections.
`make load` holds 50 signed clients for five minutes and counts errors.
"""

import argparse
import contextlib
import json
import os
import re
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from channels import wire
from channels.wire import Signer
from tests.channels.api.deployment import ApiClient, Served, served

SERVER = os.environ.get("DATABASE_URL") or "postgres://postgres@127.0.0.1:5432/postgres"
CONNECTIONS = int(os.environ.get("BENCH_API_CONNECTIONS", "4"))
CALLS = int(os.environ.get("BENCH_API_CALLS", "2000"))
ROUNDS = 3
LOAD_CLIENTS = int(os.environ.get("LOAD_CLIENTS", "50"))
LOAD_SECONDS = int(os.environ.get("LOAD_SECONDS", "300"))
AIM = 0.5
UNLIMITED = {"DIP_API_CALLS_PER_ADDRESS": "100000000", "DIP_API_CALLS_PER_DIP_ID": "100000000"}


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


def openssl_verify_rate() -> float:
    """Return OpenSSL's own RSA 2048 verifications a second, on one core."""
    done = subprocess.run(
        ["openssl", "speed", "-seconds", "3", "rsa2048"], capture_output=True, text=True, check=True
    )
    line = next(it for it in done.stdout.splitlines() if re.search(r"rsa\s+2048", it))
    return float(line.split()[-1])


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


def bench() -> None:
    """Measure and print the rates, alternating what is measured."""
    with on_postgres(clients=1, workers=1) as api:
        machine = Machine(api, api.clients[0])
        kinds: dict[str, tuple[Callable[[int], bytes], int]] = {
            "empty view": (lambda number: machine.empty(), 204),
            "configurePublication, as it is set": (
                lambda number: machine.configure(number, changes=False),
                201,
            ),
            "configurePublication, set anew": (
                lambda number: machine.configure(number, changes=True),
                201,
            ),
        }
        measured: dict[str, list[float]] = {kind: [] for kind in kinds}
        number = 0
        for make, code in kinds.values():  # each thread gets its database connection
            rate(machine, [make(number := number + 1) for _ in range(100)], code)
        for _ in range(ROUNDS):
            for kind, (make, code) in kinds.items():
                requests = [make(number := number + 1) for _ in range(CALLS)]
                measured[kind].append(rate(machine, requests, code))
    verify = openssl_verify_rate()
    print(f"Calls a second, one process, {CONNECTIONS} connections, PostgreSQL (median)")
    empty = statistics.median(measured["empty view"])
    for kind, rates in measured.items():
        ours = statistics.median(rates)
        print(f"  {kind:40} {ours:>9.0f}   {ours / empty:5.2f} of the empty view", flush=True)
    print(f"  {'OpenSSL verifies RSA 2048, one core':40} {verify:>9.0f}")
    ratio = statistics.median(measured["configurePublication, as it is set"]) / empty
    print(f"  aim: {AIM} of the empty view {'met' if ratio >= AIM else 'MISSED'}")


def load() -> None:
    """Let many signed clients call for minutes. Ends with code 1 if there was one error."""
    workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
    answers: Counter[str] = Counter()
    slowest: list[float] = []
    lock = threading.Lock()
    with on_postgres(clients=LOAD_CLIENTS, workers=workers) as api:
        deadline = time.monotonic() + LOAD_SECONDS

        def work(client: ApiClient) -> None:
            machine = Machine(api, client)
            with contextlib.closing(machine.connect()) as connection:
                number, most = 0, 0.0
                counted: Counter[str] = Counter()
                while time.monotonic() < deadline:
                    number += 1
                    request = machine.configure(number, changes=bool(number % 2))
                    started = time.perf_counter()
                    try:
                        counted[str(ask(connection, request)[0])] += 1
                    except OSError as error:
                        counted[type(error).__name__] += 1
                        break
                    most = max(most, time.perf_counter() - started)
            with lock:
                answers.update(counted)
                slowest.append(most)

        with ThreadPoolExecutor(LOAD_CLIENTS) as threads:
            list(threads.map(work, api.clients))
    print(f"{LOAD_CLIENTS} signed clients, {LOAD_SECONDS} seconds, {workers} processes, PostgreSQL")
    print(f"  answers: {dict(answers)}, {sum(answers.values()) / LOAD_SECONDS:.0f} a second")
    print(f"  slowest answer: {max(slowest):.2f} s")
    sys.exit(0 if set(answers) == {"201"} else 1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["bench", "load"])
    {"bench": bench, "load": load}[parser.parse_args().what]()
