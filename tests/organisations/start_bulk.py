"""`python -m tests.organisations.start_bulk COUNT`: a company, and the job that creates members."""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dip_portal.settings")
django.setup()

from django.utils import timezone  # noqa: E402

from organisations.actors import actor_for  # noqa: E402
from organisations.member_table import HEADINGS, read_table  # noqa: E402
from organisations.roles import Role  # noqa: E402
from organisations.services import bulk_members  # noqa: E402
from tests import factories  # noqa: E402


def main(count: int) -> None:
    """Let Alice start the job, as the page does; every tenth row is refused."""
    company = factories.company(name="Super Energy Co", domains=["superenergy.example"])
    alice = factories.user(email="alice@superenergy.example", first_name="Alice")
    factories.membership(user=alice, organisation=company, roles=list(Role))
    lines = [",".join(HEADINGS)]
    for number in range(1, count + 1):
        roles = "Boss" if number % 10 == 0 else "Analytics Reader"
        lines.append(f"P{number},Baker,p{number}@superenergy.example,{roles},ALL")
    now = timezone.now()
    bulk_members.start(
        actor=actor_for(alice, day=now.date()),
        organisation=company,
        lines=read_table("\n".join(lines)),
        now=now,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
