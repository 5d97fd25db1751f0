"""The command `demonstrate_certificates --folder F`: Steps 4.2 and 4.5 in the portal, played.

With it `make run` brings the demonstration's company in UIT to the point where it can call the
signed API.
"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from certificates.models import Certificate
from dip_portal.lib import clock
from organisations.actors import actor_for
from organisations.models import Organisation
from organisations.queries import dip_ids_of
from scenarios.demonstration import shown
from scenarios.errors import UnableToPlay
from scenarios.participants import Participant

COMPANY, _ = shown()
ADMIN = COMPANY.members[1].email  # Certificate Admin and Message Admin
DOMAIN = COMPANY.domains[1]


class Command(BaseCommand):
    """Plays the Certificate Admin on the Certificates tab, and the Message Admin who takes a key.

    Takes `atlas.json`, `atlas.pfx` and `dip.csr.pem` from the folder; leaves `dip.cer.pem`,
    `api-key.txt` and `dip-client.toml` there. The private keys stay with the participant.
    """

    help = "Upload API credentials, verify a domain, obtain a certificate, take an API key."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the folder."""
        parser.add_argument("--folder", required=True, help="the participant's folder")

    def handle(self, *args: Any, **options: Any) -> None:
        """Take the steps. Raises CommandError with what Atlas or the portal refuses."""
        company = Organisation.objects.get(company_number=COMPANY.number)
        actor = actor_for(User.objects.get(email=ADMIN), day=clock.today())
        participant = Participant(Path(options["folder"]), organisation=company, actor=actor)
        try:
            participant.upload_credentials()
            self.stdout.write("Step 4.2: API key, secret and PFX uploaded. Added successfully.")
            participant.verify_domain(DOMAIN)
            self.stdout.write(
                f"Domain {DOMAIN} registered, its TXT record set in DNS, and verified."
            )
            issued = participant.obtain(Certificate.Purpose.BOTH, f"dip.{DOMAIN}")
            self.stdout.write(f"Step 4.5: certificate for mTLS and signing, {issued.serial}.")
        except UnableToPlay as refusal:
            raise CommandError(str(refusal)) from refusal
        dip_id = next(it for it in dip_ids_of(company) if it.dip_role_code == "SUP")
        participant.take_key(actor, dip_id)
        participant.configure(dip_id)
        self.stdout.write(f"Primary API key of DIP ID {dip_id} taken.")
