"""What the page Operations shows: this deployment, its processes, and work in trouble."""

import platform
from dataclasses import dataclass
from datetime import datetime, timedelta

import celery
import django
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import QuerySet
from django.utils.formats import date_format

from certificates import trust
from certificates.platform import NoOwnCertificate, own_signer
from dip_portal.lib.readiness import OK, Check
from dip_portal.lib.version import VERSION
from jobs.models import Job
from jobs.operating import stalled
from mail.models import OutgoingMail

# Beat's sweeps come every five seconds; a worker may be busy for a while.
SILENT_AFTER = timedelta(minutes=1)
MOST_SHOWN = 10
# Atlas renews the DIP's own certificate 30 days before its end: if less is left, it does not.
RENEWAL_IS_LATE = timedelta(days=20)


@dataclass(frozen=True, kw_only=True)
class Process:
    """A worker, or beat, and when it was last known to work. `lag_seconds` is the broker's."""

    what: str
    name: str
    seen_at: datetime | None
    lag_seconds: float | None
    version: str
    is_silent: bool


def processes(*, now: datetime) -> list[Process]:
    """Return beat and every worker that was there in the last day; beat also if it never was."""
    model = apps.get_model("dip_portal", "Heartbeat")
    rows = list(model.objects.order_by("kind", "-seen_at", "name"))
    found = [
        Process(
            what=row.get_kind_display(),
            name=row.name,
            seen_at=row.seen_at,
            lag_seconds=row.lag_seconds,
            version=row.version,
            is_silent=now - row.seen_at > SILENT_AFTER,
        )
        for row in rows
    ]
    return found + [
        Process(
            what=kind.label,
            name="none yet",
            seen_at=None,
            lag_seconds=None,
            version="",
            is_silent=True,
        )
        for kind in model.Kind
        if not any(row.kind == kind for row in rows)
    ]


def trouble_with(found: list[Process]) -> list[str]:
    """Return a sentence for each kind of process of which none works.

    One of several workers that is gone was perhaps replaced by another.
    """
    kinds = dict.fromkeys(process.what for process in found)
    return [
        f"{kind} has given no sign of life for a minute."
        for kind in kinds
        if all(process.is_silent for process in found if process.what == kind)
    ]


def certificate_checks(*, now: datetime) -> list[Check]:
    """Look whether companies' certificates can be judged, and the DIP has one to show."""
    return [
        Check(name="certificate authority", outcome=_authority()),
        Check(name="own certificate", outcome=_own_certificate(now)),
    ]


def _authority() -> str:
    try:
        trust.issuing_authorities()
    except trust.NoTrustedAuthority as reason:
        return str(reason).removesuffix(".")
    return OK


def _own_certificate(now: datetime) -> str:
    try:
        ends = own_signer().certificate.not_valid_after_utc
    except NoOwnCertificate as reason:
        return str(reason).removesuffix(".")
    if ends - now < RENEWAL_IS_LATE:
        day = date_format(ends, "DATETIME_FORMAT")
        return f"ends on {day}, and Atlas's worker has not renewed it"
    return OK


def versions() -> list[tuple[str, str]]:
    """Return what runs here, as (name, version)."""
    return [
        ("DIP Portal simulator", VERSION),
        ("Django", django.get_version()),
        ("Celery", celery.__version__),
        ("Python", platform.python_version()),
        (connection.display_name, _database_version()),
        ("Broker", "Redis" if settings.REDIS_URL else "files"),
    ]


def _database_version() -> str:
    try:
        return ".".join(str(part) for part in connection.get_database_version())
    except DatabaseError:
        return "not known"


def mails_in_trouble() -> QuerySet[OutgoingMail]:
    """Return the e-mails that were given up or wait for another attempt, newest first."""
    failed = OutgoingMail.objects.filter(state=OutgoingMail.State.FAILED)
    retrying = OutgoingMail.objects.filter(state=OutgoingMail.State.QUEUED).exclude(last_error="")
    rows = (failed | retrying).defer("sealed_text", "sealed_html")
    return rows.order_by("-queued_at", "-pk")[:MOST_SHOWN]


def jobs_to_watch(*, now: datetime) -> tuple[list[Job], set[str]]:
    """Return the newest jobs that are not done, and the keys of those that stand still."""
    rows = Job.objects.exclude(state=Job.State.DONE).order_by("-created_at", "-pk")[:MOST_SHOWN]
    still = Job.objects.filter(stalled(now=now)).values_list("pk", flat=True)
    return list(rows), {str(key) for key in still}
