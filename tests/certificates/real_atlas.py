"""The real Atlas in processes of its own: its site, its HVCA API by TLS, its DNS, its worker."""

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from certificates.pki.pfx import Pfx, make_pfx
from deploy.make_certificate import AUTHORITY_FILE
from deploy.processes import Processes
from deploy.run import Run, deployments
from tests.deploy.ports import free_ports

FILL = Path(__file__).with_name("fill_atlas.py")
PASSWORD = "a pfx password"


@dataclass(frozen=True, kw_only=True)
class Set:
    """API credentials as a Certificate Admin has them: key, secret, and what a PFX is made of."""

    api_key: str
    api_secret: str
    key: str
    chain: str

    @property
    def certificates(self) -> list[x509.Certificate]:
        return x509.load_pem_x509_certificates(self.chain.encode())

    def pfx(self, password: str = PASSWORD) -> bytes:
        """Return the merged PFX."""
        first, *others = self.certificates
        content = Pfx(
            certificate=first,
            private_key=load_pem_private_key(self.key.encode(), None),  # type: ignore[arg-type]
            chain=tuple(others),
        )
        return make_pfx(content, password=password, name="atlas")


@dataclass(frozen=True, kw_only=True)
class Customer:
    """A company that is registered with Atlas, with a set for each environment."""

    email: str
    domain: str
    uit: Set
    production: Set


@dataclass(frozen=True, kw_only=True)
class Atlas:
    """Where it is, and what tests do with it."""

    run: Run

    @property
    def deployment(self) -> Any:
        return self.run.all[0]

    @property
    def site(self) -> str:
        return str(self.deployment.address)

    @property
    def hvca_url(self) -> str:
        return str(self.deployment.listeners[0].address)

    @property
    def ca_file(self) -> Path:
        return self.run.gateway / AUTHORITY_FILE

    @property
    def authority_dir(self) -> Path:
        return self.run.gateway.parent / "trusted-keys"

    def customer(self, company: str = "Super Energy Co") -> Customer:
        """Register a new customer."""
        domain = f"energy-{uuid.uuid4().hex[:12]}.example"
        email = f"cara@{domain}"
        made = self._fill("customer", company, email, "SUPER-ENERGY")
        return Customer(
            email=email, domain=domain, uit=Set(**made["uit"]), production=Set(**made["production"])
        )

    def switch(self, customer: Customer, **switches: str) -> None:
        """Turn switches of Test controls: `api`, `issuance`."""
        for field, value in switches.items():
            self._fill("switch", customer.email, field, value)

    def revoke(self, serial: str, reason: str) -> None:
        """Revoke a certificate on Atlas's own side."""
        self._fill("revoke", serial, reason)

    def add_txt(self, login: Set, domain: str, value: str) -> None:
        """Put a TXT record into the test DNS, with its zone."""
        answer = httpx.post(
            f"{self.site}/dns/v1/records",
            auth=(login.api_key, login.api_secret),
            json={"name": domain, "type": "TXT", "value": value},
        )
        assert answer.status_code == 201, answer.text

    def _fill(self, *words: str) -> Any:
        done = subprocess.run(
            [sys.executable, str(FILL), *words],
            env=self.run.environment(self.deployment),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@contextmanager
def running(var: Path) -> Iterator[Atlas]:
    """Start Atlas as `make run` does, and stop it."""
    names = [f"DIP_{name}_PORT" for name in ("ATLAS", "ATLAS_API", "ATLAS_DNS", "CATCHER")]
    ports = dict(zip(names, map(str, free_ports(len(names))), strict=True))
    uit, production, atlas = deployments({"DIP_VAR": str(var), **ports})
    run = Run(uit=uit, production=production, atlas=atlas)
    run.all = (atlas,)  # type: ignore[assignment]
    run.processes = Processes(say=lambda text: None)
    try:
        run.prepare()
        run.start()
        yield Atlas(run=run)
    finally:
        run.processes.stop()
