"""The command `create_dip_manager EMAIL --first-name NAME --last-name NAME`."""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.errors import UnableToCreateUser
from accounts.services import create_dip_manager


class Command(BaseCommand):
    """Makes the first DIP Managers of an environment; they enrol a second factor at sign-in."""

    help = "Create a DIP Manager. The password is asked for, or read from standard input."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("email")
        parser.add_argument("--first-name", required=True)
        parser.add_argument("--last-name", required=True)
        parser.add_argument("--password-stdin", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the DIP Manager, or say what is wrong and leave nothing behind."""
        password = self._password(from_stdin=options["password_stdin"])
        try:
            user = create_dip_manager(
                email=options["email"],
                first_name=options["first_name"],
                last_name=options["last_name"],
                password=password,
            )
        except UnableToCreateUser as error:
            raise CommandError(f"{error.field}: {error}") from error
        self.stdout.write(f"{user.full_name} ({user.email}) is a DIP Manager.")

    def _password(self, *, from_stdin: bool) -> str:
        if from_stdin:
            return sys.stdin.readline().rstrip("\r\n")
        password = getpass.getpass("Password: ")
        if password != getpass.getpass("Password again: "):
            raise CommandError("The two passwords are not the same.")
        return password
