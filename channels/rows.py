"""What the page Message Channels lists: each publication that each DIP ID may receive.

Most of these rows are in no table: a webhook that is not set yet is a row too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from channels.models import STATUS_MESSAGES, WebhookConfiguration
from channels.plans import Webhooks, receivable
from organisations.models import DipId

STATES = {"set": "Set", "missing": "Not set", "failed": "Test failed", "passed": "Tested"}


@dataclass(frozen=True, kw_only=True)
class ChannelRow:
    """One publication of one DIP ID, with its webhook if it is set."""

    dip_id: DipId
    publication: str
    title: str
    webhook: WebhookConfiguration | None

    @property
    def number(self) -> str:
        """The DIP ID's ten digits."""
        return self.dip_id.dip_id

    @property
    def publication_label(self) -> str:
        return "Status" if self.publication == STATUS_MESSAGES else self.publication

    @property
    def url(self) -> str:
        """The webhook's URL, empty if there is none."""
        return self.webhook.callback_url if self.webhook else ""

    @property
    def state(self) -> str:
        """The state in words."""
        return str(self.webhook.get_test_state_display()) if self.webhook else "Not set"

    @property
    def tone(self) -> str:
        return self.webhook.test_tone if self.webhook else "warning"

    def is_in(self, state: str) -> bool:
        """Tell whether the row is in a state of STATES; every row is in an unknown one."""
        match state:
            case "set":
                return self.webhook is not None
            case "missing":
                return self.webhook is None
            case "failed" | "passed":
                return self.webhook is not None and self.webhook.test_state == state.upper()
        return True

    def matches(self, words: Sequence[str]) -> bool:
        """Tell whether every word is found in it somewhere."""
        text = f"{self.number} {self.dip_id.mpid} {self.publication} {self.title} {self.url}"
        return all(word in text.lower() for word in words)


def rows_of(dip_ids: Sequence[DipId], webhooks: Webhooks) -> list[ChannelRow]:
    """Return the rows of these DIP IDs, which have their MPIDs loaded; adds no query."""
    return [
        ChannelRow(
            dip_id=dip_id,
            publication=publication,
            title=title,
            webhook=webhooks.get((dip_id.dip_id, publication)),
        )
        for dip_id in dip_ids
        for publication, title in receivable(dip_id.dip_role_code)
    ]
