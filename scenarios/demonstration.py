"""The demonstration that `make run` begins with: a scenario, loaded beside what is there."""

from datetime import datetime

from django.db import transaction

from dip_portal.lib import environment as environments
from scenarios import people, reading
from scenarios.build import build
from scenarios.document import Company, Member

NAME = "demonstration"
SHOWN = "Brightwater Energy Ltd"  # the company that `make run` carries through the promotion


@transaction.atomic
def load(*, now: datetime) -> None:
    """Make this environment's DIP Manager, and in UIT the companies with their people.

    What is here already stays as it is.
    """
    manager = people.make_manager(now=now)
    if environments.current().can_extract:
        build(reading.load(NAME).scenario, actor=manager, now=now)


def shown() -> tuple[Company, Member]:
    """Return the company that is carried through the promotion, and whom it is to invite."""
    companies = reading.load(NAME).scenario.companies
    company = next(company for company in companies if company.name == SHOWN)
    return company, company.members[0]
