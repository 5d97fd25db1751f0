"""A job goes on only while whoever started it may do what it does."""

from collections.abc import Callable
from functools import wraps

from jobs.models import Job, JobItem
from organisations.policies import Refused, Stranger

Handler = Callable[[Job, list[JobItem]], None]
RIGHT_LOST = "Whoever started this job may not do it any more. Somebody who may has to start it."


def while_allowed(handler: Handler) -> Handler:
    """Refuse the items of a job whose starter has lost the right since; nothing is done of them."""

    @wraps(handler)
    def handle(job: Job, items: list[JobItem]) -> None:
        try:
            handler(job, items)
        except (Stranger, Refused):
            for item in items:
                item.refuse(RIGHT_LOST)

    return handle
