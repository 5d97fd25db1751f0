"""What the services of Atlas refuse, by name; each names the field and the remedy."""


class Refusal(Exception):
    """`field` is what is wrong, the message the remedy; empty where no single field is."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class UnableToRegister(Refusal):
    """An account cannot be opened like this."""


class UnableToRequestIdentity(Refusal):
    """An identity cannot be requested like this."""


class UnableToCreateCredential(Refusal):
    """An access credential cannot be made like this."""


class UnableToClaim(Refusal):
    """A domain cannot be claimed, or a claim verified, like this."""


class UnableToIssue(Refusal):
    """A certificate cannot be issued; `exposes_key` if what was sent holds a private key."""

    def __init__(self, field: str, message: str, *, exposes_key: bool = False) -> None:
        super().__init__(field, message)
        self.exposes_key = exposes_key


class NamesRefused(UnableToIssue):
    """A name that was asked for may not stand in the certificate."""


class QuotaUsedUp(UnableToIssue):
    """No certificate may be issued to the account any more."""


class UnableToRevoke(Refusal):
    """A certificate cannot be revoked like this."""


class UnableToChangeZone(Refusal):
    """A zone or a record of the test DNS cannot be made like this."""
