"""The DIP calls a webhook over real TLS, and says in words what happened."""

import ipaddress
import socket
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from certificates.pki import formats, keys
from channels import wire
from channels.caller import Call, Rules, Sender, advice_of, call
from tests import pki
from tests.channels.receiver import receiver

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
BODY = b'[{"payload": {}}]'


@pytest.fixture(scope="module")
def sender(tmp_path_factory: pytest.TempPathFactory) -> Sender:
    """The DIP, with a certificate of its own."""
    folder = tmp_path_factory.mktemp("dip")
    key = pki.key()
    certificate = pki.sign_csr(pki.csr(key, ["uit.dip.example"]))
    (folder / "key.pem").write_bytes(keys.to_pem(key))
    (folder / "chain.pem").write_bytes(
        formats.chain_pem([certificate, pki.issuing_ca().certificate])
    )
    return Sender(
        signer=wire.Signer(key=key, certificate=certificate),
        key_file=folder / "key.pem",
        certificate_file=folder / "chain.pem",
    )


def send(sender: Sender, url: str, *, ca: str = "", seconds: float = 5, **more: Any) -> Call:
    rules = Rules(also=more.get("also", LOOPBACK), ca_file=ca, seconds=seconds)
    return call(url=url, body=BODY, sender=sender, rules=rules, now=datetime.now(UTC))


def test_it_is_signed_and_shows_the_dips_certificate(sender: Sender, tmp_path: Path) -> None:
    with receiver(tmp_path, client_ca=pki.root().certificate) as there:
        done = send(sender, there.url(path="/Dip?x=Y"), ca=str(there.ca_file))

    assert done.is_delivered, done.advice
    (got,) = there.received
    assert got.body == BODY
    assert got.path == "/Dip?x=Y"
    assert got.client == sender.signer.certificate
    verified = wire.verify(
        method="POST",
        url=done.url,
        body=got.body,
        headers=got.headers,
        now=datetime.now(UTC),
    )
    assert verified.certificate == sender.signer.certificate
    assert done.answer == "thank you"
    assert done.tls["protocol"].startswith("TLSv1.")
    assert done.tls["names"] == "localhost"
    assert set(done.timing) == {"name", "connection", "tls", "answer"}
    assert done.request_headers["X-DIP-Content-Hash"] == wire.content_hash(BODY)


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (200, "expects 201 Created"),
        (302, "a redirect, which the DIP does not follow"),
        (401, "would not send the messages again by itself"),
        (503, "send the messages again later"),
        (418, "does not expect"),
    ],
)
def test_any_other_answer_is_told_in_words(
    sender: Sender, tmp_path: Path, status: int, says: str
) -> None:
    with receiver(tmp_path) as there:
        there.status = status
        there.headers = {"Location": "https://localhost:1/"}
        done = send(sender, there.url(), ca=str(there.ca_file))

    assert not done.is_delivered
    assert done.status == status
    assert says in done.advice
    assert len(there.received) == 1


def test_a_server_that_is_not_trusted_gets_nothing_and_is_described(
    sender: Sender, tmp_path: Path
) -> None:
    with receiver(tmp_path) as there:
        done = send(sender, there.url())

    assert done.code == "tls_untrusted"
    assert there.received == []
    assert done.tls["subject"] == "localhost"


def test_an_expired_certificate_and_another_name_are_told(sender: Sender, tmp_path: Path) -> None:
    with receiver(tmp_path, ends=timedelta(days=-1)) as there:
        expired = send(sender, there.url(), ca=str(there.ca_file))
    with receiver(tmp_path, names=("hooks.example",)) as there:
        other = send(sender, there.url(), ca=str(there.ca_file))

    assert expired.code == "tls_expired"
    assert other.code == "tls_wrong_name"
    assert other.tls["names"] == "hooks.example"


def test_a_server_that_wants_another_client_certificate_is_told(
    sender: Sender, tmp_path: Path
) -> None:
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    with receiver(stranger) as other:
        someone = x509.load_pem_x509_certificate(other.ca_file.read_bytes())
    with receiver(tmp_path, client_ca=someone) as there:
        done = send(sender, there.url(), ca=str(there.ca_file))

    assert done.code in ("tls_failed", "answer_unreadable")
    assert "certificate" in done.advice
    assert there.received == []


def test_nothing_listens(sender: Sender) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        done = send(sender, f"https://localhost:{port}/")

    assert done.code == "connection_refused"


def test_a_slow_answer_ends_in_time(sender: Sender, tmp_path: Path) -> None:
    with receiver(tmp_path) as there:
        there.delay = threading.Event()
        done = send(sender, there.url(), ca=str(there.ca_file), seconds=1)

    assert done.code == "timed_out"
    assert "answer 201 as soon as" in done.advice


def test_plain_http_is_no_tls(sender: Sender) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        thread = threading.Thread(target=_answer_plainly, args=(server,), daemon=True)
        thread.start()
        done = send(sender, f"https://localhost:{port}/")
        thread.join(5)

    assert done.code == "tls_failed"


def _answer_plainly(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_an_unknown_name(sender: Sender) -> None:
    assert send(sender, "https://nowhere.invalid/").code == "name_unknown"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "169.254.169.254"])
def test_no_address_inside_is_called(sender: Sender, tmp_path: Path, host: str) -> None:
    with receiver(tmp_path) as there:
        done = send(sender, there.url(host), ca=str(there.ca_file), also=())

    assert done.code == "address_refused"
    assert there.received == []


def test_dns_that_changes_between_look_and_call_leads_nowhere_else(
    sender: Sender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is looked up once: what it says later is not asked (DNS rebinding)."""
    asked: list[str] = []
    look_up = socket.getaddrinfo

    def changing(host: str, port: int, *words: Any, **more: Any) -> list[Any]:
        if host != "hooks.example":
            return look_up(host, port, *words, **more)
        asked.append(host)
        address = "127.0.0.2" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    with receiver(tmp_path) as there:  # it listens at 127.0.0.1 alone
        monkeypatch.setattr("channels.caller.socket.getaddrinfo", changing)
        done = send(sender, there.url("hooks.example"), ca=str(there.ca_file))

    assert asked == ["hooks.example"]
    assert done.address == "127.0.0.2"
    assert done.code == "connection_refused"
    assert there.received == []


def test_each_documented_status_has_its_advice() -> None:
    assert advice_of(201) == "The webhook answered 201 Created, as the DIP expects."
    assert all("again later" in advice_of(status) for status in (408, 429, 500, 502, 504))
    assert all("by itself" in advice_of(status) for status in (400, 403, 404, 405, 406, 413, 505))


def test_an_answer_without_end_is_cut(sender: Sender, tmp_path: Path) -> None:
    with receiver(tmp_path) as there:
        there.headers = {f"X-{number}": "v" * 3000 for number in range(60)}
        done = send(sender, there.url(), ca=str(there.ca_file))

    assert len(done.answer_headers) <= 40
    assert all(len(value) <= 1000 for value in done.answer_headers.values())
