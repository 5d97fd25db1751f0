"""What the services of `channels` refuse, by name; each names the field and the remedy."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from channels.models import WebhookConfiguration


class UnableToConfigure(Exception):
    """A webhook cannot be configured like this: `field` is wrong, the message the remedy.

    `field` is empty where no single field is the reason.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class ChangedMeanwhile(UnableToConfigure):
    """Somebody else changed the webhook since the form was shown: `current` is how it is now."""

    def __init__(self, current: "WebhookConfiguration | None") -> None:
        super().__init__(
            "",
            "Somebody else has changed this webhook since you opened the page. Compare, "
            "correct what you entered where you must, and confirm once more.",
        )
        self.current = current


class PlanChanged(UnableToConfigure):
    """The webhooks are not any more what the preview was made of."""

    def __init__(self) -> None:
        super().__init__(
            "",
            "Webhooks have changed since the preview was shown. Look at it again, and confirm "
            "once more.",
        )
