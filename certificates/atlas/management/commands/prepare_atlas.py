"""The command `prepare_atlas`: what Atlas needs before its processes start."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from certificates.atlas import demonstration
from certificates.atlas.services import platform, publishing
from certificates.atlas.services.authorities import ensure_authorities
from dip_portal.lib import environment as environments


class Command(BaseCommand):
    """Makes and publishes the authority, loads the demonstration.

    A second time changes nothing.
    """

    help = (
        "Make the certificate authorities, and customers to rehearse with unless "
        "DIP_DEMONSTRATION is false."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepare. Raises CommandError where the environment is no certificate authority."""
        environment = environments.current()
        if not environment.is_certificate_authority:
            raise CommandError(f"{environment.label} is not Atlas: see DIP_ENVIRONMENT.")
        was_made = ensure_authorities(now=timezone.now())
        self.stdout.write(f"The certificate authorities are {'made' if was_made else 'there'}.")
        publishing.publish_authorities()
        self.stdout.write(f"Their certificates are in {settings.AUTHORITY_DIR / 'authorities'}.")
        for certificate in platform.answer_requests(now=timezone.now()):
            self.stdout.write(f"Issued to the DIP: {certificate}.")
        if settings.DEMONSTRATION:
            demonstration.load(now=timezone.now())
            self.stdout.write("The demonstration's customers are registered.")
        else:
            self.stdout.write("DIP_DEMONSTRATION is false: no customers are registered.")
