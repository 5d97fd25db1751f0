"""The command `show_sign_ins`: how the people of the loaded scenario sign in here."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from scenarios.people import sign_ins


class Command(BaseCommand):
    """Prints passwords that were made for scenarios alone; real people have none here."""

    help = (
        "Show how the people of the loaded scenario sign in, with their codes of this half minute."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the e-mail addresses of those to show, if not everybody."""
        parser.add_argument("email", nargs="*", help="whom to show; everybody if nobody is named")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for each, and the secret for an authenticator app."""
        wanted = options["email"]
        found = [it for it in sign_ins() if not wanted or it.email in wanted]
        if not found:
            self.stdout.write("No demonstration sign-ins here; see `create_dip_manager`.")
        for person in found:
            self.stdout.write(f"{person.who}")
            self.stdout.write(f"    {person.email}   password {person.password}")
            self.stdout.write(
                f"    code now {person.code}   authenticator secret {person.authenticator_secret}"
            )
