"""What webhooks and their test events tell those who operate the portal."""

from datetime import datetime

from django.db.models import Count as NumberOf
from django.db.models import Min, Q

from channels.models import WebhookConfiguration, WebhookTest
from dip_portal.lib.operating import RECENT, Count, Line, waited

LIST = "admin:channels_webhookconfiguration_changelist"
TestState = WebhookConfiguration.TestState


def lines(*, now: datetime) -> list[Line]:
    """Return how webhooks and test events stand: two queries."""
    set_up = WebhookConfiguration.objects.aggregate(
        untested=NumberOf("pk", filter=Q(test_state=TestState.UNTESTED)),
        failed=NumberOf("pk", filter=Q(test_state=TestState.FAILED)),
        delivered=NumberOf("pk", filter=Q(test_state=TestState.PASSED)),
    )
    is_open = Q(finished_at=None)
    is_recent = Q(finished_at__gte=now - RECENT)
    tests = WebhookTest.objects.filter(is_open | is_recent).aggregate(
        waiting=NumberOf("pk", filter=is_open),
        delivered=NumberOf("pk", filter=is_recent & Q(state=WebhookTest.State.DELIVERED)),
        failed=NumberOf("pk", filter=is_recent & Q(state=WebhookTest.State.FAILED)),
        oldest=Min("requested_at", filter=is_open),
    )
    return [
        Line(
            name="webhooks",
            title="Webhooks",
            url_name=LIST,
            counts=(
                Count(
                    state="untested",
                    label="not tested",
                    number=set_up["untested"],
                    query=f"?state={TestState.UNTESTED}",
                ),
                # A receiver that does not answer is its company's to mend.
                Count(
                    state="failed",
                    label="failed when tested",
                    number=set_up["failed"],
                    tone="warning",
                    query=f"?state={TestState.FAILED}",
                ),
                Count(
                    state="delivered",
                    label="delivered when tested",
                    number=set_up["delivered"],
                    tone="success",
                    query=f"?state={TestState.PASSED}",
                ),
            ),
        ),
        Line(
            name="webhook_tests",
            title="Test events",
            url_name=LIST,
            waiting_seconds=waited(tests["oldest"], now=now),
            counts=(
                Count(
                    state="waiting",
                    label="on their way",
                    number=tests["waiting"],
                    tone="info",
                    query="?state=ON_ITS_WAY",
                ),
                Count(state="failed_in_a_day", label="failed, in a day", number=tests["failed"]),
                Count(
                    state="delivered_in_a_day",
                    label="delivered, in a day",
                    number=tests["delivered"],
                ),
            ),
        ),
    ]
