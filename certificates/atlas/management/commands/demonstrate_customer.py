"""The command `demonstrate_customer --folder F`: Step 4.2 at Atlas, as `make run` plays it."""

import json
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from certificates.atlas.actors import AtlasActor, actor_for
from certificates.atlas.demonstration import PEOPLE
from certificates.atlas.models import Account, AccountUser, DipEnvironment, IdentityProfile
from certificates.atlas.services.certificates import (
    chain_pem,
    issue_access_certificate,
    read_request,
)
from certificates.atlas.services.credentials import create_api_credential
from certificates.atlas.services.identities import request_identity
from dip_portal.lib import keyfiles

COMPANY, EMAIL, _, _ = PEOPLE[0]
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
        now = timezone.now()
        seat = AccountUser.objects.select_related("account", "user").get(user__email=EMAIL)
        actor = actor_for(seat.user)
        profile = self._identity(actor, seat.account, now)
        new = create_api_credential(
            actor=actor,
            account=seat.account,
            profile=profile,
            environment=DipEnvironment.UIT,
            name="DIP UIT",
            now=now,
        )
        certificate = issue_access_certificate(
            actor=actor,
            profile=profile,
            environment=DipEnvironment.UIT,
            csr=read_request((folder / "atlas.csr.pem").read_bytes()),
            now=now,
        )
        (folder / "atlas.cer.pem").write_bytes(chain_pem(certificate))
        said = {"api_key": new.api_key, "api_secret": new.api_secret}
        keyfiles.replace(folder / "atlas.json", json.dumps(said))
        self.stdout.write(
            f"Atlas: identity {profile}, API credentials and mTLS certificate for UIT."
        )

    def _identity(self, actor: AtlasActor, account: Account, now: datetime) -> IdentityProfile:
        known = account.profiles.filter(name=PROFILE).first()
        profile = known or request_identity(
            actor=actor,
            account=account,
            name=PROFILE,
            organisation=COMPANY,
            locality="Birmingham",
            state="West Midlands",
            country="GB",
            now=now,
        )
        if not profile.is_active:
            raise CommandError(f"The identity {profile} is not vetted: see Test controls of Atlas.")
        return profile
