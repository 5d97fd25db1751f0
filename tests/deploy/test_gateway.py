"""The gateway tells the portal the truth about a request, and tells the log no token."""

import datetime
import http.server
import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deploy.make_certificate import make_certificate
from tests.deploy.composition import Native, native
from tests.deploy.gateway import gateway_client, start_gateway
from tests.deploy.ports import free_ports
from tests.deploy.waiting import wait_until
from tests.leaving_out import need_program

PORTALS = ["uit", "production", "atlas"]
NAMES = [f"{name}.dip.localhost" for name in PORTALS]


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with its name and the headers that it was sent."""

    name = ""

    def do_GET(self) -> None:
        body = json.dumps({"portal": self.name, "headers": dict(self.headers)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


class Gateway:
    """nginx with the configuration of the gateway, and how to ask it."""

    def __init__(self, *, stack: Native, port: int, plain_port: int) -> None:
        self.stack = stack
        self.port = port
        self.plain_port = plain_port

    def client(self, name: str) -> httpx.Client:
        """Return a client that trusts the gateway's certificate and asks for this name."""
        return gateway_client(self.stack, port=self.port, name=name)

    @property
    def log(self) -> str:
        return self.stack.log("gateway").read_text()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """The gateway before three sites that only echo what they were sent."""
    need_program("nginx")
    port, plain_port, health, nobody, *numbers = free_ports(7)
    for name, number in zip(PORTALS, numbers, strict=True):
        handler = type("Portal", (Echo,), {"name": name})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", number), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    with native(
        folder=tmp_path_factory.mktemp("gateway"),
        variables={},
        places={
            "listen 8443": f"listen 127.0.0.1:{port}",
            "listen 8088": f"listen 127.0.0.1:{plain_port}",
            "127.0.0.1:8081": f"127.0.0.1:{health}",
            "catcher:8000": f"127.0.0.1:{nobody}",
            **{
                f"{name}-web:8000": f"127.0.0.1:{number}"
                for name, number in zip(PORTALS, numbers, strict=True)
            },
        },
    ) as stack:
        start_gateway(stack)
        wait_until(lambda: stack.is_healthy("gateway"))
        yield Gateway(stack=stack, port=port, plain_port=plain_port)


@pytest.mark.parametrize(("name", "portal"), list(zip(NAMES, PORTALS, strict=True)))
def test_each_name_leads_to_its_own_portal(gateway: Gateway, name: str, portal: str) -> None:
    with gateway.client(name) as client:
        assert client.get("/").json()["portal"] == portal


def test_what_a_client_says_about_itself_does_not_reach_the_portal(gateway: Gateway) -> None:
    lies = {
        "X-Forwarded-For": "203.0.113.1",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Port": "1",
        "X-Forwarded-Ssl": "off",
        "X-Forwarded-Prefix": "/evil",
        "X-Real-Ip": "203.0.113.1",
        "Forwarded": "for=203.0.113.1;proto=http",
        "X_Forwarded_Proto": "http",
    }
    with gateway.client("uit.dip.localhost") as client:
        headers = client.get("/", headers=lies).json()["headers"]

    told = {name: text for name, text in headers.items() if "orward" in name or "Real" in name}
    assert told == {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "https"}
    assert headers["Host"] == f"uit.dip.localhost:{gateway.port}"


@pytest.mark.parametrize(
    ("path", "code"), [("/crl/uit-1.crl", 200), ("/ocsp/uit-1/abc", 200), ("/accounts/login/", 404)]
)
def test_without_tls_only_what_certificates_lead_to_is_answered(
    gateway: Gateway, path: str, code: int
) -> None:
    answer = httpx.get(
        f"http://127.0.0.1:{gateway.plain_port}{path}",
        headers={"Host": "atlas.dip.localhost", "X-Forwarded-Proto": "https"},
    )

    assert answer.status_code == code
    if code == 200:
        assert answer.json()["portal"] == "atlas"
        assert answer.json()["headers"]["X-Forwarded-Proto"] == "http"


def test_tokens_and_queries_stay_out_of_the_log(gateway: Gateway) -> None:
    with gateway.client("production.dip.localhost") as client:
        client.get("/invitations/accept/s3cret/", headers={"Referer": "https://x/s3cret"})
        client.get("/accounts/password/reset/key/3-s3cret/")
        client.get("/accounts/login/", params={"next": "/invitations/accept/s3cret/"})

    wait_until(lambda: "/accounts/login/" in gateway.log, seconds=5)
    assert "s3cret" not in gateway.log
    assert '"GET /invitations/accept/[redacted]/" 200' in gateway.log
    assert '"GET /accounts/password/reset/key/[redacted]/" 200' in gateway.log


@pytest.mark.parametrize(
    ("path", "size", "status", "heading"),
    [
        ("/admin/promotion/imports/upload/", 34_000_000, 413, "That was too much at once"),
        ("/", 0, 502, "The portal does not answer"),
    ],
)
def test_what_the_gateway_says_itself_has_the_look_of_the_portal(
    gateway: Gateway, path: str, size: int, status: int, heading: str
) -> None:
    name = "uit" if size else "catcher"  # there is no catcher behind this gateway
    with gateway.client(f"{name}.dip.localhost") as client:
        answer = client.post(path, content=b"x" * size)

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert f"<h1>{heading}</h1>" in answer.text
    assert f'<p class="soft">Error {status}</p>' in answer.text
    assert "nginx" not in answer.text
    correlation_id = answer.headers["X-Correlation-ID"]
    assert f"<code>{correlation_id}</code>" in answer.text
    wait_until(lambda: f"[{correlation_id}]" in gateway.log, seconds=5)
    assert f'"POST {path}" {status}' in gateway.log


def test_a_call_of_the_api_gets_a_problem_of_the_gateway(gateway: Gateway) -> None:
    with gateway.client("uit.dip.localhost") as client:
        answer = client.post("/dip-channel/PUB-001/pubconfig/1", content=b"x" * 34_000_000)

    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "/api/#body_too_large",
        "status": 413,
        "code": "body_too_large",
        "title": "That was too much at once",
        "detail": answer.json()["detail"],
        "check": "request",
        "correlationId": answer.headers["X-Correlation-ID"],
    }


def test_a_name_that_is_nobodys_is_refused(gateway: Gateway) -> None:
    with gateway.client("evil.example") as client, pytest.raises(httpx.ConnectError):
        client.get("/")


def test_old_versions_of_tls_are_refused(gateway: Gateway) -> None:
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{gateway.port}", "-tls1_1",
         "-servername", "uit.dip.localhost"],
        input=b"", capture_output=True, timeout=20, check=False,
    )  # fmt: skip

    assert done.returncode != 0


NOW = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("later", "names", "is_made"),
    [
        (datetime.timedelta(days=300), NAMES, False),
        (datetime.timedelta(days=370), NAMES, True),
        (datetime.timedelta(), [*NAMES, "other.dip.localhost"], True),
    ],
    ids=["still good", "soon over", "another name"],
)
def test_the_certificate_is_kept_as_long_as_it_is_good(
    tmp_path: Path, later: datetime.timedelta, names: list[str], is_made: bool
) -> None:
    assert make_certificate(tmp_path, NAMES, trust=tmp_path, now=NOW)
    authority = (tmp_path / "gateway-ca.pem").read_bytes()

    assert make_certificate(tmp_path, names, trust=tmp_path, now=NOW + later) is is_made

    assert (tmp_path / "gateway-ca.pem").read_bytes() == authority

    assert (tmp_path / "key.pem").stat().st_mode & 0o777 == 0o440
    assert (tmp_path / "authority-key.pem").stat().st_mode & 0o777 == 0o400
    assert make_certificate(tmp_path, names, trust=tmp_path, now=NOW + later) is False


def test_an_authority_that_soon_ends_is_followed_by_another(tmp_path: Path) -> None:
    make_certificate(tmp_path, NAMES, trust=tmp_path, now=NOW)
    former = (tmp_path / "gateway-ca.pem").read_bytes()

    later = NOW + datetime.timedelta(days=10 * 365 - 100)
    assert make_certificate(tmp_path, NAMES, trust=tmp_path, now=later)

    assert (tmp_path / "gateway-ca.pem").read_bytes() != former


def test_its_authority_vouches_for_this_machine_alone(tmp_path: Path) -> None:
    make_certificate(
        tmp_path, ["localhost"], trust=tmp_path, now=datetime.datetime.now(datetime.UTC)
    )
    (tmp_path / "authority-key.pem").rename(tmp_path / "stolen.pem")
    words = {
        "key": ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "evil-key.pem"],
        "csr": ["req", "-new", "-key", "evil-key.pem", "-subj", "/CN=bank.example", "-addext",
                "subjectAltName=DNS:bank.example", "-out", "evil.csr"],
        "sign": ["x509", "-req", "-in", "evil.csr", "-CA", "gateway-ca.pem", "-CAkey", "stolen.pem",
                 "-copy_extensions", "copy", "-days", "30", "-out", "evil.pem"],
        "verify": ["verify", "-CAfile", "gateway-ca.pem", "evil.pem"],
    }  # fmt: skip
    done = {
        name: subprocess.run(
            ["openssl", *them],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        for name, them in words.items()
    }
    good = subprocess.run(
        ["openssl", "verify", "-x509_strict", "-CAfile", "gateway-ca.pem", "certificate.pem"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip

    assert done["sign"].returncode == 0
    assert "permitted subtree violation" in done["verify"].stderr
    assert good.returncode == 0, good.stderr
