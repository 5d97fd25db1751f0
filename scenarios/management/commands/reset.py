"""The command `reset SCENARIO`: this environment's database as a scenario has it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from dip_portal.lib import environment as environments
from organisations.models import Organisation
from scenarios import participants, reading, services
from scenarios.errors import UnableToBuild, UnableToReset
from scenarios.reading import Loaded, UnableToReadScenario


class Command(BaseCommand):
    """Empties the database, jobs and mails too, but for DIP Managers and the audit trail."""

    help = "Bring this environment to exactly the state of a scenario; `scenarios` lists them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the scenario and --yes."""
        parser.add_argument("scenario", help="the name of a shipped scenario, or a file's path")
        parser.add_argument("--yes", action="store_true", help="do not ask first")
        parser.add_argument(
            "--without-certificates",
            action="store_true",
            help="leave out the certificates of the scenario: Atlas is not asked",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Read the scenario, ask, reset in one transaction, and say who signs in."""
        try:
            services.require_resettable()
            loaded = reading.load(options["scenario"])
            if not options["yes"] and not self._is_sure(loaded):
                raise CommandError("Nothing was changed.")
            outcome = services.reset(
                loaded=loaded,
                with_certificates=not options["without_certificates"],
                now=timezone.now(),
            )
        except (UnableToReset, UnableToReadScenario) as error:
            raise CommandError(str(error)) from error
        except UnableToBuild as error:
            raise CommandError(
                f"{loaded.name}, {loaded.at(error.path)}: {error} Nothing was changed."
            ) from error
        count = Organisation.objects.count()
        here = environments.current().label
        self.stdout.write(f"{here} is reset to {loaded.name}: {count} companies.")
        for what in outcome.left_out:
            self.stdout.write(f"Left out: {what}")
        if outcome.folders:
            self.stdout.write("Keys, certificates, PFX files and API keys of the participants:")
        for folder in outcome.folders:
            self.stdout.write(f"  {folder}")
        call_command("show_sign_ins", stdout=self.stdout)
        if outcome.folders:
            self.stdout.write("Signed calls of the API, ready to paste in the portal's folder:")
        for call in participants.ready_calls(outcome.folders):
            self.stdout.write(f"  {call}")

    def _is_sure(self, loaded: Loaded) -> bool:
        environment = environments.current()
        self.stdout.write(
            f"This empties {environment.label} ({Organisation.objects.count()} companies with "
            "their members, keys and channels, all jobs and mails) and makes the scenario "
            f"{loaded.name}: {loaded.scenario.title}."
        )
        try:
            answer = input(f"Type the name of the environment, {environment.name}, to go on: ")
        except EOFError:
            raise CommandError(
                "Nothing was changed: nobody is there to be asked. To go on without a question, "
                "use --yes."
            ) from None
        return answer.strip().lower() == environment.name
