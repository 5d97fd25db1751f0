"""The promotion's jobs: a chunk of companies at a time, each chunk in one transaction."""

from django.urls import reverse

from dip_portal.lib import clock
from jobs.models import Job, JobItem
from jobs.registry import kind
from organisations.actors import actor_of_job
from organisations.job_rights import while_allowed
from promotion.apply import Applied, apply_imports
from promotion.errors import UnableToFetch, UnableToReceive
from promotion.extract import extract_companies
from promotion.fetch import fetch_extract
from promotion.models import Extract, Import
from promotion.receive import receive_all


@kind("promotion.extract", title="Extract company setup", chunk_size=250)
@while_allowed
def extract(job: Job, items: list[JobItem]) -> None:
    """Extract the companies of these items (`organisation`: primary key)."""
    outcomes = extract_companies(
        actor=actor_of_job(job),
        organisations=[item.payload["organisation"] for item in items],
        now=clock.now(),
    )
    for item in items:
        outcome, is_new = outcomes[item.payload["organisation"]]
        if isinstance(outcome, Extract):
            link = reverse("promotion:extract", args=[outcome.pk])
            if is_new:
                item.finish("extracted", f"Extract {outcome.number}.", link)
            else:
                item.finish("unchanged", f"Extract {outcome.number} still says it all.", link)
        else:
            item.refuse(str(outcome))


@kind("promotion.fetch", title="Fetch extracts from UIT", chunk_size=20)
@while_allowed
def fetch(job: Job, items: list[JobItem]) -> None:
    """Fetch the extracts of these items (`extract`: its key in UIT) and take them in."""
    fetched: list[tuple[JobItem, bytes]] = []
    for item in items:
        try:
            fetched.append((item, fetch_extract(item.payload["extract"])))
        except UnableToFetch as refusal:
            item.refuse(str(refusal))
    outcomes = receive_all(
        actor=actor_of_job(job),
        files=[file for _, file in fetched],
        via=Import.Via.SERVICE,
        now=clock.now(),
    )
    for (item, _), outcome in zip(fetched, outcomes, strict=True):
        if isinstance(outcome, UnableToReceive):
            item.refuse(str(outcome))
        else:
            link = reverse("promotion:import", args=[outcome.pk])
            item.finish("received", "Look at its plan, then import it.", link)


@kind("promotion.import", title="Import company setup", chunk_size=250)
@while_allowed
def import_(job: Job, items: list[JobItem]) -> None:
    """Apply the imports of these items (`import`: primary key, `plan`: its fingerprint)."""
    outcomes = apply_imports(
        actor=actor_of_job(job),
        fingerprints={item.payload["import"]: item.payload["plan"] for item in items},
        now=clock.now(),
    )
    for item in items:
        outcome = outcomes[item.payload["import"]]
        link = reverse("promotion:import", args=[item.payload["import"]])
        if isinstance(outcome, Applied):
            item.finish("imported" if outcome.changed else "unchanged", outcome.message, link)
        else:
            item.refuse(str(outcome), link)
