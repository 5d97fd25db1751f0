"""What the services of `organisations` refuse, by name; each names the field and the remedy."""


class UnableToInvite(Exception):
    """This person cannot be invited: `field` is what is wrong, the message the remedy.

    `field` is empty where the company and not the person is the reason.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class UnableToChangeCompany(Exception):
    """A company cannot be created or changed like this: `field` is wrong, the message the remedy.

    `field` is empty where no single field is the reason.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
