"""A Postman collection run by newman, and a program that knows only the JDK, call the API."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509 import load_pem_x509_certificate

from tests.channels.api.deployment import ROOT, ApiClient, Served, served
from tests.leaving_out import leave_out, need_program

pytestmark = pytest.mark.deploy
CLIENTS = ROOT / "tests" / "data" / "clients"
NEWMAN = "newman@6"
INSTALL_SECONDS = 300
BODY = '{"callbackURL":"https://hooks.superenergy.example/dip","maxMessageCount":5}'
PASSWORD = "correct-horse"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("api")) as deployment:
        yield deployment


@pytest.fixture(scope="module")
def newman(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which npm has installed newman."""
    npm = need_program("npm")
    folder = tmp_path_factory.mktemp("newman")
    command = [npm, "install", "--no-audit", "--no-fund", "--silent", "--ignore-scripts", NEWMAN]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, timeout=INSTALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        leave_out("npm has not installed newman within five minutes")
    if done.returncode:
        leave_out(f"npm could not install newman: {done.stderr.decode(errors='replace')[-200:]}")
    return folder / "node_modules"


def collection(client: ApiClient) -> dict[str, Any]:
    """Return a collection that sets, reads and removes a webhook, and signs each request."""
    path = f"/dip-channel/PUB-036/pubconfig/{client.dip_id}"
    requests = [
        ("POST", path, 201),
        ("GET", f"/extensions{path}", 200),
        ("DELETE", path, 204),
        ("GET", f"/extensions{path}", 404),
    ]
    schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    script = (CLIENTS / "postman_signature.js").read_text(encoding="utf-8").splitlines()
    return {
        "info": {"name": "DIP", "schema": schema},
        "event": [{"listen": "prerequest", "script": {"exec": script}}],
        "item": [
            {
                "name": f"{method} {where}",
                "event": [
                    {
                        "listen": "test",
                        "script": {
                            "exec": [
                                f"pm.test('{code}', () => pm.response.to.have.status({code}));"
                            ]
                        },
                    }
                ],
                "request": {
                    "method": method,
                    "url": f"{{{{hostname}}}}{where}",
                    "header": [{"key": "Content-Type", "value": "application/json"}],
                    **({"body": {"mode": "raw", "raw": BODY}} if method == "POST" else {}),
                },
            }
            for method, where, code in requests
        ],
    }


def test_a_postman_collection_run_by_newman(api: Served, newman: Path, tmp_path: Path) -> None:
    client = api.clients[0]
    values = {
        "hostname": api.url,
        "apiKey": client.api_key,
        "keyPem": Path(client.key).read_text(),
        "certificatePem": Path(client.certificate).read_text(),
        "forge": (newman / "node-forge" / "dist" / "forge.min.js").read_text(),
    }
    environment = {"values": [{"key": name, "value": value} for name, value in values.items()]}
    (tmp_path / "environment.json").write_text(json.dumps(environment))
    (tmp_path / "collection.json").write_text(json.dumps(collection(client)))

    done = subprocess.run(
        [
            *(str(newman / ".bin" / "newman"), "run", "collection.json"),
            *("--environment", "environment.json", "--color", "off", "--bail"),
            *("--ssl-client-cert", client.certificate, "--ssl-client-key", client.key),
            *("--ssl-extra-ca-certs", str(api.authority)),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_java_s_own_client_and_signature(api: Served, tmp_path: Path) -> None:
    java = need_program("java")
    client = api.clients[0]
    pfx = tmp_path / "client.pfx"
    pfx.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"dip",
            load_pem_private_key(Path(client.key).read_bytes(), None),  # type: ignore[arg-type]
            load_pem_x509_certificate(Path(client.certificate).read_bytes()),
            None,
            BestAvailableEncryption(PASSWORD.encode()),
        )
    )
    url = f"{api.url}/dip-channel/PUB-036/pubconfig/{client.dip_id}"

    answers = []
    for verb, body in (("POST", BODY), ("DELETE", "")):
        done = subprocess.run(
            [
                *(java, str(CLIENTS / "Call.java"), verb, url, body, str(pfx), PASSWORD),
                *(str(api.authority), client.api_key),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        answers.append(done.stdout[:3] or done.stderr)

    assert answers == ["201", "204"]
