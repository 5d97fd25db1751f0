"""What the promotion refuses, by name."""

from collections.abc import Sequence

from promotion.document import Problem


class UnableToExtract(Exception):
    """A company cannot be extracted; the text says why and what to do."""


class UnableToReceive(Exception):
    """What arrived is no extract that Production takes; `problems` names places in it."""

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.problems = list(problems)


class UnableToImport(Exception):
    """An import cannot be applied; the text says why and what to do."""


class UnableToFetch(Exception):
    """UIT's service address did not give what was asked; the text says why."""
