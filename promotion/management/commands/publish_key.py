"""The command `publish_key`: put this environment's public key where the other can pin it."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from dip_portal.lib import environment as environments
from dip_portal.lib import keyfiles
from promotion.signing import own_key, public_jwk


class Command(BaseCommand):
    """Writes the public half of the signing key as a JWK file; the private half never leaves."""

    help = (
        "Write this environment's public key to DIP_TRUSTED_KEYS_DIR, from where the other "
        "environment pins it. Copy the file there if the two share no folder."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file whole, so that nobody reads half a key."""
        folder: Path = settings.TRUSTED_KEYS_DIR
        path = folder / f"{environments.current().name}.jwk.json"
        keyfiles.publish(path, public_jwk())
        self.stdout.write(f"Public key {own_key().thumbprint()} written to {path}")
