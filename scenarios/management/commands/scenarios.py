"""The command `scenarios`: what `reset` can bring this environment to."""

from typing import Any

from django.core.management.base import BaseCommand

from scenarios import reading


class Command(BaseCommand):
    """Lists the scenarios that are shipped; `reset` takes the path of a file as well."""

    help = "List the shipped scenarios, which `reset` brings an environment to."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a paragraph for each."""
        for name in reading.shipped():
            scenario = reading.load(name).scenario
            self.stdout.write(f"{name}\n    {scenario.title}. {scenario.description}")
