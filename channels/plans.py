"""What many webhooks at once would become: shown as a preview, then done as it was shown.

Pure: from what is asked, the DIP IDs and their webhooks to a list of changes.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from channels import callback_urls, catalogue
from channels.callback_urls import InvalidCallbackUrl
from channels.models import STATUS_MESSAGES, WebhookConfiguration
from dip_portal.lib.addresses import Network
from organisations.models import DipId

Webhooks = Mapping[tuple[str, str], WebhookConfiguration]  # by DIP ID and publication


@dataclass(frozen=True, kw_only=True)
class Change:
    """One webhook: what its URL is (`before`, empty if it has none) and would be.

    `error` says why it cannot be; `why_not` why it stays as it is.
    """

    dip_id: DipId
    publication: str
    title: str
    before: str
    after: str
    error: str = ""
    why_not: str = ""

    @property
    def is_change(self) -> bool:
        return not self.error and not self.why_not and self.before != self.after

    @property
    def sort(self) -> tuple[str, str]:
        return self.dip_id.dip_id, self.publication


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """A URL for each webhook of these DIP IDs, made of a pattern with placeholders.

    `overwrites` says that webhooks which are set already are set anew.
    """

    text: str
    dip_ids: frozenset[str]
    overwrites: bool = False

    def changes(
        self, dip_ids: Sequence[DipId], webhooks: Webhooks, also: Sequence[Network]
    ) -> list[Change]:
        """Return a change for each webhook. Raises InvalidCallbackUrl for a bad pattern."""
        pattern = callback_urls.check_pattern(self.text)
        chosen = [dip_id for dip_id in dip_ids if dip_id.dip_id in self.dip_ids]
        return [
            _change(
                dip_id, publication, title, callback_urls.fill(pattern, values), webhooks,
                overwrites=self.overwrites, also=also,
            )
            for dip_id in chosen
            for publication, title in receivable(dip_id.dip_role_code)
            for values in [_values(dip_id, publication)]
        ]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Copy:
    """The webhooks of one DIP ID for others, as far as their roles receive the same.

    `adapts` puts the other DIP ID where the URL names the first.
    """

    source: str
    dip_ids: frozenset[str]
    overwrites: bool = False
    adapts: bool = True

    def changes(
        self, dip_ids: Sequence[DipId], webhooks: Webhooks, also: Sequence[Network]
    ) -> list[Change]:
        """Return a change for each webhook of the source that another DIP ID may have."""
        chosen = [
            one for one in dip_ids if one.dip_id in self.dip_ids and one.dip_id != self.source
        ]
        found = []
        for dip_id in chosen:
            for publication, title in receivable(dip_id.dip_role_code):
                copied = webhooks.get((self.source, publication))
                if copied is None:
                    continue
                url = copied.callback_url
                if self.adapts:
                    url = url.replace(self.source, dip_id.dip_id)
                found.append(
                    _change(
                        dip_id, publication, title, url, webhooks,
                        overwrites=self.overwrites, also=also,
                    )
                )  # fmt: skip
        return found


Wanted = Pattern | Copy


@cache
def receivable(dip_role_code: str) -> tuple[tuple[str, str], ...]:
    """Return (publication, title) of every webhook that a DIP ID of this role has."""
    published = catalogue.publications_for(dip_role_code)
    return (
        *((one.publication_id, one.title) for one in published),
        (STATUS_MESSAGES, "Status messages"),
    )


def fingerprint(changes: Collection[Change]) -> str:
    """Return what tells one list of changes from another: 64 hexadecimal digits."""
    said = [
        [one.dip_id.dip_id, one.publication, one.before, one.after]
        for one in sorted(changes, key=lambda one: one.sort)
        if one.is_change
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _values(dip_id: DipId, publication: str) -> dict[str, str]:
    return {
        "dip_id": dip_id.dip_id,
        "mpid": dip_id.mpid.code,
        "role": dip_id.dip_role_code,
        "publication": publication,
    }


def _change(
    dip_id: DipId,
    publication: str,
    title: str,
    url: str,
    webhooks: Webhooks,
    *,
    overwrites: bool,
    also: Sequence[Network],
) -> Change:
    known = webhooks.get((dip_id.dip_id, publication))
    before = known.callback_url if known else ""
    error = why_not = ""
    try:
        url = callback_urls.check(url, also)
    except InvalidCallbackUrl as refusal:
        error = str(refusal)
    if before == url:
        why_not = "It is so already."
    elif before and not overwrites:
        why_not = "It is set already."
    return Change(
        dip_id=dip_id,
        publication=publication,
        title=title,
        before=before,
        after=url,
        error="" if why_not else error,
        why_not=why_not,
    )
