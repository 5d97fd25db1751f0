"""The command `show_atlas_sign_ins`: how the demonstration's people sign in to Atlas."""

from typing import Any

from django.core.management.base import BaseCommand

from certificates.atlas import demonstration


class Command(BaseCommand):
    """Prints passwords that were made for the demonstration alone; real people have none here."""

    help = "Show how the demonstration's people sign in to Atlas."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for each."""
        found = demonstration.sign_ins()
        if not found:
            self.stdout.write("No demonstration sign-ins here: register a company at Atlas.")
        for person in found:
            self.stdout.write(f"{person.company}")
            self.stdout.write(f"    {person.email}   password {person.password}")
