"""The pages Operations and Follow an id, for the DIP Manager."""

import re

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from dip_portal.lib import operating, readiness
from dip_portal.lib.text import storable
from jobs.standing import standing_of
from operations import overview
from organisations.actors import Actor
from organisations.manager_pages import page, show
from organisations.policies import Action, decide

ID_MAX_LENGTH = 64
BEGINNING = re.compile(r"[0-9a-f]{8,}")


@page(Action.OPERATIONS_VIEW)
def operations(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show in one look whether all works, what waits, and what somebody has to see to."""
    now = timezone.now()
    checks = [*readiness.checks(), *overview.certificate_checks(now=now)]
    lines = operating.lines(now=now)
    processes = overview.processes(now=now)
    jobs, still = overview.jobs_to_watch(now=now)
    troubles = [
        f"{check.name.capitalize()}: {check.outcome}." for check in checks if not check.is_ok
    ]
    troubles += overview.trouble_with(processes)
    troubles += [
        f"{line.title}: {count.number} {count.label}."
        for line in lines
        for count in line.counts
        if count.is_trouble
    ]
    asked = [
        (f"{line.title}: {count.number} {count.label}.", reverse(line.url_name) + count.query)
        for line in lines
        for count in line.counts
        if count.is_asked and count.number
    ]
    return show(
        request,
        "operations/overview.html",
        "Operations",
        checks=checks,
        lines=lines,
        processes=processes,
        troubles=troubles,
        asked=asked,
        versions=overview.versions(),
        jobs=[(job, standing_of(job), str(job.pk) in still) for job in jobs],
        mails=list(overview.mails_in_trouble()),
        can_send_again=bool(decide(actor, Action.MAIL_RETRY)),
        now=now,
    )


@page(Action.OPERATIONS_VIEW)
def follow(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show everything that was done under one correlation id (`id`), in the order of time.

    Its beginning is enough, as lists show it; several ids that begin so are offered.
    """
    asked = storable(request.GET.get("id", "").strip(), ID_MAX_LENGTH).rstrip("…. ")
    found, ids = operating.steps(asked) if asked else [], []
    if not found and BEGINNING.fullmatch(asked.lower()):
        ids = operating.ids(asked.lower())
        if len(ids) == 1:
            [asked] = ids
            found, ids = operating.steps(asked), []
    return show(
        request, "operations/follow.html", "Follow an id", asked=asked, steps=found, ids=ids
    )
