"""The command `request_own_certificate`: ask Atlas for the certificate of the DIP itself."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from certificates.platform import request_certificate
from dip_portal.lib import environment as environments


class Command(BaseCommand):
    """Makes the DIP's key once and writes the request; Atlas answers by itself."""

    help = (
        "Make the key with which this environment of the DIP signs and shows itself to webhooks, "
        "unless it is there, and put the request for its certificate into DIP_AUTHORITY_DIR."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask. Raises CommandError where this is Atlas."""
        if environments.current().is_certificate_authority:
            raise CommandError("Atlas is no part of the DIP: see DIP_ENVIRONMENT.")
        self.stdout.write(f"The request for the DIP's own certificate is {request_certificate()}.")
