"""What the services of `accounts` refuse, by name."""


class UnableToCreateUser(Exception):
    """A user cannot be made like this; `field` is what is wrong, the message the remedy."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
