"""The command `show_code`: an authenticator app for whoever has none at hand."""

from binascii import Error
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from scenarios.people import code_of_now


class Command(BaseCommand):
    """Prints the code of this half minute for a secret that an authenticator app would keep."""

    help = "Show the code of this half minute for the secret of an authenticator app."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the secret as the portal's page shows it."""
        parser.add_argument("secret", help="the secret under the QR code, in base32")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the six digits alone. Raises CommandError for what is no secret."""
        try:
            self.stdout.write(code_of_now(options["secret"].replace(" ", "").upper()))
        except Error as error:
            raise CommandError(
                "This is no secret of an authenticator app: those are letters A to Z, and 2 to 7."
            ) from error
