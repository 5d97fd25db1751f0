"""The webhooks of DIP IDs: set one, set many, remove.

Each verb locks the DIP IDs first, so that of two people at the same moment the second is
told what the first did. To set what is set already changes nothing and records nothing.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.conf import settings
from django.db import transaction

from audit.models import LABEL_LENGTH
from audit.services import draft, record, record_all
from channels import callback_urls, plans
from channels.callback_urls import InvalidCallbackUrl
from channels.errors import ChangedMeanwhile, PlanChanged, UnableToConfigure
from channels.models import WebhookConfiguration
from channels.plans import Change, Wanted
from dip_portal.lib.addresses import Network, networks
from dip_portal.lib.prepared import Prepared
from dip_portal.lib.text import storable
from organisations.actors import Actor
from organisations.models import DipId, Organisation
from organisations.policies import Action, require, visible

_ONE = Prepared(
    lambda dip_id, publication: WebhookConfiguration.objects.filter(
        dip_id_id=dip_id, publication=publication
    ).order_by(),
    -1,
    "publication",
)
_LOCKED = Prepared(
    lambda pk: DipId.objects.select_for_update(no_key=True).filter(pk=pk).order_by(), -1
)
LIMIT_MAX = 2_147_483_647  # what both databases keep in such a column
BATCH = 500


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What `set_many` would do; `fingerprint` has to come back with the go-ahead."""

    changes: list[Change]

    @property
    def fingerprint(self) -> str:
        return plans.fingerprint(self.changes)

    @property
    def is_possible(self) -> bool:
        """Whether there is anything to do, and nothing in the way."""
        return bool(self.made) and not any(change.error for change in self.changes)

    @property
    def made(self) -> list[Change]:
        return [change for change in self.changes if change.is_change]


def allowed_networks() -> tuple[Network, ...]:
    """Return the networks that webhooks may be in though they are no public ones (a setting)."""
    return networks(settings.WEBHOOK_NETWORKS)


def set_webhook(
    *,
    actor: Actor,
    dip_id: DipId,
    publication: str,
    callback_url: str,
    max_message_count: int | None = None,
    max_payload_size: int | None = None,
    version: str | None = None,
    now: datetime,
) -> WebhookConfiguration:
    """Set the URL to which a publication is delivered, in place of an earlier one.

    `publication` is PUB-nnn, REP-nnn or STATUS. `version` is that of the webhook as whoever
    sets it has seen it, '' for none; without it nothing is compared. Raises UnableToConfigure.
    """
    require(actor, Action.CHANNEL_CONFIGURE, dip_id)
    url = _checked(dip_id, publication, callback_url)
    limits = {"max_message_count": max_message_count, "max_payload_size": max_payload_size}
    _check_limits(limits)
    # Most calls of the API say once more what is set: they need no lock.
    known = _webhook(dip_id, publication) if version is None else None
    if known is not None and _is_set(known, url, limits):
        return known
    with transaction.atomic():
        _lock_one(dip_id)
        known = _webhook(dip_id, publication)
        if version is not None and version != (known.version if known else ""):
            raise ChangedMeanwhile(known)
        before = _said([known], limits=True) if known else {}
        if known is None:
            known = WebhookConfiguration(dip_id=dip_id, publication=publication, revision=0)
        elif _is_set(known, url, limits):
            return known
        _point(known, url, actor, now)
        for name, value in limits.items():
            setattr(known, name, value)
        known.save()
        record(
            actor=actor,
            action="webhook:set",
            subject=dip_id,
            before=before,
            after=_said([known], limits=True),
            at=now,
            organisation_id=dip_id.mpid.organisation_id,
        )
    return known


def plan_many(*, actor: Actor, organisation: Organisation, wanted: Wanted) -> Plan:
    """Return what `set_many` would do: two queries. Raises UnableToConfigure."""
    require(actor, Action.CHANNEL_CONFIGURE, organisation)
    dip_ids = _dip_ids(actor, organisation)
    try:
        changes = wanted.changes(dip_ids, webhooks_of(dip_ids), allowed_networks())
    except InvalidCallbackUrl as refusal:
        raise UnableToConfigure("text", str(refusal)) from refusal
    return Plan(changes=changes)


@transaction.atomic
def set_many(
    *, actor: Actor, organisation: Organisation, wanted: Wanted, fingerprint: str, now: datetime
) -> Plan:
    """Set many webhooks by a pattern, or as another DIP ID has them: all of them or none.

    `fingerprint` is that of the plan that was shown. Raises UnableToConfigure; PlanChanged
    if the webhooks are not any more as they were then.
    """
    require(actor, Action.CHANNEL_CONFIGURE, organisation)
    _lock(_dip_ids(actor, organisation))
    plan = plan_many(actor=actor, organisation=organisation, wanted=wanted)
    if plan.fingerprint != fingerprint:
        raise PlanChanged
    if not plan.is_possible:
        raise UnableToConfigure("", "Nothing can be set like this: look at the preview.")
    _write(plan.made, actor, now)
    record_all(
        [
            draft(
                actor=actor,
                action="webhook:set",
                subject=dip_id,
                before={one.publication: _told(one.before) for one in changes if one.before},
                after={one.publication: _told(one.after) for one in changes},
                at=now,
                organisation_id=organisation.pk,
            )
            for dip_id, changes in _by_dip_id(plan.made)
        ]
    )
    return plan


@transaction.atomic
def remove_webhook(
    *, actor: Actor, dip_id: DipId, publication: str, version: str | None = None, now: datetime
) -> bool:
    """Remove the webhook of a publication: nothing is delivered any more. False if none was.

    `version` as in `set_webhook`. Raises UnableToConfigure.
    """
    require(actor, Action.CHANNEL_CONFIGURE, dip_id)
    _lock([dip_id])
    known = dip_id.webhooks.filter(publication=publication).first()
    if known is None:
        return False
    if version is not None and version != known.version:
        raise ChangedMeanwhile(known)
    _remove([known], actor, now)
    return True


@transaction.atomic
def remove_all(*, actor: Actor, organisation: Organisation, name: str, now: datetime) -> int:
    """Remove all webhooks of a company that the actor may configure; return how many.

    `name` is the company's name as somebody has typed it, to be sure. Who is limited to
    some DIP IDs removes those of these. Raises UnableToConfigure.
    """
    require(actor, Action.CHANNEL_CONFIGURE, organisation)
    if name.strip() != organisation.name:
        raise UnableToConfigure(
            "name", f"Type the name of the company as it stands above: {organisation.name}."
        )
    dip_ids = _dip_ids(actor, organisation)
    _lock(dip_ids)
    found = list(webhooks_of(dip_ids).values())
    _remove(found, actor, now)
    return len(found)


def webhooks_of(dip_ids: Collection[DipId]) -> dict[tuple[str, str], WebhookConfiguration]:
    """Return the webhooks of DIP IDs by (DIP ID, publication): one query."""
    by_key = {dip_id.pk: dip_id for dip_id in dip_ids}
    found = {}
    for webhook in WebhookConfiguration.objects.filter(dip_id__in=by_key):
        webhook.dip_id = by_key[webhook.dip_id_id]
        found[webhook.dip_id.dip_id, webhook.publication] = webhook
    return found


def _dip_ids(actor: Actor, organisation: Organisation) -> list[DipId]:
    rows = DipId.objects.filter(mpid__organisation=organisation).select_related("mpid")
    return list(visible(actor, Action.CHANNEL_CONFIGURE, rows).order_by("dip_id"))


def _webhook(dip_id: DipId, publication: str) -> WebhookConfiguration | None:
    found = _ONE.first(dip_id.pk, publication)
    if found is not None:
        found.dip_id = dip_id
    return found


def _is_set(known: WebhookConfiguration, url: str, limits: Mapping[str, int | None]) -> bool:
    return known.callback_url == url and all(getattr(known, k) == v for k, v in limits.items())


def _lock_one(dip_id: DipId) -> None:
    _LOCKED.all(dip_id.pk)


def _lock(dip_ids: Iterable[DipId]) -> None:
    """Lock these DIP IDs until the transaction ends, in one order."""
    keys = sorted(dip_id.pk for dip_id in dip_ids)
    list(DipId.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk"))


def _checked(dip_id: DipId, publication: str, callback_url: str) -> str:
    role = dip_id.dip_role_code
    if publication not in dict(plans.receivable(role)):
        raise UnableToConfigure(
            "publication", f"A DIP ID with the DIP role {role} does not receive {publication}."
        )
    try:
        return callback_urls.check(callback_url, allowed_networks())
    except InvalidCallbackUrl as refusal:
        raise UnableToConfigure("callback_url", str(refusal)) from refusal


def _check_limits(limits: Mapping[str, int | None]) -> None:
    for name, value in limits.items():
        if value is not None and not 0 <= value <= LIMIT_MAX:
            raise UnableToConfigure(name, f"Enter a whole number from 0 to {LIMIT_MAX}.")


def _point(webhook: WebhookConfiguration, url: str, actor: Actor, now: datetime) -> None:
    """Let a webhook lead to this URL; what was found out about another one is forgotten."""
    if webhook.callback_url != url:
        webhook.test_state = WebhookConfiguration.TestState.UNTESTED
        webhook.tested_at = None
    webhook.callback_url = url
    webhook.configured_at = now
    webhook.configured_by = storable(actor.label, LABEL_LENGTH)
    webhook.revision += 1


def _write(changes: Iterable[Change], actor: Actor, now: datetime) -> None:
    made = list(changes)
    known = webhooks_of({change.dip_id.pk: change.dip_id for change in made}.values())
    new: list[WebhookConfiguration] = []
    changed: list[WebhookConfiguration] = []
    for change in made:
        webhook = known.get((change.dip_id.dip_id, change.publication))
        (new if webhook is None else changed).append(
            webhook := webhook
            or WebhookConfiguration(
                dip_id=change.dip_id, publication=change.publication, revision=0
            )
        )
        _point(webhook, change.after, actor, now)
    WebhookConfiguration.objects.bulk_create(new, batch_size=BATCH)
    WebhookConfiguration.objects.bulk_update(
        changed,
        [
            *("callback_url", "configured_at", "configured_by", "revision"),
            *("test_state", "tested_at"),
        ],
        batch_size=BATCH,
    )


def _remove(webhooks: list[WebhookConfiguration], actor: Actor, now: datetime) -> None:
    """Delete these, and record one event for each DIP ID."""
    WebhookConfiguration.objects.filter(pk__in=[one.pk for one in webhooks]).delete()
    webhooks.sort(key=lambda one: (one.dip_id.dip_id, one.publication))
    record_all(
        [
            draft(
                actor=actor,
                action="webhook:remove",
                subject=dip_id,
                before=_said(list(those)),
                at=now,
                organisation_id=dip_id.mpid.organisation_id,
            )
            for dip_id, those in groupby(webhooks, key=lambda one: one.dip_id)
        ]
    )


def _by_dip_id(changes: list[Change]) -> Iterable[tuple[DipId, list[Change]]]:
    ordered = sorted(changes, key=lambda one: one.sort)
    return [(dip_id, list(those)) for dip_id, those in groupby(ordered, key=lambda one: one.dip_id)]


def _said(webhooks: Iterable[WebhookConfiguration], *, limits: bool = False) -> dict[str, str]:
    said = {one.publication: _told(one.callback_url) for one in webhooks}
    if limits:
        for one in webhooks:
            said["max_message_count"] = str(one.max_message_count or "")
            said["max_payload_size"] = str(one.max_payload_size or "")
    return said


def _told(url: str) -> str:
    """Return a URL as the audit trail has it."""
    return callback_urls.without_query(url)
