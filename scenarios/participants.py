"""A company's own side, played: its keys and certificates in a folder, obtained as by anybody.

Private keys are made here for the participant, and stay in its folder: neither the portal's
tables nor its log get them. Atlas is asked by its public addresses alone.
"""

import json
import shutil
import ssl
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings
from django.utils import timezone

from accounts.demonstration import keep
from accounts.models import User
from certificates.errors import (
    UnableToRegisterDomain,
    UnableToRequestCertificate,
    UnableToSaveCredentials,
)
from certificates.models import Certificate, CertificateRequest
from certificates.services import credentials, domains, issuing, requests
from dip_client import files
from dip_portal.lib import environment as environments
from dip_portal.lib import keyfiles
from organisations.actors import Actor
from organisations.models import ApiKey, DipId, Organisation
from organisations.services import api_keys
from scenarios.errors import UnableToPlay

WAIT = timedelta(seconds=60)
CALL_SECONDS = 30
CONFIGURATION = """# Settings for `python -m dip_client --config`.
api_url = "{api_url}"
dip_id = "{dip_id}"
api_key_file = "api-key.txt"
certificate = "dip.cer.pem"
key = "dip.key.pem"
"""
SIGNING = """signing_certificate = "signing.cer.pem"
signing_key = "signing.key.pem"
"""


def home() -> Path:
    """Return the folder in which the participants of a reset have theirs."""
    return Path(settings.DIP_HOME) / "participants"


class Participant:
    """A company at home in one folder, which only its owner reads. `actor` acts for it here.

    Every verb raises UnableToPlay, with what Atlas or the portal says.
    """

    def __init__(self, folder: Path, *, organisation: Organisation, actor: Actor) -> None:
        self.folder, self.organisation, self.actor = folder, organisation, actor
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def register_at_atlas(self, person: User) -> None:
        """Be a customer of Atlas, with API credentials and a merged PFX for this environment.

        Leaves `atlas.json`, `atlas.key.pem`, `atlas.cer.pem` and `atlas.pfx`.
        """
        environment = environments.current().name
        local, _, domain = person.email.partition("@")
        email = f"{local}+{environment}@{domain}"  # a customer of its own for each environment
        key, csr = self.folder / "atlas.key.pem", self.folder / "atlas.csr.pem"
        files.make_key_and_csr(key_file=key, csr_file=csr, names=[f"api.{domain}"])
        said = _ask_atlas(
            "/customers/v1",
            {
                "company": self.organisation.name,
                "email": email,
                "first_name": person.first_name,
                "last_name": person.last_name,
                "password": keep(email)["password"],
                "environment": environment.upper(),
                "csr": csr.read_text(),
            },
        )
        (self.folder / "atlas.cer.pem").write_text(said["certificate"])
        login = {name: said[name] for name in ("api_key", "api_secret")}
        keyfiles.replace(self.folder / "atlas.json", json.dumps(login))
        self._merge("atlas", said["api_secret"])

    def upload_credentials(self) -> None:
        """Validate and save what `atlas.json` and `atlas.pfx` hold (seminar, Step 4.2)."""
        said = self._login()
        try:
            outcome = credentials.validate_credentials(
                actor=self.actor,
                organisation=self.organisation,
                api_key=said["api_key"],
                api_secret=said["api_secret"],
                pfx=(self.folder / "atlas.pfx").read_bytes(),
                password=said["api_secret"],
                now=timezone.now(),
            )
            if outcome.login is None:
                failed = next(check for check in outcome.checks if check.is_passed is False)
                raise UnableToPlay(f"{failed.title}: {failed.text}")
            credentials.save_credentials(
                actor=self.actor, organisation=self.organisation, now=timezone.now()
            )
        except UnableToSaveCredentials as refusal:
            raise UnableToPlay(str(refusal)) from refusal

    def verify_domain(self, domain: str) -> None:
        """Register a domain, set its TXT record in the test DNS, and have it verified."""
        said = self._login()
        try:
            row = domains.register_domain(
                actor=self.actor, organisation=self.organisation, domain=domain, now=timezone.now()
            )
            _ask_atlas(
                "/dns/v1/records",
                {"name": domain, "type": "TXT", "value": row.token},
                auth=(said["api_key"], said["api_secret"]),
            )
            is_verified = domains.submit_domain(
                actor=self.actor, registration=row, is_record_added=True, now=timezone.now()
            )
        except UnableToRegisterDomain as refusal:
            raise UnableToPlay(str(refusal)) from refusal
        if not is_verified:
            raise UnableToPlay(f"{domain} could not be verified: Atlas does not see its record.")

    def obtain(self, purpose: Certificate.Purpose, host: str) -> Certificate:
        """Obtain a certificate, of a CSR made here unless there is one (seminar, Step 4.5).

        Leaves `dip.key.pem`, `dip.cer.pem` and `dip.pfx`, or `signing.*` for signing alone;
        the password of the PFX is in `pfx-password.txt`.
        """
        stem = "signing" if purpose == Certificate.Purpose.SIGNING else "dip"
        key, csr = self.folder / f"{stem}.key.pem", self.folder / f"{stem}.csr.pem"
        if not csr.exists():
            files.make_key_and_csr(key_file=key, csr_file=csr, names=[host])
        try:
            asked = requests.request_certificate(
                actor=self.actor,
                organisation=self.organisation,
                purpose=purpose,
                csr=csr.read_bytes(),
                now=timezone.now(),
            )
        except UnableToRequestCertificate as refusal:
            raise UnableToPlay(str(refusal)) from refusal
        deadline = time.monotonic() + WAIT.total_seconds()
        while asked.state in CertificateRequest.OPEN:
            if time.monotonic() > deadline:
                raise UnableToPlay(f"The certificate has not come in time. {asked.problem}")
            if not issuing.work_on(asked.pk):  # nor does it matter if a worker is quicker
                time.sleep(0.2)
            asked.refresh_from_db()
        if asked.certificate is None:
            raise UnableToPlay(f"The certificate was refused: {asked.reason}")
        (self.folder / f"{stem}.cer.pem").write_text(asked.certificate.pem)
        password = keyfiles.read_or_create(
            self.folder / "pfx-password.txt", lambda: self._login()["api_secret"]
        )
        self._merge(stem, password)
        return asked.certificate

    def take_key(self, actor: Actor, dip_id: DipId) -> None:
        """Have the primary API key of a DIP ID shown; leaves `api-key-<DIP ID>.txt`."""
        api_key = dip_id.api_keys.get(kind=ApiKey.Kind.PRIMARY)
        api_key.dip_id = dip_id
        key = api_keys.show(actor=actor, api_key=api_key, now=timezone.now())
        keyfiles.replace(self.folder / f"api-key-{dip_id}.txt", key)

    def configure(self, dip_id: DipId) -> None:
        """Leave what dip_client needs to call the API for this DIP ID: `dip-client.toml`."""
        text = CONFIGURATION.format(api_url=settings.DIP_API_URL, dip_id=dip_id)
        if (self.folder / "signing.cer.pem").exists():
            text += SIGNING
        if settings.HVCA_CA_FILE:  # what vouches for Atlas here vouches for the API too
            (self.folder / "ca.pem").write_bytes(Path(settings.HVCA_CA_FILE).read_bytes())
            text += 'ca = "ca.pem"\n'
        key = (self.folder / f"api-key-{dip_id}.txt").read_text().strip()
        keyfiles.replace(self.folder / "api-key.txt", key)
        keyfiles.replace(self.folder / "dip-client.toml", text)

    def _login(self) -> dict[str, str]:
        said: dict[str, str] = json.loads((self.folder / "atlas.json").read_text())
        return said

    def _merge(self, stem: str, password: str) -> None:
        files.merge_to_pfx(
            certificate=files.read_certificate(str(self.folder / f"{stem}.cer.pem")),
            key=files.read_key(str(self.folder / f"{stem}.key.pem")),
            password=password,
            file=self.folder / f"{stem}.pfx",
        )


def ready_calls(folders: Sequence[Path]) -> list[str]:
    """Return, for each participant's folder, the command that reads its webhooks by the API."""
    client = f"{sys.executable} -m dip_client"
    return [f"{client} --config {folder / 'dip-client.toml'} read" for folder in folders]


def settle(draft: Path) -> None:
    """Put the folders of a reset that is done in place of those of the last one."""
    shutil.rmtree(home(), ignore_errors=True)
    if draft.exists():
        draft.rename(home())


def _ask_atlas(path: str, content: dict[str, str], **more: Any) -> dict[str, Any]:
    trust = ssl.create_default_context(cafile=settings.HVCA_CA_FILE or None)
    try:
        answer = httpx.post(
            f"{settings.HVCA_URL}{path}", json=content, verify=trust, timeout=CALL_SECONDS, **more
        )
    except httpx.HTTPError as trouble:
        raise UnableToPlay(
            f"GlobalSign Atlas does not answer at {settings.HVCA_URL} ({type(trouble).__name__}). "
            "Start it, or reset with --without-certificates."
        ) from trouble
    if answer.is_error:
        raise UnableToPlay(f"GlobalSign Atlas says: {_reason(answer)}")
    said: dict[str, Any] = answer.json()
    return said


def _reason(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["description"])
    except (ValueError, KeyError, TypeError):
        return f"{answer.status_code} {answer.reason_phrase}"
