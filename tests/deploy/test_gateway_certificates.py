"""The gateway of the containers: Django sees the certificate that a client showed, and no other."""

import datetime
import http.client
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from certificates.pki import issue
from tests import pki
from tests.deploy.composition import Native, native
from tests.deploy.gateway import start_gateway
from tests.deploy.ports import free_ports
from tests.deploy.tls_clients import Shown, ask, connected, context, keep, lies
from tests.deploy.waiting import wait_until
from tests.leaving_out import need_program

NAMES = [f"{name}.dip.localhost" for name in ("uit", "production", "atlas")]
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Gateway:
    """nginx before a gunicorn, both as docker-compose.yml starts them."""

    def __init__(self, *, stack: Native, port: int, plain_port: int) -> None:
        self.stack = stack
        self.port = port
        self.plain_port = plain_port

    def client(self, shown: Shown | None = None) -> ssl.SSLContext:
        return context(self.stack.volume("gateway-trust") / "gateway-ca.pem", shown)

    def issued(self, *, days_ago: int = 0) -> Shown:
        """Return a certificate of UIT's CA that was issued so long ago."""
        certificate = pki.sign_csr(
            pki.csr(KEY, ["dip.superenergy.example"]), age=datetime.timedelta(days=days_ago)
        )
        return keep(self.stack.folder, certificate, KEY)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """The gateway, each of whose names leads to one application that tells what it sees."""
    need_program("nginx")
    port, plain_port, health, web = free_ports(4)
    with native(
        folder=tmp_path_factory.mktemp("gateway"),
        variables={},
        places={
            "listen 8443": f"listen 127.0.0.1:{port}",
            "listen 8088": f"listen 127.0.0.1:{plain_port}",
            "127.0.0.1:8081": f"127.0.0.1:{health}",
            "0.0.0.0:8000": f"127.0.0.1:{web}",
            "localhost:8000": f"localhost:{web}",
            **{f"{name}-web:8000": f"127.0.0.1:{web}" for name in ("uit", "production", "atlas")},
        },
    ) as stack:
        stack.run("uit-passwords")
        stack.start("uit-web", "tests.deploy.certificate_echo")
        start_gateway(stack)
        wait_until(lambda: stack.is_healthy("uit-web") and stack.is_healthy("gateway"))
        yield Gateway(stack=stack, port=port, plain_port=plain_port)


@pytest.mark.parametrize("name", NAMES)
def test_a_certificate_travels_to_the_deployment_of_each_name(gateway: Gateway, name: str) -> None:
    shown = gateway.issued()
    with connected(gateway.client(shown), port=gateway.port, name=name) as connection:
        seen = [ask(connection, body=body)[1] for body in (b"", b"[]" * 50_000, b"")]
    with connected(gateway.client(), port=gateway.port, name=name) as connection:
        without = ask(connection)[1]

    assert [told["thumbprint"] for told in seen] == [shown.thumbprint] * 3
    assert [told["read"] for told in seen] == [0, 100_000, 0]
    assert without["thumbprint"] is None
    assert "X-Client-Certificate" not in without["headers"]


def test_whosever_certificate_it_is_the_portal_judges_it(gateway: Gateway) -> None:
    nobody = issue.make_root(
        organisation="Nobody",
        common_name="Nobody",
        key=KEY,
        serial=issue.new_serial(),
        now=datetime.datetime.now(datetime.UTC).replace(microsecond=0),
    )
    expired = gateway.issued(days_ago=400)
    chained = gateway.issued()
    with chained.file.open("a") as file:
        for authority in (pki.issuing_ca(), pki.root()):
            file.write(Shown(certificate=authority.certificate, file=chained.file).pem)
    for shown in (expired, keep(gateway.stack.folder, nobody.certificate, KEY), chained):
        for body in (b"", b"[]" * 50_000):
            with connected(gateway.client(shown), port=gateway.port, name=NAMES[0]) as connection:
                code, told = ask(connection, body=body)

            assert code == 200, told
            assert told["thumbprint"] == shown.thumbprint
            assert told["read"] == len(body)
            assert told["path"] == "/any/path"


@pytest.mark.parametrize("shows", [True, False], ids=["with its own", "without any"])
@pytest.mark.parametrize("lie", lies(Shown(certificate=pki.root().certificate, file=Path())))
def test_no_header_passes_for_a_certificate(gateway: Gateway, lie: str, shows: bool) -> None:
    own, other = gateway.issued(), gateway.issued()
    tls = gateway.client(own if shows else None)
    with connected(tls, port=gateway.port, name=NAMES[1]) as connection:
        code, told = ask(connection, lies(other)[lie])
        assert code == 200, told
        afterwards = ask(connection)[1]

    expected = own.thumbprint if shows else None
    assert told["thumbprint"] == expected
    assert told["path"] == "/any/path"
    assert ("X-Client-Certificate" in told["headers"]) is shows
    assert afterwards["thumbprint"] == expected


def test_no_header_passes_for_a_certificate_with_an_expired_one(gateway: Gateway) -> None:
    own, other = gateway.issued(days_ago=400), gateway.issued()
    for lie in lies(other).values():
        with connected(gateway.client(own), port=gateway.port, name=NAMES[0]) as connection:
            assert ask(connection, lie)[1]["thumbprint"] == own.thumbprint


@pytest.mark.parametrize("size", [8_000, 20_000, 2_000_000])
def test_a_huge_header_is_refused_or_nothing(gateway: Gateway, size: int) -> None:
    with connected(gateway.client(), port=gateway.port, name=NAMES[0]) as connection:
        try:
            code, told = ask(connection, [("X-Client-Certificate", "A" * size)])
        except (ConnectionError, ssl.SSLError):
            return  # it hung up before it had read everything

    assert code in (200, 400, 431)
    assert code != 200 or told["thumbprint"] is None


def test_a_certificate_for_one_name_is_none_for_another(gateway: Gateway) -> None:
    shown = gateway.issued()
    with connected(gateway.client(shown), port=gateway.port, name=NAMES[0]) as connection:
        code, _ = ask(connection, [("Host", NAMES[1])])

    assert code in (400, 421)


def test_without_tls_there_is_no_certificate(gateway: Gateway) -> None:
    for lie in lies(gateway.issued()).values():
        connection = http.client.HTTPConnection("127.0.0.1", gateway.plain_port, timeout=30)
        connection.putrequest("GET", "/crl/uit-1.crl", skip_host=True)
        connection.putheader("Host", NAMES[2])
        for name, text in lie:
            connection.putheader(name, text)
        connection.endheaders()
        answer = connection.getresponse()

        assert answer.status == 200
        assert b'"thumbprint": null' in answer.read()
