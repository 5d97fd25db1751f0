"""The command `print_channels [--write]`: the interfaces and publications, from the data."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from channels.catalogue_page import channels_page


class Command(BaseCommand):
    """Prints the catalogue as the page docs/channels.md."""

    help = "Print the catalogue of channels in Markdown; with --write, into docs/channels.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--write", action="store_true", help="write docs/channels.md")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print, or write the page."""
        if options["write"]:
            (settings.BASE_DIR / "docs" / "channels.md").write_text(
                channels_page(), encoding="utf-8"
            )
        else:
            self.stdout.write(channels_page(), ending="")
