"""The command `demonstrate_customer --folder F`: Step 4.2 at Atlas, as `make run` plays it."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from certificates.atlas.actors import actor_for
from certificates.atlas.demonstration import PEOPLE
from certificates.atlas.errors import Refusal
from certificates.atlas.models import AccountUser, DipEnvironment
from certificates.atlas.services.access import give_access
from dip_portal.lib import keyfiles

_, EMAIL, _, _ = PEOPLE[0]
PROFILE = "BRIGHTWATER"


class Command(BaseCommand):
    """Plays the Certificate Admin of the demonstration's company on Atlas's pages, for UIT.

    Takes the CSR `atlas.csr.pem` from the folder; leaves `atlas.json` (API key and secret) and
    `atlas.cer.pem` there. The private key stays with the participant, who made the CSR.
    """

    help = "Request an identity, API credentials and the mTLS certificate for UIT."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the folder."""
        parser.add_argument("--folder", required=True, help="the participant's folder")

    def handle(self, *args: Any, **options: Any) -> None:
        """Take the steps. Raises CommandError if the identity is not vetted at once."""
        folder = Path(options["folder"])
        seat = AccountUser.objects.select_related("account", "user").get(user__email=EMAIL)
        try:
            access = give_access(
                actor=actor_for(seat.user),
                account=seat.account,
                profile_name=PROFILE,
                locality="Birmingham",
                environment=DipEnvironment.UIT,
                csr=(folder / "atlas.csr.pem").read_bytes(),
                now=timezone.now(),
            )
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        (folder / "atlas.cer.pem").write_bytes(access.chain)
        said = {"api_key": access.api_key, "api_secret": access.api_secret}
        keyfiles.replace(folder / "atlas.json", json.dumps(said))
        self.stdout.write(
            f"Atlas: identity {access.profile}, API credentials and mTLS certificate for UIT."
        )
