"""The command `show_api_call [--ca FILE]`: a call of this portal's API, ready for a shell."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from organisations.models import DipId


class Command(BaseCommand):
    """Prints a configurePublication call for the first DIP ID that may call today.

    The key is not printed: whoever may see it takes it from the DIP ID's page.
    """

    help = "Print a call of the API with curl and openssl, for the first operational DIP ID."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--ca", default="", help="who vouches for the API's TLS certificate")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the call, if there is a DIP ID."""
        today = timezone.now().date()
        dip_ids = DipId.objects.filter(effective_from_date__lte=today).order_by("dip_id")
        dip_id = next((it for it in dip_ids if it.is_operational_on(today)), None)
        if dip_id is None:
            self.stdout.write("No DIP ID is operational today.")
            return
        ca = options["ca"]
        script = f"{settings.DIP_API_URL}/api/examples/configurePublication.sh"
        self.stdout.write(f"curl --silent {f'--cacert {ca} ' if ca else ''}{script} > configure.sh")
        self.stdout.write(
            f"DIP_ID={dip_id} DIP_API_KEY=(of the DIP ID's page) DIP_CERT=dip.cer.pem "
            f"DIP_KEY=dip.key.pem {f'DIP_CA={ca} ' if ca else ''}bash configure.sh"
        )
