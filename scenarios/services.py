"""The verbs of scenarios: reset an environment to one, load one beside what is there."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.db import transaction

from accounts.actors import COMMAND_LINE
from audit.services import record
from dip_portal.lib import environment as environments
from dip_portal.models import EnvironmentStamp
from scenarios import participants
from scenarios.build import build
from scenarios.emptying import empty
from scenarios.errors import UnableToReset
from scenarios.people import any_manager
from scenarios.reading import Loaded


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a reset did: how many rows went, and what of the scenario was left out, and why.

    `folders` are those of the participants that have certificates.
    """

    removed: int
    left_out: list[str]
    folders: list[Path]


def require_resettable() -> None:
    """Pass if this environment may be reset. Raises UnableToReset."""
    if not settings.DEMONSTRATION:
        raise UnableToReset(
            "DIP_DEMONSTRATION is false: this environment is in earnest, and is not reset."
        )
    if environments.current().is_certificate_authority:
        raise UnableToReset("Scenarios are those of the portals: reset UIT or Production.")


def reset(*, loaded: Loaded, with_certificates: bool = True, now: datetime) -> Outcome:
    """Bring this environment to exactly the state of a scenario, or change nothing.

    DIP Managers, keys and the audit trail stay. Everything else goes, running jobs and
    unsent mails too. Certificates take Atlas, which is asked meanwhile; if it does not give
    them, nothing here has changed. Raises UnableToReset and UnableToBuild.
    """
    require_resettable()
    home = participants.home()
    home.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=home.parent, prefix=".participants-") as draft:
        folder = Path(draft) / "made"
        outcome = _reset(loaded, folder if with_certificates else None, now)
        participants.settle(folder)
    return replace(outcome, folders=sorted(it.parent for it in home.glob("*/dip-client.toml")))


@transaction.atomic
def _reset(loaded: Loaded, folder: Path | None, now: datetime) -> Outcome:
    removed = empty()
    record(
        actor=COMMAND_LINE,
        action="environment:reset",
        subject=EnvironmentStamp.objects.get(),
        after={"scenario": loaded.name, "removed_rows": removed},
        at=now,
    )
    left_out = build(loaded.scenario, actor=any_manager(now=now), participants=folder, now=now)
    return Outcome(removed=removed, left_out=left_out, folders=[])
