"""The command `check_secrets`: whether the keys here are those of this database."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from dip_portal.lib import resealing


class Command(BaseCommand):
    """Stops the preparation of a deployment whose database was restored without its secrets."""

    help = "Say whether ENCRYPTION_KEYS open what is sealed in the database; change nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        """Look at the newest row of each table. Raises CommandError with what to do."""
        titles = resealing.unopened()
        if titles:
            raise CommandError(
                "The encryption keys here are not those of this database: they do not open its "
                f"{', '.join(titles)}. Restore the secrets of the same backup into "
                f"{settings.DIP_SECRETS_DIR}, or add the key that is missing as a line at the end "
                "of encryption-key, and start again. Nothing is lost while you have them; without "
                "them only an empty database can be used (docs/operations.md, Backup)."
            )
        self.stdout.write("The encryption keys open what is sealed in the database.")
