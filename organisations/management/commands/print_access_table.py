"""The command `print_access_table [--write]`: who may do what, from the code."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from organisations.access_table import access_table


class Command(BaseCommand):
    """Prints the access table as the page docs/access.md."""

    help = "Print the access table in Markdown; with --write, into docs/access.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--write", action="store_true", help="write docs/access.md")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print, or write the page."""
        if options["write"]:
            (settings.BASE_DIR / "docs" / "access.md").write_text(access_table(), encoding="utf-8")
        else:
            self.stdout.write(access_table(), ending="")
