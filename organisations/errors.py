"""What the services of `organisations` refuse, by name; each names the field and the remedy."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from organisations.models import Invitation, Membership


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


class AlreadyThere(UnableToInvite):
    """The person with the address `email` is a member already, or has an open invitation."""

    def __init__(self, email: str, message: str) -> None:
        super().__init__("email", message)
        self.email = email


class UnableToChangeMember(Exception):
    """A member cannot be changed like this: `field` is what is wrong, the message the remedy.

    `field` is empty where no single field is the reason.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class ChangedMeanwhile(UnableToChangeMember):
    """Somebody else changed the member since the form was shown: `current` is how they are now."""

    def __init__(self, current: "Membership | Invitation") -> None:
        super().__init__(
            "",
            "Somebody else has changed this member since you opened the page. Compare, "
            "correct what you entered where you must, and confirm once more.",
        )
        self.current = current


class UnableToChangeApiKey(Exception):
    """An API key cannot be changed like this; the message says why, and the remedy."""


class UnableToChangeUser(Exception):
    """An account cannot be changed like this; the message says why, and the remedy."""
