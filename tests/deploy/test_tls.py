"""The TLS port of `make run`: what Django sees of the certificate that a client shows."""

import datetime
import os
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from certificates.pki import formats, issue, keys
from deploy.make_certificate import AUTHORITY_FILE, make_certificate
from tests import pki
from tests.deploy.composition import ROOT
from tests.deploy.ports import free_ports
from tests.deploy.tls_clients import Shown, ask, connected, context, keep, lies
from tests.deploy.waiting import wait_until

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Server:
    """gunicorn as `make run` starts it, and the folders that it reads."""

    def __init__(self, *, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.trusted = folder / AUTHORITY_FILE
        self.authorities = folder / "trusted" / "authorities"

    def issued(self, environment: str = "uit", *, days_ago: int = 0) -> Shown:
        """Return a certificate of an environment's CA that was issued so long ago."""
        certificate = pki.sign_csr(
            pki.csr(KEY, ["dip.superenergy.example"]),
            environment=environment,
            age=datetime.timedelta(days=days_ago),
        )
        return keep(self.folder, certificate, KEY)

    def client(self, shown: Shown | None = None) -> ssl.SSLContext:
        return context(self.trusted, shown)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One gunicorn for all tests, which trusts the CAs of UIT and Production."""
    folder = tmp_path_factory.mktemp("tls")
    [port] = free_ports(1)
    made = Server(folder=folder, port=port)
    make_certificate(
        folder, ["localhost", "127.0.0.1"], trust=folder, now=datetime.datetime.now(datetime.UTC)
    )
    made.authorities.mkdir(parents=True)
    for name in ("uit", "production"):
        (made.authorities / f"{name}-1.pem").write_bytes(
            formats.pem(pki.issuing_ca(name).certificate)
        )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "--config", "python:deploy.gunicorn_tls_conf"),
                *("--workers", "1", "--bind", f"127.0.0.1:{port}"),
                *("--certfile", str(folder / "certificate.pem")),
                *("--keyfile", str(folder / "key.pem"), "tests.deploy.certificate_echo"),
            ],
            cwd=ROOT,
            env={
                "PATH": os.environ["PATH"],
                "DIP_HOME": str(folder / "home"),
                "DIP_AUTHORITY_DIR": str(folder / "trusted"),
                "PYTHONPATH": str(ROOT),
            },
            stdout=log,
            stderr=log,
        )
    try:
        wait_until(lambda: _listens(port), seconds=60)
        yield made
    finally:
        process.terminate()
        process.wait(timeout=30)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_client_need_not_show_a_certificate(server: Server) -> None:
    with connected(server.client(), port=server.port) as connection:
        code, told = ask(connection)

    assert code == 200
    assert told["thumbprint"] is None
    assert told["is_secure"] is True


def test_the_certificate_is_that_of_the_connection_on_each_of_its_requests(server: Server) -> None:
    shown = server.issued()
    with connected(server.client(shown), port=server.port) as connection:
        answers = [ask(connection, body=body) for body in (b"", b"[]" * 50_000, b"", b"{}")]
        local = connection.sock.getsockname()

    assert [told["thumbprint"] for _, told in answers] == [shown.thumbprint] * 4
    assert [told["read"] for _, told in answers] == [0, 100_000, 0, 2]
    assert local[1]  # one connection for all: http.client has not opened another


def test_many_clients_at_once_are_not_taken_for_one_another(server: Server) -> None:
    clients = [server.issued(), None, server.issued("production"), server.issued()]

    def seen(shown: Shown | None) -> set[str | None]:
        with connected(server.client(shown), port=server.port) as connection:
            return {ask(connection)[1]["thumbprint"] for _ in range(10)}

    with ThreadPoolExecutor(len(clients)) as threads:
        answers = list(threads.map(seen, clients))

    assert answers == [{shown and shown.thumbprint} for shown in clients]


@pytest.mark.parametrize(
    ("environment", "days_ago"),
    [("production", 0), ("uit", 400)],
    ids=["of the other environment", "expired"],
)
def test_what_the_portal_refuses_with_a_reason_passes_tls(
    server: Server, environment: str, days_ago: int
) -> None:
    shown = server.issued(environment, days_ago=days_ago)
    with connected(server.client(shown), port=server.port) as connection:
        assert ask(connection)[1]["thumbprint"] == shown.thumbprint


def test_a_certificate_of_nobody_fails_in_tls(server: Server) -> None:
    nobody = issue.make_root(
        organisation="Nobody",
        common_name="Nobody",
        key=KEY,
        serial=issue.new_serial(),
        now=datetime.datetime.now(datetime.UTC).replace(microsecond=0),
    )
    shown = keep(server.folder, nobody.certificate, KEY)

    with (
        connected(server.client(shown), port=server.port) as connection,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        ask(connection)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_that_is_taken_up_again_has_its_certificate(
    server: Server, version: ssl.TLSVersion
) -> None:
    shown = server.issued()
    tls = server.client(shown)
    tls.minimum_version = tls.maximum_version = version
    with connected(tls, port=server.port) as first:
        ask(first)
        session = first.sock.session

    with socket.create_connection(("127.0.0.1", server.port)) as plain:
        wrapped = tls.wrap_socket(plain, server_hostname="localhost", session=session)
        with connected(tls, port=server.port) as again:
            again.sock = wrapped
            told = ask(again)[1]
            was_taken_up = wrapped.session_reused

    assert was_taken_up
    assert told["thumbprint"] == shown.thumbprint


def test_versions_below_1_2_are_refused(server: Server) -> None:
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-tls1_1",
         "-cipher", "DEFAULT:@SECLEVEL=0"],
        input=b"", capture_output=True, timeout=20, check=False,
    )  # fmt: skip

    assert done.returncode != 0


def test_clients_who_stop_midway_keep_nobody_out(server: Server) -> None:
    stalled = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(12)]
    try:
        for connection in stalled:
            connection.sendall(b"\x16\x03\x01")
        with connected(server.client(), port=server.port) as patient:
            assert ask(patient)[0] == 200
    finally:
        for connection in stalled:
            connection.close()


def test_curl_shows_a_certificate_too(server: Server) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    shown = server.issued()
    done = subprocess.run(
        [curl, "--silent", "--show-error", "--cacert", server.trusted, "--cert", shown.file,
         f"https://localhost:{server.port}/"],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip

    assert shown.thumbprint in done.stdout, done.stderr


def test_an_authority_that_appears_later_is_believed_without_a_restart(server: Server) -> None:
    key = keys.new_ca_key()
    authority = issue.make_issuing_ca(
        root=pki.root(),
        organisation="Simulated authority",
        common_name="Simulated issuing CA uit G2",
        key=key,
        serial=issue.new_serial(),
        now=datetime.datetime.now(datetime.UTC).replace(microsecond=0),
        urls=pki.URLS,
    )
    shown = keep(server.folder, pki.sign_csr(pki.csr(KEY, ["a.example"]), by=authority), KEY)
    with (
        connected(server.client(shown), port=server.port) as too_early,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        ask(too_early)

    (server.authorities / "uit-2.pem").write_bytes(formats.pem(authority.certificate))

    with connected(server.client(shown), port=server.port) as connection:
        assert ask(connection)[1]["thumbprint"] == shown.thumbprint


@pytest.mark.parametrize("shows", [True, False], ids=["with its own", "without any"])
@pytest.mark.parametrize("lie", lies(Shown(certificate=pki.root().certificate, file=Path())))
def test_no_header_passes_for_a_certificate(server: Server, lie: str, shows: bool) -> None:
    own, other = server.issued(), server.issued()
    with connected(server.client(own if shows else None), port=server.port) as connection:
        code, told = ask(connection, lies(other)[lie])
        assert code == 200, told
        afterwards = ask(connection)[1]

    expected = own.thumbprint if shows else None
    assert told["thumbprint"] == expected
    assert told["path"] == "/any/path"
    assert afterwards["thumbprint"] == expected


@pytest.mark.parametrize("size", [8_000, 20_000, 2_000_000])
def test_a_huge_header_is_refused_or_nothing(server: Server, size: int) -> None:
    with connected(server.client(), port=server.port) as connection:
        try:
            code, told = ask(connection, [("X-Client-Certificate", "A" * size)])
        except (ConnectionError, ssl.SSLError):
            return  # it hung up before it had read everything

    assert code in (200, 400, 431)
    assert code != 200 or told["thumbprint"] is None
