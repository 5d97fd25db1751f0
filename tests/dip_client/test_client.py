"""The command-line client at the API as `make run` serves it, and what it says of mistakes."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import pkcs12

from certificates.pki.csr import read_csr
from dip_client.__main__ import main
from dip_client.configuration import VARIABLES
from tests.channels.api.deployment import ROOT, Served, served

CALLBACK = "https://hooks.superenergy.example/dip"


@pytest.fixture(autouse=True)
def _nothing_of_the_shell_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("api"), clients=2) as deployment:
        yield deployment


@pytest.fixture
def configured(api: Served, tmp_path: Path) -> Path:
    """A configuration file of the first client, its key in a file of its own."""
    client = api.clients[0]
    (tmp_path / "api-key.txt").write_text(f"{client.api_key}\n")
    file = tmp_path / "dip-client.toml"
    file.write_text(
        f'api_url = "{api.url}"\ndip_id = "{client.dip_id}"\napi_key_file = "api-key.txt"\n'
        f'certificate = "{client.certificate}"\nkey = "{client.key}"\nca = "{api.authority}"\n'
    )
    return file


def run(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "dip_client", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.deploy
def test_a_webhook_is_set_read_and_removed(configured: Path) -> None:
    file = str(configured)
    made = run("--config", file, "configure", "PUB-036", CALLBACK, "--max-message-count", "5")
    by_path = run("--config", file, "configure", "STATUS", CALLBACK, "--path-form")
    one = run("--config", file, "read", "PUB-036")
    all_of_them = run("read")  # the file in this folder
    gone = run("unconfigure", "pub-036")
    nothing = run("read", "PUB-036")

    assert (made.returncode, made.stderr) == (0, "")
    assert json.loads(made.stdout)["maxMessageCount"] == 5
    assert by_path.returncode == 0
    assert json.loads(one.stdout)["callbackURL"] == CALLBACK
    assert [it["id"] for it in json.loads(all_of_them.stdout)] == ["PUB-036", "STATUS"]
    assert (gone.returncode, gone.stdout) == (0, "Done.\n")
    assert nothing.returncode == 1
    assert "404 not_configured" in nothing.stderr


@pytest.mark.deploy
def test_a_refusal_says_why_and_what_was_signed(configured: Path, api: Served) -> None:
    mine, theirs = api.clients
    done = run("configure", "PUB-036", CALLBACK, DIP_API_KEY=theirs.api_key)

    assert done.returncode == 1
    assert "403 api_key_of_another_dip_id" in done.stderr
    assert f"POST;{api.url}/dip-channel/pub-036/pubconfig/{mine.dip_id};" in done.stderr
    assert theirs.api_key not in done.stderr
    assert "Correlation id" in done.stderr


@pytest.mark.deploy
def test_who_vouches_for_the_api_has_to_be_named(configured: Path) -> None:
    configured.write_text("\n".join(configured.read_text().splitlines()[:-1]))
    done = run("read")

    assert done.returncode == 2
    assert "ca, which says who vouches" in done.stderr


# --- Files -------------------------------------------------------------------------------------


def test_a_key_and_a_csr_that_the_dip_takes(tmp_path: Path) -> None:
    assert main(["keys", "dip.superenergy.co.uk", "sign.superenergy.co.uk"]) == 0

    csr = read_csr((tmp_path / "dip.csr.pem").read_bytes())
    assert csr.dns_names == ("dip.superenergy.co.uk", "sign.superenergy.co.uk")
    assert stat.S_IMODE((tmp_path / "dip.key.pem").stat().st_mode) == 0o600


def test_a_key_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["keys", "dip.superenergy.co.uk"])
    before = (tmp_path / "dip.key.pem").read_bytes()

    assert main(["keys", "dip.superenergy.co.uk"]) == 2
    assert "not overwritten" in capsys.readouterr().err
    assert (tmp_path / "dip.key.pem").read_bytes() == before


def test_certificate_and_key_become_a_pfx(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ROOT / "tests" / "data" / "wire"
    monkeypatch.setenv("DIP_PFX_PASSWORD", "correct horse")

    assert main(["merge", str(data / "certificate.pem"), str(data / "key.pem"), "dip.pfx"]) == 0
    assert main(["show", str(data / "certificate.pem")]) == 0

    pfx = pkcs12.load_pkcs12((tmp_path / "dip.pfx").read_bytes(), b"correct horse")
    assert pfx.key is not None
    assert pfx.cert is not None
    assert "Thumbprint" in capsys.readouterr().out


def test_signing_prints_headers_and_string(capsys: pytest.CaptureFixture[str]) -> None:
    data = ROOT / "tests" / "data" / "wire"
    Path("dip-client.toml").write_text(
        'api_url = "https://uit.dip.example"\n'
        f'certificate = "{data / "certificate.pem"}"\nkey = "{data / "key.pem"}"\n'
    )

    assert main(["sign", "post", "/dip-channel/PUB-036/pubconfig/1", "--body", "{}"]) == 0

    out = capsys.readouterr().out
    assert "Signed  POST;https://uit.dip.example/dip-channel/pub-036/pubconfig/1;" in out
    assert "X-DIP-Signature-Certificate: " in out


@pytest.mark.parametrize(
    ("toml", "words", "said"),
    [
        ("", ["read"], "dip_id is not set"),
        ("dip_id = 5", ["read"], "dip_id in dip-client.toml has to be a text"),
        ("dip_id = ", ["read"], "is not TOML"),
        ('dipid = "1"', ["read"], "dipid, which is no setting"),
        ('api_url = "http://x"', ["read"], "by https:// alone"),
        ('api_url = "https://x"\ndip_id = "1"', ["read"], "certificate is not set"),
        (
            'api_url = "https://x"\ndip_id = "1"\ncertificate = "none.pem"\nkey = "none.pem"',
            ["read"],
            "none.pem cannot be read",
        ),
        ("", ["--config", "nowhere.toml", "read"], "nowhere.toml cannot be read"),
        ("", ["sign", "POST", "/x", "--body", "{"], "--body is not JSON"),
        ("", ["show", "dip-client.toml"], "is no certificate"),
    ],
)
def test_a_mistake_is_told_with_its_remedy(
    capsys: pytest.CaptureFixture[str], toml: str, words: list[str], said: str
) -> None:
    Path("dip-client.toml").write_text(toml)

    assert main(words) == 2

    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err
