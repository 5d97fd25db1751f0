"""What scenarios refuse, by name."""

from scenarios.document import Path


class UnableToBuild(Exception):
    """What stands at `path` of the scenario cannot be made here; the message is the remedy."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(message)
        self.path = path


class UnableToPlay(Exception):
    """Atlas or the portal does not do what a participant asks; the message says why."""


class UnableToReset(Exception):
    """This environment cannot be reset now; the message says why, and the remedy."""


class UnableToControl(Exception):
    """There are no test controls to set here; the message says why."""
