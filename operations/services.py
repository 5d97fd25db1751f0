"""The verb of `operations`: send e-mails again."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.services import record
from mail.errors import UnableToRetry
from mail.models import OutgoingMail
from mail.services import retry
from operations.errors import UnableToSendAgain
from organisations.actors import Actor
from organisations.policies import Action, require


@transaction.atomic
def send_again(*, actor: Actor, mail_ids: Sequence[UUID], now: datetime) -> list[OutgoingMail]:
    """Send these e-mails again, and return those that wait or were given up.

    Raises UnableToSendAgain if there are none, and what `require` raises.
    """
    require(actor, Action.MAIL_RETRY)
    queued = []
    for mail in OutgoingMail.objects.filter(pk__in=mail_ids).order_by("queued_at"):
        try:
            queued.append(retry(mail=mail, now=now))
        except UnableToRetry:
            continue
        record(
            actor=actor,
            action="mail:retry",
            subject=mail,
            before={"state": mail.state, "attempts": mail.attempts},
            after={"state": OutgoingMail.State.QUEUED, "attempts": 0},
            at=now,
            organisation_id=mail.organisation_id,
        )
    if not queued:
        raise UnableToSendAgain("Choose an e-mail that waits or was given up.")
    return queued
