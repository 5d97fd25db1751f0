"""Delivers what is queued, at least once.

A worker claims a row for a while, sends it outside any transaction, and writes down what
came of it. If it dies in between, another takes the row once the claim has run out: so an
e-mail may arrive twice, with the same Message-ID, which most mail systems show once. It
is never lost. No body is ever logged.
"""

import logging
import smtplib
import uuid
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from controls.models import TestControls
from controls.state import stored
from dip_portal.lib import correlation
from dip_portal.lib import environment as environments
from dip_portal.lib.text import storable
from mail.models import ERROR_LENGTH, OutgoingMail

logger = logging.getLogger(__name__)

# How long to wait after the first, second, ... attempt; the last one again and again.
BACK_OFF = [
    timedelta(seconds=10),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
]
CLAIM = timedelta(minutes=2)  # longer than an attempt can take with EMAIL_TIMEOUT
ROUND = timedelta(seconds=60)  # a sweep ends by then; the next one goes on
PERMANENT = 500
REFUSED_ON_PURPOSE: dict[str, int] = {
    TestControls.Mail.DEFERRED: 451,
    TestControls.Mail.REFUSED: 550,
}


def deliver(mail_id: uuid.UUID | str) -> bool:
    """Make one attempt at this e-mail if it is due; tell whether the mail server took it."""
    mail = _claim(OutgoingMail.objects.filter(pk=mail_id))
    return mail is not None and _attempt(mail)


def deliver_due() -> int:
    """Make one attempt at each e-mail that is due, longest waiting first; return how many.

    Stops at the first that the server does not take for now: the others would fare no better.
    """
    count = 0
    end = timezone.now() + ROUND
    while timezone.now() < end:
        mail = _claim(OutgoingMail.objects.all())
        if mail is None:
            break
        count += 1
        if not _attempt(mail) and mail.state == OutgoingMail.State.QUEUED:
            break
    return count


@transaction.atomic
def _claim(candidates: QuerySet[OutgoingMail]) -> OutgoingMail | None:
    now = timezone.now()
    mail = (
        candidates.filter(
            Q(claimed_until__isnull=True) | Q(claimed_until__lte=now),
            state=OutgoingMail.State.QUEUED,
            next_attempt_at__lte=now,
        )
        .select_for_update(skip_locked=True)
        .order_by("next_attempt_at")
        .first()
    )
    if mail is not None:
        mail.claim_token = uuid.uuid4()
        mail.claimed_until = now + CLAIM
        mail.attempts += 1
        mail.save(update_fields=["claim_token", "claimed_until", "attempts"])
    return mail


def _attempt(mail: OutgoingMail) -> bool:
    before = correlation.current()
    correlation.begin(mail.correlation_id)
    try:
        return _send(mail)
    finally:
        correlation.begin(before)


def _send(mail: OutgoingMail) -> bool:
    try:
        _refuse_on_purpose()
        _message(mail).send()
    except (smtplib.SMTPException, OSError) as error:
        _write_down_failure(mail, _told(error), is_permanent=_is_permanent(error))
        return False
    except Exception as error:
        # A fault of ours: a key that is missing, an address that no header can hold.
        logger.exception("E-mail %s could not be made ready", mail.pk)
        _write_down_failure(mail, f"Not made ready: {type(error).__name__}", is_permanent=False)
        return False
    _write_down_success(mail)
    return True


def _refuse_on_purpose() -> None:
    """Raise what a server that refuses brings about, where a test control says so."""
    code = REFUSED_ON_PURPOSE.get(stored().mail)
    if code is not None:
        raise smtplib.SMTPResponseException(
            code, "Refused on purpose, by a test control of this environment."
        )


def _message(mail: OutgoingMail) -> EmailMultiAlternatives:
    message = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[mail.to],
        headers={
            "Message-ID": mail.message_id,
            "Auto-Submitted": "auto-generated",
            "X-DIP-Environment": environments.current().name,
            correlation.HEADER: mail.correlation_id,
        },
    )
    message.attach_alternative(mail.html, "text/html")
    return message


def _write_down_success(mail: OutgoingMail) -> None:
    kept = {} if settings.SHOW_SENT_MAIL else {"sealed_text": "", "sealed_html": ""}
    OutgoingMail.objects.filter(pk=mail.pk).update(
        state=OutgoingMail.State.SENT,
        sent_at=timezone.now(),
        last_error="",
        overtaken_because="",  # it was, after a worker had taken it: it is sent all the same
        next_attempt_at=None,
        claim_token=None,
        claimed_until=None,
        **kept,
    )
    mail.state = OutgoingMail.State.SENT
    logger.info("E-mail %s (%s) was sent", mail.pk, mail.template)


def _write_down_failure(mail: OutgoingMail, error: str, *, is_permanent: bool) -> None:
    now = timezone.now()
    next_attempt_at = now + _wait_after(mail.attempts)
    gives_up = is_permanent or next_attempt_at > mail.give_up_at
    mail.state = OutgoingMail.State.FAILED if gives_up else OutgoingMail.State.QUEUED
    # Only if the claim is still ours: another worker may have sent it in the meantime.
    OutgoingMail.objects.filter(pk=mail.pk, claim_token=mail.claim_token).update(
        state=mail.state,
        last_error=storable(error, ERROR_LENGTH),
        next_attempt_at=None if gives_up else next_attempt_at,
        claim_token=None,
        claimed_until=None,
    )
    logger.warning("E-mail %s (%s) was not sent: %s", mail.pk, mail.template, error)


def _wait_after(attempts: int) -> timedelta:
    return BACK_OFF[min(attempts, len(BACK_OFF)) - 1]


def _is_permanent(error: Exception) -> bool:
    """Tell a refusal of this e-mail (5xx) from trouble with the server or our account on it."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= PERMANENT for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPAuthenticationError | smtplib.SMTPConnectError):
        return False
    return isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= PERMANENT


def _told(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(_reply(code, text) for code, text in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return _reply(error.smtp_code, error.smtp_error)
    if isinstance(error, ConnectionRefusedError):
        return "The mail server does not answer (connection refused)."
    if isinstance(error, TimeoutError):
        return "The mail server does not answer in time."
    return f"{type(error).__name__}: {error}"


def _reply(code: int, text: bytes | str) -> str:
    words = text.decode(errors="replace") if isinstance(text, bytes) else text
    return f"The mail server said: {code} {words}"
