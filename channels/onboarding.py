"""The seminar's fifth onboarding task: the webhook of each publication of each DIP ID."""

from datetime import date
from functools import reduce
from operator import or_

from django.db.models import Case, Count, Exists, OuterRef, Q, Value, When
from django.urls import reverse

from channels.plans import receivable
from channels.rows import rows_of
from channels.services.webhooks import webhooks_of
from dip_portal.lib import environment as environments
from organisations.actors import Actor
from organisations.models import DipId, Organisation
from organisations.onboarding import Step, Task
from organisations.policies import Action, visible
from organisations.queries import dip_ids
from organisations.roles import DipRoleCode

SHOWN = 10  # DIP IDs that are told one by one


def message_channel_setup(actor: Actor, organisation: Organisation, day: date) -> Task:
    """Task 5: what is still missing for each DIP ID. Two queries."""
    own = list(visible(actor, Action.CHANNEL_VIEW, dip_ids(actor, organisation)).order_by("dip_id"))
    rows = rows_of(own, webhooks_of(own))
    steps = []
    for dip_id in own:
        theirs = [row for row in rows if row.dip_id is dip_id]
        done = sum(row.webhook is not None for row in theirs)
        steps.append(
            Step(
                text=f"DIP ID {dip_id} ({dip_id.dip_role_code}): {done} of {len(theirs)} webhooks",
                is_done=done == len(theirs),
            )
        )
    shown = sorted(steps, key=lambda step: step.is_done)[:SHOWN]
    more = len(steps) - len(shown)
    if more:
        shown.append(
            Step(text=f"And {more} more DIP IDs", is_done=all(step.is_done for step in steps))
        )
    text = (
        "Updated webhook configuration is required: the transfer of data from UIT to "
        "Production does not include the webhook configuration."
        if environments.current().can_import
        else "The DIP delivers messages to webhooks of yours: tell it where they are."
    )
    number = sum(row.webhook is not None for row in rows)
    return Task(
        title="Message Channel Setup",
        text=text,
        standing=f"{number} of {len(rows)} webhooks set" if rows else "No DIP IDs yet",
        steps=tuple(shown)
        or (Step(text="Configure the webhook URL of each publication, best by the API"),),
        advice="Better by the API than here: that proves your certificates before any message "
        "is exchanged."
        if number < len(rows)
        else "",
        url=reverse("channels:channels", args=[organisation.pk]),
        label="Message Channels",
    )


def finished() -> Q:
    """Return what finds the companies that have done the task."""
    wanted = {
        role: [publication for publication, _ in receivable(role)] for role in DipRoleCode.values
    }
    is_wanted = reduce(
        or_,
        (
            Q(dip_role_code=role, webhooks__publication__in=publications)
            for role, publications in wanted.items()
        ),
    )
    # Not `or` for each role: the count would be in the statement as often.
    number_wanted = Case(
        *(When(dip_role_code=role, then=Value(len(them))) for role, them in wanted.items())
    )
    own = DipId.objects.filter(mpid__organisation=OuterRef("pk")).order_by()
    short = own.annotate(set_count=Count("webhooks", filter=is_wanted)).filter(
        set_count__lt=number_wanted
    )
    return Q(Exists(own)) & ~Q(Exists(short))
