"""What requests for certificates tell those who operate the portal."""

from datetime import datetime

from django.db.models import Count as NumberOf
from django.db.models import Min, Q
from django.urls import reverse

from certificates.models import CertificateRequest
from dip_portal.lib.operating import RECENT, Count, Line, Step, ids_of, waited

LIST = "admin:certificates_certificaterequest_changelist"
State = CertificateRequest.State
IS_OPEN = Q(state__in=CertificateRequest.OPEN)
IS_IN_TROUBLE = IS_OPEN & Q(serial="") & ~Q(problem="")


def lines(*, now: datetime) -> list[Line]:
    """Return how requests for certificates stand: one query."""
    is_recent = Q(requested_at__gte=now - RECENT)
    found = CertificateRequest.objects.filter(IS_OPEN | is_recent).aggregate(
        waiting=NumberOf("pk", filter=IS_OPEN & ~IS_IN_TROUBLE),
        retrying=NumberOf("pk", filter=IS_IN_TROUBLE),
        refused=NumberOf("pk", filter=is_recent & Q(state=State.REFUSED)),
        issued=NumberOf("pk", filter=is_recent & Q(state=State.ISSUED)),
        due=Min("next_attempt_at", filter=IS_OPEN & Q(next_attempt_at__lte=now)),
    )
    return [
        Line(
            name="certificate_requests",
            title="Certificate requests",
            url_name=LIST,
            waiting_seconds=waited(found["due"], now=now),
            counts=(
                Count(
                    state="waiting",
                    label="waiting",
                    number=found["waiting"],
                    tone="info",
                    query="?state=OPEN",
                ),
                Count(
                    state="retrying",
                    label="tried again",
                    number=found["retrying"],
                    tone="warning",
                    query="?state=TROUBLE",
                ),
                # Its company reads why on its Certificates tab; nobody here has to see to it.
                Count(
                    state="refused_in_a_day",
                    label="refused, in a day",
                    number=found["refused"],
                    tone="warning",
                    query="?state=REFUSED",
                ),
                Count(
                    state="issued_in_a_day",
                    label="issued, in a day",
                    number=found["issued"],
                    query="?state=ISSUED",
                ),
            ),
        )
    ]


def steps(correlation_id: str) -> list[Step]:
    """Return the requests for certificates that were sent under this id."""
    return [
        Step(
            at=row.requested_at,
            what="Certificate request",
            text=f"{row}, of {row.organisation}",
            state=row.get_state_display(),
            tone=row.tone,
            url=f"{reverse(LIST)}?q={correlation_id}",
        )
        for row in CertificateRequest.objects.filter(correlation_id=correlation_id).select_related(
            "organisation"
        )
    ]


def ids(prefix: str) -> list[str]:
    """Return the ids of requests for certificates that begin so."""
    return ids_of(CertificateRequest.objects.all(), prefix)
