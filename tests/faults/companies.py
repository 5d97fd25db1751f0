"""`python -m tests.faults.companies COUNT`: so many companies of UIT, approved by the PAB."""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dip_portal.settings")
django.setup()

from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from scenarios import people  # noqa: E402
from scenarios.build import build  # noqa: E402
from scenarios.document import Scenario  # noqa: E402
from tests import factories  # noqa: E402


def company(n: int) -> dict[str, object]:
    """Return a company as a scenario file says it: five domains, two DIP IDs."""
    return {
        "name": f"Fault Company {n:03d} Ltd",
        "number": f"{70_000_000 + n:08d}",
        "description": "A company of the fault rounds.",
        "domains": [f"d{d}.fault{n}.example" for d in range(5)],
        "mpids": [
            {
                "code": factories.mpid_code(5000 + n),
                "dip_ids": [
                    {"role": "SUP", "market_role": "X", "effective_from": "2025-07-01"},
                    {"role": "MDR", "effective_from": "2025-07-01"},
                ],
            }
        ],
        "approval": {"reference": f"PAB-{n}", "date": "2026-01-02"},
    }


def main(count: int) -> None:
    """Make them through the services, all or none."""
    scenario = Scenario.model_validate(
        {
            "scenario": 1,
            "title": "Fault rounds",
            "description": "Companies to carry through the promotion.",
            "companies": [company(n) for n in range(1, count + 1)],
        }
    )
    with transaction.atomic():
        build(scenario, actor=people.manager_actor(), now=timezone.now())


if __name__ == "__main__":
    main(int(sys.argv[1]))
