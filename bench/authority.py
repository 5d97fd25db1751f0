"""Certificates per second at the authority and through the HVCA API, beside their peers.

The peers are measured in the same run: OpenSSL's bare rate of RSA signatures with a key of
the CA's size on one core, and an empty view of the same server over the same connections.
"""

import datetime
import http.client
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from bench import ROOT
from bench.databases import Databases
from bench.figures import Aim, Figure, middle
from certificates.pki.keys import CA_KEY_BITS
from deploy.make_certificate import AUTHORITY_FILE, make_certificate

CERTIFICATES = int(os.environ.get("BENCH_CERTIFICATES", "1000"))
# A process for each core, as WEB_CONCURRENCY gives a deployment.
PROCESSES = os.cpu_count() or 1
CONNECTIONS = 4 * PROCESSES
AIM = Aim(relation="at least", ratio=0.5)
ROUNDS = 3
JSON = "application/json;charset=utf-8"


def measure(databases: Databases) -> list[Figure]:
    """Issue certificates at the authority itself, then through its API."""
    folder = str(databases.folder)
    module = "bench.authority_steps"
    pair = databases.step("prepare", "atlas", folder, str(2 * CERTIFICATES), module=module)
    before = signing_rate()
    issued = databases.step("issue", "atlas", folder, str(CERTIFICATES), module=module)
    requests = json.loads((databases.folder / "requests.json").read_text())[:CERTIFICATES]
    between = signing_rate()
    with _server(databases) as port:
        api, empty = _through_the_api(databases.folder, port, pair, requests)
    after = signing_rate()
    # Each beside what OpenSSL did just before and just after it.
    signing, later = (before + between) / 2, (between + after) / 2
    return [
        Figure(
            what="Certificates a second at the authority, one process",
            peer=f"OpenSSL signing with RSA {CA_KEY_BITS}, one core",
            ratio=issued["per_second"] / signing,
            detail=f"{issued['per_second']:.0f} beside {signing:.0f} a second",
            aim=AIM,
        ),
        Figure(
            what=f"Certificates a second through the HVCA API, {PROCESSES} processes",
            peer="the lower of that rate and of an empty view's by TLS",
            ratio=api / min(later, empty),
            detail=f"{api:.0f} beside {later:.0f} signatures and {empty:.0f} empty views a second",
            aim=AIM,
        ),
    ]


def signing_rate() -> float:
    """Return how many RSA signatures OpenSSL makes a second on one core, by the clock."""
    told = subprocess.run(
        ["openssl", "speed", "-elapsed", "-seconds", "2", f"rsa{CA_KEY_BITS}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = re.search(rf"rsa\s*{CA_KEY_BITS} bits\s+\S+s\s+\S+s\s+([\d.]+)", told)
    assert found is not None, told
    return float(found[1])


@contextmanager
def _server(databases: Databases) -> Iterator[int]:
    """Give the port of an Atlas that ends TLS itself, with a process for each core."""
    names = ["localhost", "127.0.0.1"]
    make_certificate(
        databases.folder, names, trust=databases.folder, now=datetime.datetime.now(datetime.UTC)
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "--config", "python:deploy.gunicorn_tls_conf"),
            *(
                "--workers",
                str(PROCESSES),
                "--bind",
                f"127.0.0.1:{port}",
                "--access-logfile",
                os.devnull,
            ),
            *("--certfile", str(databases.folder / "certificate.pem")),
            *("--keyfile", str(databases.folder / "key.pem")),
        ],
        cwd=ROOT,
        env=databases.environment("atlas"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while not _listens(port):
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.2)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _through_the_api(
    folder: Path, port: int, pair: dict[str, str], requests: Sequence[str]
) -> tuple[float, float]:
    """Return certificates a second and empty views a second, the middle of some rounds each."""
    tls = ssl.create_default_context(cafile=str(folder / AUTHORITY_FILE))
    tls.load_cert_chain(folder / "access.pem")
    first = http.client.HTTPSConnection("localhost", port, context=tls)
    status, body = _ask(first, "POST", "/v2/login", json.dumps(pair))
    assert status == 200, body
    headers = {"Authorization": f"Bearer {json.loads(body)['access_token']}"}
    usages = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]
    orders = [
        json.dumps({"public_key": request, "extended_key_usages": usages}) for request in requests
    ]
    share = len(orders) // ROUNDS
    api, empty = [], []
    for number in range(ROUNDS):
        views = [("GET", "/health/", "", 200, headers)] * share
        empty.append(_rate(port, tls, views))
        part = orders[number * share : (number + 1) * share]
        api.append(
            _rate(port, tls, [("POST", "/v2/certificates", it, 201, headers) for it in part])
        )
    return middle(api), middle(empty)


Call = tuple[str, str, str, int, dict[str, str]]


def _rate(port: int, tls: ssl.SSLContext, calls: Sequence[Call]) -> float:
    """Make the calls over some connections that stay open, and return how many a second."""
    connections = [
        http.client.HTTPSConnection("localhost", port, context=tls) for _ in range(CONNECTIONS)
    ]
    for connection in connections:
        _ask(connection, "GET", "/health/")

    def work(number: int) -> None:
        for method, path, body, expected, headers in calls[number::CONNECTIONS]:
            status, answer = _ask(connections[number], method, path, body, headers)
            assert status == expected, answer

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        started = time.perf_counter()
        for future in [threads.submit(work, number) for number in range(CONNECTIONS)]:
            future.result()
        elapsed = time.perf_counter() - started
    for connection in connections:
        connection.close()
    return len(calls) / elapsed


def _ask(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: str = "",
    headers: dict[str, str] | None = None,
) -> tuple[int, bytes]:
    kind = {"Content-Type": JSON} if body else {}
    connection.request(method, path, body or None, {**kind, **(headers or {})})
    answer = connection.getresponse()
    return answer.status, answer.read()
