"""The command `load_demonstration`: invented companies and people to rehearse with."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from scenarios import demonstration


class Command(BaseCommand):
    """Loads them once; a second time changes nothing. DIP_DEMONSTRATION=false leaves them out."""

    help = "Load the demonstration companies and people, unless DIP_DEMONSTRATION is false."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load them, in one transaction."""
        if not settings.DEMONSTRATION:
            self.stdout.write("DIP_DEMONSTRATION is false: no demonstration data is loaded.")
            return
        demonstration.load(now=timezone.now())
        self.stdout.write("The demonstration data is loaded.")
