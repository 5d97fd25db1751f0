"""Celery's side of `jobs`: it only wakes; what is to be done stands in the rows."""

from celery import shared_task

from jobs import runner


@shared_task(name="jobs.run")
def run(job_id: str) -> None:
    """Run one job, unless it is finished or another worker has it."""
    runner.run(job_id)


@shared_task(name="jobs.resume_stalled")
def resume_stalled() -> None:
    """Run the jobs whose wake-up was lost or whose worker is gone."""
    runner.run_stalled()
