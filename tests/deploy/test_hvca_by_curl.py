"""The whole chain through the HVCA API by programs that were not written here: curl, openssl.

No HVCA client can be had from the package registries, so that curl makes the calls that the
public Go client makes: its paths and verbs, its headers, its fields in its order, and what it
reads of the answers (the end of the path in Location, Total-Count, the JSON fields).
"""

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.atlas_alone import AtlasAlone, running

JSON = "Content-Type: application/json;charset=utf-8"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What curl got: status, headers in small letters, body."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def base(self) -> str:
        """The last part of the path in Location, which is all that the Go client looks at."""
        return self.headers["location"].rsplit("/", 1)[-1]


class Curl:
    """curl with a company's mTLS certificate."""

    def __init__(self, atlas: AtlasAlone, certificate: Path | None, key: Path | None) -> None:
        self.atlas = atlas
        self.words = ["curl", "--silent", "--show-error", "--include", "--http1.1"]
        self.words += ["--cacert", str(atlas.trusted)]
        if certificate and key:
            self.words += ["--cert", str(certificate), "--key", str(key)]
        self.token = ""

    def __call__(self, method: str, path: str, body: Any = None, *more: str) -> Answer:
        words = [*self.words, "--request", method, *more]
        if self.token and not more:
            words += ["--header", f"Authorization: Bearer {self.token}"]
        if body is not None:
            words += ["--header", JSON, "--data-binary", json.dumps(body)]
        done = run(*words, f"{self.atlas.address}{path}")
        head, _, text = done.partition("\n\n")  # text mode has made one of CR LF
        lines = head.splitlines()
        return Answer(
            status=int(lines[0].split()[1]),
            headers={
                name.lower(): value.strip()
                for name, _, value in (it.partition(":") for it in lines)
            },
            body=text,
        )


def run(*words: str, fails: bool = False) -> str:
    done = subprocess.run(words, capture_output=True, timeout=60, check=False, text=True)
    assert (done.returncode != 0) == fails, done.stderr
    return done.stderr if fails else done.stdout


def make_csr(folder: Path, name: str, *names: str) -> tuple[Path, Path]:
    """Make key and CSR with openssl, and return their files."""
    key, csr = folder / f"{name}.key", folder / f"{name}.csr"
    extension = ",".join(f"DNS:{it}" for it in names)
    run(
        *("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-sha256"),
        *("-subj", f"/CN={names[0] if names else name}"),
        *(("-addext", f"subjectAltName={extension}") if names else ()),
        *("-keyout", str(key), "-out", str(csr)),
    )
    return key, csr


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AtlasAlone]:
    with running(tmp_path_factory.mktemp("atlas")) as made:
        yield made


@dataclass(frozen=True, kw_only=True)
class Company:
    """A company with its curl, its API key and its secret."""

    curl: Curl
    pair: dict[str, str]
    folder: Path


def company(atlas: AtlasAlone, folder: Path, name: str, environment: str) -> Company:
    key, csr = make_csr(folder, f"access-{name}")
    made = atlas.register(name, environment, csr.read_bytes())
    chain = folder / f"access-{name}.pem"
    chain.write_text(made["chain"])
    return Company(
        curl=Curl(atlas, chain, key),
        pair={"api_key": made["key"], "api_secret": made["secret"]},
        folder=folder,
    )


@pytest.mark.parametrize("environment", ["UIT", "PRODUCTION"])
def test_the_whole_chain(atlas: AtlasAlone, tmp_path: Path, environment: str) -> None:
    domain = f"superenergy-{environment.lower()}.example"
    own = company(atlas, tmp_path, f"SuperEnergy{environment}", environment)
    curl = own.curl

    # Log in; look at what may be asked for.
    login = curl("POST", "/v2/login", own.pair)
    assert login.status == 200
    assert login.headers["content-type"].startswith("application/json")
    curl.token = login.json["access_token"]
    assert curl("GET", "/v2/validationpolicy").json["public_key"]["key_format"] == "PKCS10"

    # Claim a domain, put the token into DNS by the JSON API, verify.
    claimed = curl("POST", f"/v2/claims/domains/{domain}")
    assert claimed.status == 201
    claim = claimed.base
    assert re.fullmatch("[0-9A-F]{32}", claim)
    early = curl("POST", f"/v2/claims/domains/{claim}/dns", {"authorization_domain": domain})
    assert early.status == 201
    record = {"name": domain, "type": "TXT", "value": claimed.json["token"]}
    pair = f"{own.pair['api_key']}:{own.pair['api_secret']}"
    assert curl("POST", "/dns/v1/records", record, "--user", pair).status == 201
    verified = curl("POST", f"/v2/claims/domains/{claim}/dns", {"authorization_domain": domain})
    assert verified.status == 204
    listed = curl("GET", "/v2/claims/domains?page=1&per_page=100&status=VERIFIED")
    assert listed.headers["total-count"] == "1"
    assert [(it["id"], it["domain"]) for it in listed.json] == [(claim, f"{domain}.")]

    # Request a certificate by CSR, retrieve it.
    name = f"dip.{domain}"
    key, csr = make_csr(tmp_path, "dip", name)
    requested = curl(
        "POST",
        "/v2/certificates",
        {
            "validity": {"not_before": int(csr.stat().st_mtime), "not_after": 0},
            "subject_dn": {"common_name": name},
            "san": {"dns_names": [name]},
            "extended_key_usages": ["1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1"],
            "public_key": csr.read_text(),
        },
    )
    assert requested.status == 201, requested.body
    serial = requested.base
    found = curl("GET", f"/v2/certificates/{serial}")
    assert (found.status, found.json["status"]) == (200, "ISSUED")

    # The chain of trust leads to it, and it fits the key.
    issuing, root = curl("GET", "/v2/trustchain").json
    for file, pem in (("cer", found.json["certificate"]), ("issuing", issuing), ("root", root)):
        (tmp_path / file).write_text(pem)
    run(
        *("openssl", "verify", "-x509_strict", "-purpose", "sslclient"),
        *("-CAfile", str(tmp_path / "root"), "-untrusted", str(tmp_path / "issuing")),
        *("-verify_hostname", name, str(tmp_path / "cer")),
    )
    shown = run("openssl", "x509", "-in", str(tmp_path / "cer"), "-noout", "-serial", "-pubkey")
    assert shown.startswith(f"serial={serial}\n")
    assert run("openssl", "pkey", "-in", str(key), "-pubout") in shown

    # Revoke it; what is counted.
    revoked = curl("PATCH", f"/v2/certificates/{serial}", {"revocation_reason": "superseded"})
    assert (revoked.status, revoked.body) == (204, "")
    assert curl("GET", f"/v2/certificates/{serial}").json["status"] == "REVOKED"
    for counter in ("issued", "revoked"):
        assert curl("GET", f"/v2/counters/certificates/{counter}").json == {"value": 1}
        page = curl("GET", f"/v2/stats/{counter}?page=1&per_page=10&from=1700000000&to=4000000000")
        assert page.headers["total-count"] == "1"
        assert page.json[0]["serial_number"] == serial
    assert curl("GET", "/v2/quotas/issuance").json["value"] > 0
    assert curl("DELETE", f"/v2/claims/domains/{claim}").status == 204


def test_who_cannot_get_in(atlas: AtlasAlone, tmp_path: Path) -> None:
    own = company(atlas, tmp_path, "BrightGrid", "UIT")
    other = company(atlas, tmp_path, "Conduit", "UIT")

    without = Curl(atlas, None, None)("POST", "/v2/login", own.pair)
    foreign = other.curl("POST", "/v2/login", own.pair)
    wrong = own.curl("POST", "/v2/login", {**own.pair, "api_secret": "0" * 40})
    own.curl.token = own.curl("POST", "/v2/login", own.pair).json["access_token"]
    other.curl.token = own.curl.token

    assert [answer.status for answer in (without, foreign, wrong)] == [403, 403, 401]
    for answer in (without, foreign, wrong):
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert answer.json["description"]
    assert own.curl("GET", "/v2/trustchain").status == 200
    assert other.curl("GET", "/v2/trustchain").status == 401  # the token is another's
    # A certificate of an authority that Atlas does not know fails in the TLS handshake.
    key, csr = make_csr(tmp_path, "self")
    signed = tmp_path / "self.pem"
    run("openssl", "x509", "-req", "-in", str(csr), "-signkey", str(key), "-out", str(signed))
    words = Curl(atlas, signed, key).words
    # Whether curl reads the alert or finds the connection closed is a race of TLS 1.3.
    assert "HTTP/" not in run(*words, f"{atlas.address}/v2/trustchain", fails=True)
