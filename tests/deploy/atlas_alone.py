"""An Atlas of its own: a database in a folder, its web pages and API by TLS, and its DNS."""

import datetime
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.make_certificate import AUTHORITY_FILE, make_certificate
from tests.deploy.composition import ROOT
from tests.deploy.ports import free_ports
from tests.deploy.waiting import wait_until

# Registers a company, whose identity is vetted at once, and has its mTLS certificate issued.
REGISTER = """
import json, sys
from django.utils import timezone
from certificates.atlas.actors import ATLAS
from certificates.atlas.models import Account, DipEnvironment
from certificates.atlas.services import accounts, certificates, credentials, identities
now = timezone.now()
company, environment = sys.argv_of_test
user = accounts.register(company=company, email="admin@" + company.lower() + ".example",
    first_name="A", last_name="B", password="correct horse battery", address=None, now=now)
account = Account.objects.get(users__user=user)
profile = identities.request_identity(actor=ATLAS, account=account, name="MAIN",
    organisation=company, locality="London", state="", country="GB", now=now)
new = credentials.create_api_credential(actor=ATLAS, account=account, profile=profile,
    environment=DipEnvironment(environment), name="dip", now=now)
access = certificates.issue_access_certificate(actor=ATLAS, profile=profile,
    environment=DipEnvironment(environment),
    csr=certificates.read_request(sys.stdin.buffer.read()), now=now)
print(json.dumps({"key": new.api_key, "secret": new.api_secret,
    "chain": certificates.chain_pem(access).decode()}))
"""


@dataclass(frozen=True, kw_only=True)
class AtlasAlone:
    """Where it is: `folder` is everything it keeps, `trusted` whom its TLS clients trust."""

    folder: Path
    port: int
    dns_port: int

    @property
    def address(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def trusted(self) -> Path:
        return self.folder / AUTHORITY_FILE

    @property
    def environment(self) -> dict[str, str]:
        """The variables of its processes."""
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "DIP_ENVIRONMENT": "atlas",
            "DIP_HOME": str(self.folder / "home"),
            "DIP_TRUSTED_KEYS_DIR": str(self.folder / "keys"),
            "DIP_AUTHORITY_DIR": str(self.folder / "keys"),
            "DIP_DEMONSTRATION": "false",
            "STATIC_ROOT": str(self.folder / "static"),
            "ATLAS_DNS_LISTEN": f"127.0.0.1:{self.dns_port}",
            "ATLAS_DNS_RESOLVER": f"127.0.0.1:{self.dns_port}",
        }

    def manage(self, *words: str, standard_input: bytes = b"") -> str:
        """Run a manage.py command and return what it prints."""
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *words],
            env=self.environment,
            input=standard_input,
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def register(self, company: str, environment: str, csr: bytes) -> dict[str, str]:
        """Register a company; return its API key, secret, and mTLS certificate with its chain."""
        words = f"import sys; sys.argv_of_test = ({company!r}, {environment!r})"
        told = self.manage("shell", "-v", "0", "-c", f"{words}\n{REGISTER}", standard_input=csr)
        answer: dict[str, str] = json.loads(told.strip().splitlines()[-1])
        return answer


@contextmanager
def running(folder: Path) -> Iterator[AtlasAlone]:
    """Give an Atlas that answers, and end its processes."""
    port, dns_port = free_ports(2)
    atlas = AtlasAlone(folder=folder, port=port, dns_port=dns_port)
    now = datetime.datetime.now(datetime.UTC)
    make_certificate(folder, ["localhost", "127.0.0.1"], trust=folder, now=now)
    atlas.manage("migrate", "-v", "0")
    atlas.manage("collectstatic", "--noinput", "-v", "0")
    atlas.manage("prepare_atlas")
    commands = [
        [
            *(sys.executable, "-m", "gunicorn", "--config", "python:deploy.gunicorn_tls_conf"),
            *("--workers", "1", "--bind", f"127.0.0.1:{port}"),
            *("--certfile", str(folder / "certificate.pem")),
            *("--keyfile", str(folder / "key.pem")),
        ],
        [sys.executable, str(ROOT / "manage.py"), "serve_dns"],
    ]
    with (folder / "log").open("wb") as log:
        processes = [
            subprocess.Popen(
                command,
                cwd=ROOT,
                env=atlas.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            for command in commands
        ]
    try:
        wait_until(lambda: _listens(port) and _listens(dns_port), seconds=90)
        yield atlas
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=30)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
