"""Kinds of jobs for the tests, in a module that a real worker can load too."""

import time
from pathlib import Path

from django.conf import settings

from audit.services import record
from jobs.errors import ItemRefused
from jobs.models import Job, JobItem
from jobs.registry import kind
from mail.services import queue

SECONDS_PER_ITEM = 0.1


@kind("test.slow", title="Count slowly", chunk_size=4)
def count_slowly(job: Job, items: list[JobItem]) -> None:
    """Leave one audit event per item, and a line in a file that no rollback takes back."""
    for item in items:
        with Path(settings.DIP_HOME, "begun").open("a") as begun:
            begun.write(f"{item.label}\n")
        record(actor=job.actor, action="test:count", subject=job, after={"item": item.label})
        time.sleep(item.payload.get("seconds", SECONDS_PER_ITEM))
        item.finish("counted")


@kind("test.by_payload", title="Do as the payload says", chunk_size=3)
def do_as_told(job: Job, items: list[JobItem]) -> None:
    """Finish, refuse or fail as each payload says; an event per item shows what was kept."""
    for item in items:
        record(actor=job.actor, action="test:do", subject=job, after={"item": item.label})
        match item.payload:
            case {"raise": "refused"}:
                raise ItemRefused("This company is not approved.", "/somewhere/")
            case {"raise": text}:
                raise RuntimeError(text)
            case {"refuse": text}:
                item.refuse(text)
            case {"forget": _}:
                pass
            case _:
                item.finish(item.payload.get("outcome", "done"), "Well done.", "/there/")


@kind("test.writing", title="Write e-mails", chunk_size=3)
def write(job: Job, items: list[JobItem]) -> None:
    """Write to each item's address."""
    for item in items:
        queue(to=item.payload["to"], template="security_notice", context={})
        record(actor=job.actor, action="test:write", subject=job)
        item.finish("written")
