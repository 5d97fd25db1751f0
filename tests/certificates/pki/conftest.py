"""An authority to issue with, and the openssl command line as participants use it."""

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from certificates.pki import issue, keys
from certificates.pki.issue import Authority, Urls
from tests.leaving_out import need_program

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
URLS = Urls(
    ca_issuers="http://atlas.example/ca.cer",
    ocsp="http://atlas.example/ocsp",
    crl="http://atlas.example/ca.crl",
)


class OpenSsl:
    """The real openssl in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.program = need_program("openssl")

    def __call__(self, *words: str, fails: bool = False) -> str:
        """Run a command and return what it prints; `fails` says that it must fail."""
        done = subprocess.run(
            [self.program, *words], cwd=self.folder, capture_output=True, check=False
        )
        said = (done.stdout + done.stderr).decode(errors="replace")
        assert (done.returncode != 0) == fails, said
        return said

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def write(self, name: str, data: bytes) -> None:
        (self.folder / name).write_bytes(data)

    def key(self, name: str = "dip.key", kind: str = "rsa:2048") -> None:
        """Make a private key: `rsa:BITS`, or the name of an EC curve, or an algorithm."""
        if kind.startswith("rsa:"):
            options = ["-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{kind[4:]}"]
        elif kind in ("ED25519", "X25519"):
            options = ["-algorithm", kind]
        else:
            options = ["-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{kind}"]
        self("genpkey", *options, "-out", name)

    def csr(
        self, *names: str, key: str = "dip.key", out: str = "dip.csr", options: tuple[str, ...] = ()
    ) -> bytes:
        """Make a CSR with these DNS names, the first of them the common name."""
        extension = (
            ("-addext", "subjectAltName=" + ",".join(f"DNS:{name}" for name in names))
            if names
            else ()
        )
        common = f"/CN={names[0]}" if names else ""
        subject = f"/C=GB/O=Super Energy Co{common}"
        self(
            *("req", "-new", "-key", key, "-out", out, "-subj", subject, "-utf8"),
            *(extension + options),
        )
        return self.read(out)


@pytest.fixture
def openssl(tmp_path: Path) -> OpenSsl:
    return OpenSsl(tmp_path)


@pytest.fixture(scope="session")
def root() -> Authority:
    return issue.make_root(
        organisation="Simulated authority",
        common_name="Simulated root",
        key=keys.new_ca_key(),
        serial=issue.new_serial(),
        now=NOW - timedelta(days=30),
    )


@pytest.fixture(scope="session")
def make_issuer(root: Authority) -> Callable[[str], Authority]:
    def make(name: str) -> Authority:
        return issue.make_issuing_ca(
            root=root,
            organisation="Simulated authority",
            common_name=name,
            key=keys.new_ca_key(),
            serial=issue.new_serial(),
            now=NOW - timedelta(days=30),
            urls=URLS,
        )

    return make


@pytest.fixture(scope="session")
def issuer(make_issuer: Callable[[str], Authority]) -> Authority:
    return make_issuer("Simulated issuing CA, UIT")
