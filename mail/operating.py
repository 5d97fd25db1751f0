"""What outgoing e-mails tell those who operate the portal."""

from datetime import datetime

from django.db.models import Count as NumberOf
from django.db.models import Min, Q
from django.urls import reverse

from dip_portal.lib.operating import RECENT, Count, Line, Step, ids_of, waited
from mail.models import OutgoingMail

TONES = {"QUEUED": "info", "SENT": "success", "FAILED": "danger", "OVERTAKEN": "neutral"}


def lines(*, now: datetime) -> list[Line]:
    """Return how e-mails stand: one query."""
    is_queued = Q(state=OutgoingMail.State.QUEUED)
    is_recent = Q(state=OutgoingMail.State.SENT, sent_at__gte=now - RECENT)
    unsent = Q(state__in=OutgoingMail.UNSENT)
    found = OutgoingMail.objects.filter(unsent | is_recent).aggregate(
        waiting=NumberOf("pk", filter=is_queued & Q(last_error="")),
        retrying=NumberOf("pk", filter=is_queued & ~Q(last_error="")),
        given_up=NumberOf("pk", filter=Q(state=OutgoingMail.State.FAILED)),
        sent=NumberOf("pk", filter=is_recent),
        due=Min("next_attempt_at", filter=is_queued & Q(next_attempt_at__lte=now)),
    )
    return [
        Line(
            name="mails",
            title="Outgoing mail",
            url_name="admin:mail_outgoingmail_changelist",
            waiting_seconds=waited(found["due"], now=now),
            counts=(
                Count(
                    state="waiting",
                    label="waiting",
                    number=found["waiting"],
                    tone="info",
                    query="?state=QUEUED",
                ),
                Count(
                    state="retrying",
                    label="tried again",
                    number=found["retrying"],
                    tone="warning",
                    query="?state=TROUBLE",
                ),
                Count(
                    state="given_up",
                    label="given up",
                    number=found["given_up"],
                    tone="danger",
                    query="?state=FAILED",
                ),
                Count(
                    state="sent_in_a_day",
                    label="sent, in a day",
                    number=found["sent"],
                    query="?state=SENT",
                ),
            ),
        )
    ]


def steps(correlation_id: str) -> list[Step]:
    """Return the e-mails that were queued under this id."""
    rows = OutgoingMail.objects.filter(correlation_id=correlation_id)
    return [
        Step(
            at=mail.queued_at,
            what="E-mail",
            text=str(mail),
            state=mail.get_state_display(),
            tone=TONES[mail.state],
            url=f"{reverse('admin:mail_outgoingmail_changelist')}?q={correlation_id}",
        )
        for mail in rows.defer("sealed_text", "sealed_html")
    ]


def ids(prefix: str) -> list[str]:
    """Return the ids of e-mails that begin so."""
    return ids_of(OutgoingMail.objects.all(), prefix)
