"""Production: take in an extract, whichever way it arrives, and make its plan."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction

from audit.models import Event
from audit.services import draft, record_all
from dip_portal.lib import bulk
from dip_portal.lib import environment as environments
from organisations.actors import Actor
from organisations.policies import Action, require
from promotion import document, signing
from promotion.errors import UnableToReceive
from promotion.models import Import
from promotion.plan import Plan, make_plan
from promotion.present import presents_for

SOURCE = environments.UIT.name


@transaction.atomic
def receive(*, actor: Actor, file: bytes, via: Import.Via, now: datetime) -> Import:
    """Take in one signed extract, to be planned and imported.

    The same extract again gives the import that waits already; a newer extract of a
    company discards an older one that still waits. Raises UnableToReceive, with what is
    wrong and where, Refused or Stranger; then nothing is kept.
    """
    [outcome] = receive_all(actor=actor, files=[file], via=via, now=now)
    if isinstance(outcome, UnableToReceive):
        raise outcome
    return outcome


@transaction.atomic
def receive_all(
    *, actor: Actor, files: Sequence[bytes], via: Import.Via, now: datetime
) -> list[Import | UnableToReceive]:
    """Take in signed extracts, each by itself: returns its import, or why it was refused.

    The number of queries does not depend on the number of files. Raises Refused or Stranger.
    """
    require(actor, Action.IMPORT_RECEIVE)
    arrived = [_arrived(file, actor, via, now) for file in files]
    waiting: dict[str, list[Import]] = defaultdict(list)
    numbers = [it.company_number for it in arrived if isinstance(it, Import)]
    for one in Import.objects.select_for_update().filter(
        company_number__in=numbers, state=Import.State.RECEIVED
    ):
        waiting[one.company_number].append(one)
    outcomes: list[Import | UnableToReceive] = []
    new: list[Import] = []
    superseded: list[Import] = []
    for it in arrived:
        if isinstance(it, UnableToReceive):
            outcomes.append(it)
            continue
        others = waiting[it.company_number]
        same = [one for one in others if one.document_digest == it.document_digest]
        if not same:
            older = [one for one in others if one.extracted_at < it.extracted_at]
            superseded += older
            waiting[it.company_number] = [it, *(one for one in others if one not in older)]
            new.append(it)
        outcomes.append(same[0] if same else it)
    bulk.insert_all(new)
    record_all([_event("import:receive", one, actor, now) for one in new])
    _discard(superseded, actor, now)
    return outcomes


@transaction.atomic
def discard(*, actor: Actor, received: Import, now: datetime) -> None:
    """Discard an import that waits. Raises UnableToReceive if it does not wait any more."""
    require(actor, Action.IMPORT_RECEIVE)
    current = Import.objects.select_for_update().get(pk=received.pk)
    if not current.is_waiting:
        raise UnableToReceive("This import does not wait any more: it was decided already.")
    _discard([current], actor, now)


def document_of(received: Import) -> document.Document:
    """Return the document of an import, verified again against the key pinned now.

    Raises UnableToReceive.
    """
    return _read(_verified(received.file.encode()))


def plans_for(documents: Sequence[document.Document]) -> list[Plan]:
    """Return what importing each of these documents would do now, each by itself."""
    return [
        make_plan(content, present)
        for content, present in zip(documents, presents_for(documents), strict=True)
    ]


def _verified(file: bytes) -> bytes:
    limit = settings.EXTRACT_MAX_BYTES
    if len(file) > limit:
        raise UnableToReceive(
            f"The file is larger than {limit // 1024} KiB, which no company's extract is. "
            "Upload the extract as the UIT portal gave it."
        )
    try:
        return signing.verify(file, environment=SOURCE)
    except signing.UnableToVerify as error:
        raise UnableToReceive(str(error)) from None


def _read(content: bytes) -> document.Document:
    try:
        extract = document.read(content)
    except document.UnableToRead as error:
        raise UnableToReceive(
            "The file is signed, but it is not an extract that this version takes.",
            error.problems,
        ) from None
    if extract.environment != SOURCE:
        raise UnableToReceive(
            f"The extract says that it is of {extract.environment}; only extracts of "
            f"{environments.UIT.label} are imported."
        )
    return extract


def _arrived(file: bytes, actor: Actor, via: Import.Via, now: datetime) -> Import | UnableToReceive:
    try:
        content = _verified(file)
        extract = _read(content)
    except UnableToReceive as refusal:
        return refusal
    company = extract.setup.company
    return Import(
        company_number=company.company_number,
        company_name=company.name,
        document_digest=hashlib.sha256(content).hexdigest(),
        setup_digest=extract.digest.value,
        extracted_at=extract.extracted_at,
        extracted_by=extract.extracted_by,
        file=file.decode(),
        via=via,
        received_at=now,
        received_by_id=actor.user_id,
    )


def _discard(waiting: Sequence[Import], actor: Actor, now: datetime) -> None:
    for one in waiting:
        one.state = Import.State.DISCARDED
    Import.objects.filter(pk__in=[one.pk for one in waiting]).update(
        state=Import.State.DISCARDED, decided_at=now, decided_by=actor.user_id
    )
    record_all([_event("import:discard", one, actor, now) for one in waiting])


def _event(action: str, one: Import, actor: Actor, now: datetime) -> Event:
    return draft(
        actor=actor,
        action=action,
        subject=one,
        after={"digest": one.setup_digest, "via": one.get_via_display()},
        at=now,
        organisation_id=one.organisation_id,
    )
