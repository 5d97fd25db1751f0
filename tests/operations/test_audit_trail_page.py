"""The audit trail as the DIP Manager reads it."""

import csv
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actors import UserActor
from audit.models import Event
from organisations.models import Organisation
from tests.operations.conftest import NOON

PAGE = "/admin/audit/event/"
Make = Callable[..., Event]


def read(client: Client, url: str = PAGE) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return str(answer.content.decode())


def sentences(client: Client, query: str) -> list[str]:
    return [row.event.subject_label for row in client.get(f"{PAGE}{query}").context["rows"]]


def test_an_event_reads_as_a_sentence_with_before_and_after(
    dana_client: Client, event: Make, company: Organisation
) -> None:
    made = event(
        before={"name": "Old Name", "tags": []},
        after={"name": "New Name", "tags": ["a", "b"], "is_dcp": True},
        organisation_id=company.pk,
    )

    page = read(dana_client)

    assert "<strong>Alice Admin</strong> created the DIP Manager <strong>Bob Bee</strong>" in page
    for text in ("Old Name", "New Name", "a, b", "none", "yes", "192.0.2.1", "Super Energy Co"):
        assert text in page
    one = read(dana_client, f"{PAGE}{made.pk}/change/")
    for text in ("Old Name", "New Name", "dip_manager:create", "accounts.user 12", "(user 3)"):
        assert text in one


def test_what_people_wrote_is_shown_as_text(dana_client: Client, event: Make) -> None:
    event(after={"name": "<script>alert(1)</script>"})

    page = read(dana_client)

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_trail_is_searched_and_filtered(
    dana_client: Client, dana: Any, event: Make, company: Organisation
) -> None:
    Event.objects.all()
    event(organisation_id=company.pk)
    event(subject=dana, action="terms:accept", at=NOON - timedelta(days=2))
    event(subject=company, actor=UserActor(user_id=9, label="Zoe", address=None))

    assert sentences(dana_client, "?q=bob") == ["Bob Bee"]
    assert sentences(dana_client, "?q=12") == ["Bob Bee"]
    assert sentences(dana_client, "?action=terms:accept&who=alice") == ["Dana Doe"]
    assert sentences(dana_client, "?who=zoe") == ["Super Energy Co"]
    assert sentences(dana_client, "?until=2026-04-30") == ["Dana Doe"]
    assert sentences(dana_client, "?since=2026-05-01&until=2026-05-01&who=alice") == ["Bob Bee"]
    assert sentences(dana_client, f"?company={company.pk}") == ["Bob Bee"]


@pytest.mark.parametrize(
    "query",
    ["?company=x", f"?company={2**70}", "?since=yesterday", "?q=%00", "?page=99", "?action=x"],
)
def test_a_filter_that_makes_no_sense_does_no_harm(
    dana_client: Client, event: Make, query: str
) -> None:
    event()

    read(dana_client, f"{PAGE}{query}")


def test_an_empty_list_says_what_will_be_there(dana_client: Client) -> None:
    assert "Nothing matches this filter" in read(dana_client, f"{PAGE}?q=nobody")


def test_the_trail_is_paged(dana_client: Client, event: Make) -> None:
    for number in range(30):
        event(at=NOON - timedelta(minutes=number))

    assert "Showing items 1 - 25 of 30" in read(dana_client, f"{PAGE}?q=bob")
    assert "Showing items 26 - 30 of 30" in read(dana_client, f"{PAGE}?q=bob&page=2")


def test_the_number_of_queries_does_not_grow(
    dana_client: Client, event: Make, company: Organisation
) -> None:
    counts = []
    for number in (10, 60):
        while Event.objects.count() < number:
            event(organisation_id=company.pk)
        with CaptureQueriesContext(connection) as captured:
            read(dana_client)
        counts.append(len(captured))

    assert counts[0] == counts[1]


def test_the_export_has_every_row_of_the_filter_and_no_formula(
    dana_client: Client, event: Make
) -> None:
    for _ in range(30):
        event(actor=UserActor(user_id=1, label="=HYPERLINK(1)", address=None), after={"a": "é"})
    event()

    answer = dana_client.get("/admin/audit/event/export/?who=hyperlink")
    lines = b"".join(answer).decode().splitlines()
    rows = list(csv.DictReader(lines))

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert len(rows) == 30
    assert rows[0]["who"] == "'=HYPERLINK(1)"
    assert rows[0]["after"] == '{"a": "é"}'
    assert rows[0]["at"] == "2026-05-01T12:00:00+00:00"


def test_nothing_can_be_edited(dana_client: Client, event: Make) -> None:
    made = event()

    for url in (f"{PAGE}add/", f"{PAGE}{made.pk}/delete/", f"{PAGE}{made.pk}/history/"):
        assert dana_client.post(url).status_code == 404
    assert dana_client.post(PAGE, {"action": "delete_selected"}).status_code == 405
    assert dana_client.post(f"{PAGE}{made.pk}/change/", {}).status_code == 405
    assert Event.objects.filter(pk=made.pk).exists()
