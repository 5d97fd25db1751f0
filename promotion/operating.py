"""What the promotion tells those who operate Production: extracts that are to be imported."""

from datetime import datetime

from django.db.models import Count as NumberOf
from django.db.models import Min

from dip_portal.lib import environment as environments
from dip_portal.lib.operating import Line, asked, waited
from promotion.queries import waiting_imports


def lines(*, now: datetime) -> list[Line]:
    """Return how imports stand where there are any: one query."""
    if not environments.current().can_import:
        return []
    found = waiting_imports().order_by().aggregate(number=NumberOf("pk"), oldest=Min("received_at"))
    return [
        Line(
            name="imports",
            title="Imports",
            url_name="promotion:imports",
            waiting_seconds=waited(found["oldest"], now=now),
            counts=(asked(found["number"], query="?state=waiting", label="to be imported"),),
        )
    ]
