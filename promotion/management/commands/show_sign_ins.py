"""The command `show_sign_ins`: how the demonstration's people sign in here."""

from typing import Any

from django.core.management.base import BaseCommand

from promotion import demonstration


class Command(BaseCommand):
    """Prints passwords that were made for the demonstration alone; real people have none here."""

    help = "Show how the demonstration's people sign in, with their codes of this half minute."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for each, and the secret for an authenticator app."""
        found = demonstration.sign_ins()
        if not found:
            self.stdout.write("No demonstration sign-ins here; see `create_dip_manager`.")
        for person in found:
            self.stdout.write(f"{person.who}")
            self.stdout.write(f"    {person.email}   password {person.password}")
            self.stdout.write(
                f"    code now {person.code}   authenticator secret {person.authenticator_secret}"
            )
