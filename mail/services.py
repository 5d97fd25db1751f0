"""The verbs of `mail`: queue an e-mail, try again to send one, let none be sent any more."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from dip_portal.lib import correlation, secrets, wake
from dip_portal.lib import environment as environments
from dip_portal.lib.text import storable
from mail.errors import UnableToRetry
from mail.models import PURPOSE, REASON_LENGTH, SUBJECT_LENGTH, OutgoingMail
from mail.tasks import deliver

KEEP_TRYING = timedelta(days=3)


@transaction.atomic
def queue(
    *,
    to: str,
    template: str,
    context: Mapping[str, Any],
    about: str = "",
    organisation_id: int | None = None,
    good_until: datetime | None = None,
) -> OutgoingMail:
    """Queue an e-mail in the caller's transaction; a worker sends it after the commit.

    Renders templates/emails/<template>/{subject.txt,body.txt,body.html} with `context` and
    the environment. The text is set into emails/base.txt; the HTML extends emails/base.html.
    `good_until` is when its link expires: it is not tried after that.
    """
    known = {
        "environment": environments.current(),
        "portal_url": settings.PUBLIC_URL,
        **context,
    }
    text = render_to_string(f"emails/{template}/body.txt", known)
    subject = " ".join(render_to_string(f"emails/{template}/subject.txt", known).split())
    now = timezone.now()
    mail_id = uuid.uuid4()
    mail = OutgoingMail.objects.create(
        id=mail_id,
        to=to,
        template=template,
        subject=storable(subject, SUBJECT_LENGTH),
        message_id=f"<{mail_id}@{_sender_domain()}>",
        sealed_text=_seal(render_to_string("emails/base.txt", {**known, "body": text.strip()})),
        sealed_html=_seal(
            render_to_string(f"emails/{template}/body.html", {**known, "subject": subject})
        ),
        about=about,
        organisation_id=organisation_id,
        correlation_id=correlation.current(),
        queued_at=now,
        next_attempt_at=now,
        give_up_at=_last_attempt(now, good_until),
        good_until=good_until,
    )
    wake.on_commit(deliver, str(mail.pk))
    return mail


@transaction.atomic
def retry(*, mail: OutgoingMail, now: datetime) -> OutgoingMail:
    """Try again at once to send an e-mail that failed or waits for its next attempt.

    It gets another three days. Raises UnableToRetry for one that is sent, overtaken or expired.
    """
    mail = OutgoingMail.objects.select_for_update().get(pk=mail.pk)
    if mail.is_sent:
        raise UnableToRetry("This e-mail was sent already.")
    if mail.is_overtaken:
        raise UnableToRetry(f"This e-mail is not sent any more: {mail.overtaken_because}.")
    if mail.is_out_of_date:
        raise UnableToRetry("The link in this e-mail has expired: let a new one be made.")
    mail.state = OutgoingMail.State.QUEUED
    mail.attempts = 0
    mail.next_attempt_at = now
    mail.give_up_at = _last_attempt(now, mail.good_until)
    mail.save(update_fields=["state", "attempts", "next_attempt_at", "give_up_at"])
    wake.on_commit(deliver, str(mail.pk))
    return mail


def overtake(*, about: str, because: str) -> int:
    """Let no e-mail about this be sent any more that is not sent yet; return how many.

    `because` says why, for the list. Their texts are erased. One that a worker is sending at
    this moment may still arrive.
    """
    return OutgoingMail.objects.filter(about=about, state__in=OutgoingMail.UNSENT).update(
        state=OutgoingMail.State.OVERTAKEN,
        overtaken_because=storable(because, REASON_LENGTH),
        next_attempt_at=None,
        claim_token=None,  # so that a failure that comes too late is not written down
        claimed_until=None,
        sealed_text="",
        sealed_html="",
    )


def _last_attempt(now: datetime, good_until: datetime | None) -> datetime:
    return min(filter(None, (now + KEEP_TRYING, good_until)))


def _seal(text: str) -> str:
    return secrets.encrypt(text, purpose=PURPOSE)


def _sender_domain() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
