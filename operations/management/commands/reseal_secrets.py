"""The command `reseal_secrets`: the newest encryption key in place of the older ones."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from audit.services import record
from dip_portal.lib import resealing, secrets
from dip_portal.models import EnvironmentStamp
from organisations.actors import SystemActor


class Command(BaseCommand):
    """Seals what is in the database with the newest of ENCRYPTION_KEYS, while the portal runs.

    It may be interrupted and run again at any time.
    """

    help = "Seal anew what older keys of ENCRYPTION_KEYS have sealed, so that these may go."

    def handle(self, *args: Any, **options: Any) -> None:
        """Reseal every table. Raises CommandError if an older key is needed still."""
        done = [self._reseal(table) for table in resealing.tables()]
        with transaction.atomic():
            record(
                actor=SystemActor(label="Command line"),
                action="environment:reseal",
                subject=EnvironmentStamp.objects.get(),
                after={
                    "key": secrets.newest_key_id(),
                    **{it.title: it.resealed for it in done if it.resealed},
                },
                at=timezone.now(),
            )
        left = [it for it in done if it.left]
        if left:
            raise CommandError(
                "Older keys are needed still.\n"
                + "\n".join(f"{len(it.left)} {it.title}: {it.table.remedy}" for it in left)
            )
        self.stdout.write("Everything opens with the newest key; older ones may be taken out.")

    def _reseal(self, table: resealing.SealedTable) -> resealing.Progress:
        for progress in resealing.reseal(table):
            self.stdout.write(
                f"{progress.title}: {progress.seen} of {progress.total}, "
                f"{progress.resealed} sealed anew"
            )
        return progress
