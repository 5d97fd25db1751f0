"""The command `rotate_authority`: a new CA in place of the present one."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from certificates.atlas.actors import AtlasActor
from certificates.atlas.services import authorities, platform, publishing
from certificates.pki import formats
from dip_portal.lib import environment as environments


class Command(BaseCommand):
    """What the former CA issued stays valid; what is issued from now on is the new one's."""

    help = "Make a new root (with both issuing CAs), or a new issuing CA of one environment."

    def add_arguments(self, parser: CommandParser) -> None:
        """Ask which."""
        parser.add_argument("kind", choices=[kind.lower() for kind in authorities.Kind.values])

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate. Raises CommandError where this is not Atlas, or before it is prepared."""
        if not environments.current().is_certificate_authority:
            raise CommandError(f"{environments.current().label} is not Atlas: see DIP_ENVIRONMENT.")
        if not authorities.current_authorities().exists():
            raise CommandError("There is no authority yet: `prepare_atlas` makes it.")
        made = authorities.rotate(
            actor=AtlasActor(label="Command line"),
            kind=authorities.Kind(options["kind"].upper()),
            now=timezone.now(),
        )
        publishing.publish_authorities()
        platform.answer_requests(now=timezone.now())
        for authority in made:
            thumbprint = formats.thumbprint(authority.certificate)
            self.stdout.write(f"{authority}, SHA-256 {thumbprint}")
