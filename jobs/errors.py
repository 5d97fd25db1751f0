"""What `jobs` and its handlers refuse, by name."""


class ItemRefused(Exception):
    """A handler will not do this item; the message tells its reader why and what to do."""

    def __init__(self, message: str, link: str = "") -> None:
        super().__init__(message)
        self.link = link


class LeaseLost(Exception):
    """Another worker has taken the job over; this one must stop without effect."""


class UnknownKind(LookupError):
    """No handler is registered for this kind of job."""
