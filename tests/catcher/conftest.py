"""The webhook catcher as `make run` starts it, and a DIP that calls it."""

import json
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from certificates.pki import formats, issue, keys
from channels import wire
from deploy.make_certificate import AUTHORITY_FILE, make_certificate
from tests import pki
from tests.deploy.composition import ROOT
from tests.deploy.ports import free_ports
from tests.deploy.waiting import wait_until

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
BODY = json.dumps([{"payload": {"CommonBlock": {"D0": {"publicationID": "PUB-021"}}}}]).encode()


@dataclass(kw_only=True)
class Catcher:
    """The running catcher: its folder, its address, and clients of it."""

    folder: Path
    port: int
    open_clients: list[httpx.Client] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def client(self, certificate: x509.Certificate | None = None) -> httpx.Client:
        """Return a client that trusts the catcher, and shows this certificate if any."""
        tls = ssl.create_default_context(cafile=str(self.folder / AUTHORITY_FILE))
        if certificate is not None:
            file = self.folder / f"{formats.thumbprint(certificate)}.pem"
            file.write_bytes(formats.pem(certificate) + keys.to_pem(KEY))
            tls.load_cert_chain(file)
        made = httpx.Client(base_url=self.url, verify=tls, timeout=30)
        self.open_clients.append(made)
        return made

    def send(
        self,
        path: str,
        *,
        body: bytes = BODY,
        sent: bytes | None = None,
        by: x509.Certificate | None = None,
        shows: bool = True,
        ago: timedelta = timedelta(),
        signed: str | None = None,
        without: tuple[str, ...] = (),
    ) -> httpx.Response:
        """Send a call as the DIP does: signed, over mutual TLS."""
        certificate = by or own_certificate()
        headers = wire.sign(
            method="POST",
            url=signed or f"{self.url}{path}",
            body=body,
            signer=wire.Signer(key=KEY, certificate=certificate),
            now=datetime.now(UTC) - ago,
        )
        for name in without:
            del headers[name]
        client = self.client(certificate if shows else None)
        return client.post(path, content=body if sent is None else sent, headers=headers)

    def last(self) -> dict[str, Any]:
        """Return the newest call, as a script gets it."""
        [call] = self.client().get("/calls.json?limit=1").json()["calls"]
        found: dict[str, Any] = call
        return found

    def failed(self) -> list[str]:
        """Return the texts of the checks that the newest call failed."""
        return [it["text"] for it in self.last()["checks"] if it["outcome"] == "failed"]


def own_certificate(environment: str = "uit", **more: Any) -> x509.Certificate:
    """Return a certificate as the DIP has of its own."""
    request = pki.csr(KEY, [f"{environment}.dip.example"])
    return pki.sign_csr(request, environment=environment, **more)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catcher]:
    """One catcher for all tests, which trusts the CAs of UIT and Production."""
    folder = tmp_path_factory.mktemp("catcher")
    [port] = free_ports(1)
    made = Catcher(folder=folder, port=port)
    make_certificate(folder, ["localhost"], trust=folder, now=datetime.now(UTC))
    authorities = folder / "trusted" / "authorities"
    authorities.mkdir(parents=True)
    (authorities / "root-1.pem").write_bytes(formats.pem(pki.root().certificate))
    for name in ("uit", "production"):
        ca = pki.issuing_ca(name).certificate
        (authorities / f"{name}-1.pem").write_bytes(formats.pem(ca))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "--config", "python:deploy.gunicorn_tls_conf"),
                *("--workers", "1", "--bind", f"127.0.0.1:{port}", "--threads", "16"),
                *("--certfile", str(folder / "certificate.pem")),
                *("--keyfile", str(folder / "key.pem")),
                *("--env", f"CATCHER_FOLDER={folder / 'kept'}", "catcher.wsgi:application"),
            ],
            cwd=ROOT,
            env={
                "PATH": os.environ["PATH"],
                "DIP_AUTHORITY_DIR": str(folder / "trusted"),
                "STATIC_ROOT": str(folder / "staticfiles"),
                "CATCHER_KEEPS": "40",
                "CATCHER_KEEPS_BYTES": "4500000",
                "PYTHONPATH": str(ROOT),
            },
            stdout=log,
            stderr=log,
        )
        try:

            def is_up() -> bool:
                assert process.poll() is None, (folder / "log").read_text()
                try:
                    return made.client().get("/health/").status_code == 200
                except httpx.TransportError:
                    return False

            wait_until(is_up, seconds=60)
            yield made
        finally:
            for client in made.open_clients:
                client.close()
            process.terminate()
            process.wait(timeout=30)


@pytest.fixture
def catcher(running: Catcher) -> Catcher:
    """The catcher as if it had just been started for the first time."""
    client = running.client()
    client.delete("/calls.json").raise_for_status()
    client.put("/answer.json", json={}).raise_for_status()
    return running


@pytest.fixture(scope="session")
def foreign() -> x509.Certificate:
    """A certificate of an authority that nobody has pinned."""
    now = datetime.now(UTC) - timedelta(days=800)
    other = issue.make_root(
        organisation="Somebody", common_name="Somebody's root", key=keys.new_ca_key(),
        serial=issue.new_serial(), now=now,
    )  # fmt: skip
    authority = issue.make_issuing_ca(
        root=other, organisation="Somebody", common_name="Somebody's CA", key=keys.new_ca_key(),
        serial=issue.new_serial(), now=now, urls=pki.URLS,
    )  # fmt: skip
    return own_certificate(by=authority)
