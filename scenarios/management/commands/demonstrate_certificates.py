"""The command `demonstrate_certificates --folder F`: Steps 4.2 and 4.5 in the portal, played.

With it `make run` brings the demonstration's company in UIT to the point where it can call the
signed API.
"""

import json
import time
from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import User
from certificates.models import Certificate, CertificateRequest
from certificates.services import credentials, domains, requests
from dip_portal.lib import clock, keyfiles
from organisations.actors import Actor, actor_for
from organisations.models import ApiKey, DipId, Organisation
from organisations.services import api_keys
from scenarios.demonstration import shown

COMPANY, _ = shown()
ADMIN = COMPANY.members[1].email  # Certificate Admin and Message Admin
DOMAIN = COMPANY.domains[1]
WAIT = timedelta(seconds=60)
CONFIGURATION = """# The demonstration's settings, for `python -m dip_client --config`.
api_url = "{api_url}"
dip_id = "{dip_id}"
api_key_file = "api-key.txt"
certificate = "dip.cer.pem"
key = "dip.key.pem"
ca = "{ca}"
"""


class Command(BaseCommand):
    """Plays the Certificate Admin on the Certificates tab, and the Message Admin who takes a key.

    Takes `atlas.json`, `atlas.pfx` and `dip.csr.pem` from the folder; leaves `dip.cer.pem`,
    `api-key.txt` and `dip-client.toml` there. The private keys stay with the participant.
    """

    help = "Upload API credentials, verify a domain, obtain a certificate, take an API key."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the folder, and who vouches for the API's TLS certificate."""
        parser.add_argument("--folder", required=True, help="the participant's folder")
        parser.add_argument("--ca", required=True, help="a PEM file, for dip-client.toml")

    def handle(self, *args: Any, **options: Any) -> None:
        """Take the steps. Raises CommandError with what Atlas or the portal refuses."""
        self.folder = Path(options["folder"])
        self.company = Organisation.objects.get(company_number=COMPANY.number)
        self._upload_credentials()
        self._verify_domain()
        self._obtain_certificate()
        self._take_key(options["ca"])

    @property
    def actor(self) -> Actor:
        """The company's admin, with the rights of now."""
        return actor_for(User.objects.get(email=ADMIN), day=clock.today())

    def _upload_credentials(self) -> None:
        said = json.loads((self.folder / "atlas.json").read_text())
        outcome = credentials.validate_credentials(
            actor=self.actor,
            organisation=self.company,
            api_key=said["api_key"],
            api_secret=said["api_secret"],
            pfx=(self.folder / "atlas.pfx").read_bytes(),
            password=said["api_secret"],
            now=timezone.now(),
        )
        if outcome.login is None:
            failed = next(check for check in outcome.checks if check.is_passed is False)
            raise CommandError(f"{failed.title}: {failed.text}")
        credentials.save_credentials(
            actor=self.actor, organisation=self.company, now=timezone.now()
        )
        self.stdout.write("Step 4.2: API key, secret and PFX uploaded. Added successfully.")

    def _verify_domain(self) -> None:
        said = json.loads((self.folder / "atlas.json").read_text())
        row = domains.register_domain(
            actor=self.actor, organisation=self.company, domain=DOMAIN, now=timezone.now()
        )
        answer = httpx.post(
            f"{settings.ATLAS_SITE_URL}/dns/v1/records",
            auth=(said["api_key"], said["api_secret"]),
            json={"name": DOMAIN, "type": "TXT", "value": row.token},
            timeout=30,
        )
        if answer.is_error:
            raise CommandError(f"The test DNS of Atlas says: {answer.text}")
        if not domains.submit_domain(
            actor=self.actor, registration=row, is_record_added=True, now=timezone.now()
        ):
            raise CommandError(f"{DOMAIN} could not be verified.")
        self.stdout.write(f"Domain {DOMAIN} registered, its TXT record set in DNS, and verified.")

    def _obtain_certificate(self) -> None:
        asked = requests.request_certificate(
            actor=self.actor,
            organisation=self.company,
            purpose=Certificate.Purpose.BOTH,
            csr=(self.folder / "dip.csr.pem").read_bytes(),
            now=timezone.now(),
        )
        deadline = time.monotonic() + WAIT.total_seconds()
        while asked.state in CertificateRequest.OPEN:
            if time.monotonic() > deadline:
                raise CommandError("The certificate has not come in time. Does the worker run?")
            time.sleep(0.2)
            asked.refresh_from_db()
        if asked.certificate is None:
            raise CommandError(f"The certificate was refused: {asked.reason}")
        (self.folder / "dip.cer.pem").write_text(asked.certificate.pem)
        self.stdout.write(
            f"Step 4.5: certificate for mTLS and signing, {asked.certificate.serial}."
        )

    def _take_key(self, ca: str) -> None:
        dip_id = (
            DipId.objects.filter(mpid__organisation=self.company, dip_role_code="SUP")
            .select_related("mpid__organisation")
            .order_by("dip_id")[0]
        )
        api_key = dip_id.api_keys.get(kind=ApiKey.Kind.PRIMARY)
        api_key.dip_id = dip_id
        key = api_keys.show(actor=self.actor, api_key=api_key, now=timezone.now())
        keyfiles.replace(self.folder / "api-key.txt", key)
        keyfiles.replace(
            self.folder / "dip-client.toml",
            CONFIGURATION.format(api_url=settings.DIP_API_URL, dip_id=dip_id, ca=ca),
        )
        self.stdout.write(f"Primary API key of DIP ID {dip_id} taken.")
