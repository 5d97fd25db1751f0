"""The command `test_clock [+30d | off]`: how far this environment's clock is ahead."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.formats import date_format

from controls import offsets, state
from scenarios.control_services import set_clock
from scenarios.errors import UnableToControl


class Command(BaseCommand):
    """Sets the clock from the real time on, whatever it was before; without a word it tells."""

    help = f"Show or set the test clock of this environment. {offsets.HOW}"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare how far."""
        parser.add_argument("ahead", nargs="?", help="such as +30d, +12h, or off")

    def handle(self, *args: Any, **options: Any) -> None:
        """Set the clock if asked to, and say what time it is here."""
        if options["ahead"] is not None:
            try:
                ahead = offsets.parse(options["ahead"])
                set_clock(clock_ahead=ahead, now=timezone.now())
            except (offsets.UnreadableOffset, UnableToControl) as error:
                raise CommandError(str(error)) from error
        ahead = state.stored().clock_ahead
        now = timezone.now() + ahead
        self.stdout.write(
            f"The test clock is {offsets.write(ahead)}: {date_format(now, 'DATETIME_FORMAT')}."
        )
