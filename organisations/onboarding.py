"""The onboarding tasks of the seminar that concern the company itself, its members and DIP IDs.

HOME puts them in the seminar's order with those of the other apps. A task tells how far
it is by its steps; which is the next one, HOME decides. `finished` says the same of many
companies at once, as each app's module of this name does for its own tasks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from dip_portal.lib import environment as environments
from organisations import queries
from organisations.actors import Actor
from organisations.cover import Cover, cover_of
from organisations.models import ApiKey, DipId, Membership, Organisation
from organisations.models.membership import active_on
from organisations.roles import Role


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing to do. It is nobody's click that makes it done, but what the portal knows."""

    text: str
    is_done: bool = False


@dataclass(frozen=True, kw_only=True)
class Task:
    """One of the five tasks. `advice` is what would be wise, `url` and `label` where to go.

    `warnings` are what will go wrong soon, done or not.
    """

    title: str
    text: str
    steps: tuple[Step, ...]
    standing: str = ""
    advice: str = ""
    warnings: tuple[str, ...] = ()
    url: str = ""
    label: str = ""
    state: str = "later"

    @property
    def is_done(self) -> bool:
        return all(step.is_done for step in self.steps)


def in_order(tasks: Sequence[Task]) -> list[Task]:
    """Return the tasks with their states: done; the first that is not is next; others later."""
    following = next((task for task in tasks if not task.is_done), None)
    return [
        replace(task, state="done" if task.is_done else "next" if task is following else "later")
        for task in tasks
    ]


def access_portal(actor: Actor, organisation: Organisation, day: date) -> Task:
    """Task 1: who reads this is past the invitation, the second factor and the Terms of Use."""
    environment = environments.current()
    return Task(
        title="Access DIP Portal",
        text=f"The DIP Manager invites the Primary User Admin to the {environment.label} portal.",
        steps=(
            Step(text="Accept the invitation and set up a second factor", is_done=True),
            Step(
                text="Verify company name, description and number",
                is_done=organisation.details_verified_at is not None,
            ),
        ),
    )


def member_management(actor: Actor, organisation: Organisation, day: date) -> Task:
    """Task 2: a Certificate Admin and a Message Admin first; then cover for each role."""
    cover = cover_of(organisation, day)
    thin = [
        f"{it.role.label.removeprefix('MP ')}s{it.also_invited}"
        for it in cover.values()
        if it.is_thin
    ]
    text = (
        "Members are not copied from UIT: set up the users of Production here."
        if environments.current().can_import
        else "Set up the users of your company."
    )
    return Task(
        title="Member Management",
        text=f"{text} A Certificate Admin and a Message Admin need to be added as a first task.",
        steps=(
            _first(cover[Role.CERTIFICATE_ADMIN], "Add a Certificate Admin"),
            _first(cover[Role.MESSAGE_ADMIN], "Add a Message Admin"),
        ),
        advice=f"Two of each are recommended, so that nobody’s absence stops you. Fewer than "
        f"two: {', '.join(thin)}."
        if thin
        else "",
        warnings=tuple(
            f"From {it.until} on nobody is {it.role.label} any more: extend a membership, or "
            "give somebody else the role."
            for it in cover.values()
            if it.ends_soon
        ),
        url=reverse("organisations:members", args=[organisation.pk]),
        label="Members",
    )


def _first(cover: Cover, text: str) -> Step:
    """Return the step to have somebody with a role: who is invited does not count, but is told."""
    return Step(
        text=text if cover.is_there else f"{text}{cover.also_invited}", is_done=cover.is_there
    )


def dip_id_management(actor: Actor, organisation: Organisation, day: date) -> Task:
    """Task 4: the DIP Manager sets the effective dates, the company takes the API keys."""
    counts = queries.dip_id_counts(actor, organisation)
    number, dated, taken = counts["all"], counts["dated"], counts["with_key"]
    text = (
        "MPIDs, DIP IDs and DCP IDs are copied over from UIT by the DIP Manager, who then "
        "updates the effective from date of each DIP ID according to the PAB guidance."
        if environments.current().can_import
        else "The DIP Manager sets the effective from date of each of your DIP IDs."
    )
    return Task(
        title="DIP ID Management",
        text=text,
        standing=f"{dated} of {number} DIP IDs with dates set" if number else "No DIP IDs yet",
        steps=(
            Step(
                text="DIP Manager: set the effective from date of each DIP ID",
                is_done=0 < number == dated,
            ),
            Step(
                text=f"Download the API keys of each DIP ID ({taken} of {number})",
                is_done=0 < number == taken,
            ),
        ),
        url=reverse("organisations:dip_ids", args=[organisation.pk]),
        label="DIP IDs",
    )


def finished(day: date) -> Q:
    """Return what finds the companies that have done tasks 1, 2 and 4."""
    members = Membership.objects.filter(active_on(day), organisation=OuterRef("pk"))
    dip_ids = DipId.objects.filter(mpid__organisation=OuterRef("pk"))
    has_key = ApiKey.objects.filter(dip_id=OuterRef("pk"), first_shown_at__isnull=False)
    return (
        Q(details_verified_at__isnull=False)
        & Q(Exists(members.filter(is_certificate_admin=True)))
        & Q(Exists(members.filter(is_message_admin=True)))
        & Q(Exists(dip_ids))
        & ~Q(
            Exists(
                dip_ids.filter(
                    Q(effective_dates_set_at__isnull=True)
                    | Q(effective_from_date__isnull=True)
                    | ~Exists(has_key)
                )
            )
        )
    )
