"""Celery's side of `organisations`: it only wakes; what is due stands in the rows."""

from urllib.parse import urlencode

from celery import shared_task

from dip_portal.lib import clock
from jobs.models import Job, JobItem
from jobs.registry import kind
from organisations.actors import actor_of_job
from organisations.job_rights import while_allowed
from organisations.services import bulk_members, reminders


@shared_task(name="organisations.remind_of_expiry")
def remind_of_expiry() -> None:
    """Remind those whose membership is about to expire."""
    reminders.remind_of_expiry(now=clock.now())


@kind(bulk_members.KIND, title="Create members", chunk_size=20)
@while_allowed
def create_members(job: Job, items: list[JobItem]) -> None:
    """Invite the members of these items (what `bulk_members.start` put into them)."""
    outcomes = bulk_members.create_all(
        actor=actor_of_job(job), payloads=[item.payload for item in items], now=clock.now()
    )
    for item, outcome in zip(items, outcomes, strict=True):
        if isinstance(outcome, str):
            item.refuse(outcome)
        else:
            found = f"{job.back}?{urlencode({'q': outcome.email})}"
            item.finish("invited", f"The invitation goes to {outcome.email}.", found)
