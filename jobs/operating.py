"""What jobs tell those who operate the portal."""

from datetime import datetime

from django.db.models import Count as NumberOf
from django.db.models import Min, Q
from django.urls import reverse

from dip_portal.lib.operating import RECENT, Count, Line, Step, ids_of, waited
from jobs.models import Job
from jobs.standing import PATIENCE, standing_of


def stalled(*, now: datetime) -> Q:
    """Return the condition of a job that nobody works at, though somebody should."""
    return Q(state=Job.State.QUEUED, created_at__lt=now - PATIENCE) | Q(
        state=Job.State.RUNNING, lease_expires_at__lt=now - PATIENCE
    )


def lines(*, now: datetime) -> list[Line]:
    """Return how jobs stand: one query."""
    is_recent = Q(state=Job.State.DONE, finished_at__gte=now - RECENT)
    found = Job.objects.filter(~Q(state=Job.State.DONE) | is_recent).aggregate(
        waiting=NumberOf("pk", filter=Q(state=Job.State.QUEUED)),
        running=NumberOf("pk", filter=Q(state=Job.State.RUNNING)),
        stalled=NumberOf("pk", filter=stalled(now=now)),
        failed=NumberOf("pk", filter=is_recent & Q(failed__gt=0)),
        done=NumberOf("pk", filter=is_recent),
        oldest=Min("created_at", filter=Q(state=Job.State.QUEUED)),
    )
    return [
        Line(
            name="jobs",
            title="Jobs",
            url_name="admin:jobs_job_changelist",
            waiting_seconds=waited(found["oldest"], now=now),
            counts=(
                Count(
                    state="waiting",
                    label="waiting",
                    number=found["waiting"],
                    tone="info",
                    query="?state=QUEUED",
                ),
                Count(
                    state="running",
                    label="running",
                    number=found["running"],
                    tone="info",
                    query="?state=RUNNING",
                ),
                Count(
                    state="stalled",
                    label="stalled",
                    number=found["stalled"],
                    tone="danger",
                    query="?problems=stalled",
                ),
                Count(
                    state="failed_in_a_day",
                    label="with failures, in a day",
                    number=found["failed"],
                    tone="warning",
                    query="?problems=failed",
                ),
                Count(
                    state="done_in_a_day",
                    label="done, in a day",
                    number=found["done"],
                    query="?state=DONE",
                ),
            ),
        )
    ]


def steps(correlation_id: str) -> list[Step]:
    """Return the jobs that were started under this id."""
    found = []
    for job in Job.objects.filter(correlation_id=correlation_id):
        state, tone = standing_of(job)
        found.append(
            Step(
                at=job.created_at,
                what="Job",
                text=f"{job.title}: {job.label}" if job.label else job.title,
                state=state,
                tone=tone,
                url=reverse("admin:operations_job_progress", args=[job.pk]),
            )
        )
    return found


def ids(prefix: str) -> list[str]:
    """Return the ids of jobs that begin so."""
    return ids_of(Job.objects.all(), prefix)
