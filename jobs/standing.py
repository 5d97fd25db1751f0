"""How a job stands, in words and tones; for every page that shows one."""

from datetime import datetime, timedelta

from jobs.models import Job, JobItem

# A job that no worker took up by then: perhaps none is running.
PATIENCE = timedelta(seconds=15)
TONES = {"QUEUED": "neutral", "RUNNING": "info", "DONE": "success"}
ITEM_TONES = {"WAITING": "neutral", "DONE": "success", "REFUSED": "warning", "FAILED": "danger"}


def standing_of(job: Job) -> tuple[str, str]:
    """Return a job's state in words and the tone of its badge: done with problems is no success."""
    state = job.get_state_display()
    if not job.refused and not job.failed:
        return state, TONES[job.state]
    return f"{state} with problems", "danger" if job.failed else "warning"


def is_waiting_long(job: Job, *, now: datetime) -> bool:
    """Tell whether no worker has taken the job up for a while."""
    return job.state == Job.State.QUEUED and now - job.created_at > PATIENCE


def tabs(job: Job) -> list[tuple[str, str, int]]:
    """Return (state, label, number of items) of each tab over the report."""
    counts = {
        "": job.total,
        JobItem.State.DONE: job.succeeded,
        JobItem.State.REFUSED: job.refused,
        JobItem.State.FAILED: job.failed,
        JobItem.State.WAITING: job.total - job.done,
    }
    labels = {"": "All", **dict(JobItem.State.choices)}
    return [(str(state), labels[state], number) for state, number in counts.items()]
