"""The verb of `audit`: record; and from where somebody has acted before."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from django.db.models import Model
from django.utils import timezone

from audit.models import LABEL_LENGTH, Event
from dip_portal.lib import bulk, clock, correlation
from dip_portal.lib.text import storable, storable_json


class Actor(Protocol):
    """Who acts, as the trail names them: a person, the DIP itself or another environment."""

    @property
    def user_id(self) -> int | None: ...
    @property
    def label(self) -> str: ...
    @property
    def address(self) -> str | None: ...


def record(
    *,
    actor: Actor,
    action: str,
    subject: Model,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    at: datetime | None = None,
    organisation_id: int | None = None,
) -> Event:
    """Record that `actor` did `action` ('company:create') to `subject`, in the transaction at hand.

    `before` and `after` are field names with values that JSON can hold, and never secrets;
    what is equal in both is left out. `at` is now unless given; see `draft`.
    """
    event = draft(
        actor=actor,
        action=action,
        subject=subject,
        before=before,
        after=after,
        at=at,
        organisation_id=organisation_id,
    )
    event.save(force_insert=True)
    return event


def draft(
    *,
    actor: Actor,
    action: str,
    subject: Model,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    at: datetime | None = None,
    organisation_id: int | None = None,
) -> Event:
    """Return the event that `record` would add, unsaved; `record_all` adds many at once.

    While a test clock is ahead the event has the real time, whatever `at` says: the order of
    the trail is that in which things happened.
    """
    if clock.ahead():
        at = None
    old, new = _differences(before or {}, after or {})
    return Event(
        at=at or timezone.now(),
        actor_user_id=actor.user_id,
        actor_label=storable(actor.label, LABEL_LENGTH),
        address=actor.address,
        action=action,
        subject_type=subject._meta.label_lower,
        subject_id=str(subject.pk),
        subject_label=storable(str(subject), LABEL_LENGTH),
        organisation_id=organisation_id,
        before=old,
        after=new,
        correlation_id=correlation.current(),
    )


def record_all(events: list[Event]) -> None:
    """Add events made by `draft`, in the transaction at hand."""
    bulk.insert_all(events)


def addresses_of(*, user_id: int, action: str) -> set[str | None]:
    """Return the network addresses from which this person has done this before."""
    done = Event.objects.filter(actor_user_id=user_id, action=action).order_by()
    return set(done.values_list("address", flat=True).distinct())


def _differences(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    equal = {name for name in before.keys() & after.keys() if before[name] == after[name]}
    return (
        {name: storable_json(value) for name, value in before.items() if name not in equal},
        {name: storable_json(value) for name, value in after.items() if name not in equal},
    )
