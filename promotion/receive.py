"""Production: take in an extract, whichever way it arrives, and make its plan."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction

from audit.services import record
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
    require(actor, Action.IMPORT_RECEIVE)
    content = _verified(file)
    extract = _read(content)
    company = extract.setup.company
    digest = hashlib.sha256(content).hexdigest()
    waiting = Import.objects.select_for_update().filter(
        company_number=company.company_number, state=Import.State.RECEIVED
    )
    for earlier in waiting:
        if earlier.document_digest == digest:
            return earlier
        if earlier.extracted_at < extract.extracted_at:
            _discard(earlier, actor, now)
    received = Import.objects.create(
        company_number=company.company_number,
        company_name=company.name,
        document_digest=digest,
        setup_digest=extract.digest.value,
        extracted_at=extract.extracted_at,
        extracted_by=extract.extracted_by,
        file=file.decode(),
        via=via,
        received_at=now,
        received_by_id=actor.user_id,
    )
    record(
        actor=actor,
        action="import:receive",
        subject=received,
        after={"digest": extract.digest.value, "via": via.label},
        at=now,
    )
    return received


@transaction.atomic
def discard(*, actor: Actor, received: Import, now: datetime) -> None:
    """Discard an import that waits. Raises UnableToReceive if it does not wait any more."""
    require(actor, Action.IMPORT_RECEIVE)
    current = Import.objects.select_for_update().get(pk=received.pk)
    if not current.is_waiting:
        raise UnableToReceive("This import does not wait any more: it was decided already.")
    _discard(current, actor, now)


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


def _discard(waiting: Import, actor: Actor, now: datetime) -> None:
    waiting.state = Import.State.DISCARDED
    waiting.decided_at = now
    waiting.decided_by_id = actor.user_id
    waiting.save(update_fields=["state", "decided_at", "decided_by"])
    record(
        actor=actor,
        action="import:discard",
        subject=waiting,
        at=now,
        organisation_id=waiting.organisation_id,
    )
