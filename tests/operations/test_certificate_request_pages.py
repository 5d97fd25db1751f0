"""Requests for certificates as the DIP Manager sees them, and trying one again."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import Event
from audit.sentences import sentence
from organisations.models import Organisation
from tests import factories

LIST = "/admin/certificates/certificaterequest/"
AGAIN = f"{LIST}try-again/"
AWAY = "GlobalSign Atlas does not answer."


@pytest.fixture
def company(db: None) -> Organisation:
    return factories.company(roles=[])


def read(client: Client, query: str = "") -> str:
    answer = client.get(f"{LIST}{query}")
    assert answer.status_code == 200
    return str(answer.content.decode())


def shown(client: Client, query: str = "") -> list[str]:
    rows = client.get(f"{LIST}{query}").context["rows"]
    return [row.dns_names[0] for row in rows]


def test_the_list_tells_why_a_request_waits_or_was_refused(
    dana_client: Client, company: Organisation
) -> None:
    factories.certificate_request(organisation=company, problem=AWAY, attempts=3)
    factories.certificate_request(
        organisation=company, state="REFUSED", reason="No such domain.", next_attempt_at=None
    )

    page = read(dana_client)

    for text in (company.name, AWAY, "3 attempts", "No such domain.", "Refused"):
        assert text in page


def test_the_list_is_searched_and_filtered(dana_client: Client, company: Organisation) -> None:
    now = timezone.now()
    for number, (name, more) in enumerate(
        {
            "fresh.example": {},
            "stuck.example": {"problem": AWAY},
            "no.example": {"state": "REFUSED", "reason": "No."},
        }.items()
    ):
        factories.certificate_request(
            organisation=company,
            dns_names=[name],
            requested_at=now - timedelta(minutes=number),
            **more,
        )

    assert shown(dana_client) == ["fresh.example", "stuck.example", "no.example"]
    assert shown(dana_client, "?state=OPEN") == ["fresh.example", "stuck.example"]
    assert shown(dana_client, "?state=TROUBLE") == ["stuck.example"]
    assert shown(dana_client, "?state=REFUSED") == ["no.example"]
    assert shown(dana_client, "?q=fresh") == ["fresh.example"]
    assert shown(dana_client, f"?q={company.name}&sort=-newest")[0] == "no.example"
    assert "Nothing matches this filter" in read(dana_client, "?q=zzz")


@pytest.mark.parametrize(
    ("query", "direction", "arrow", "turned"),
    [("", "descending", "↓", "-newest"), ("?sort=-newest", "ascending", "↑", "newest")],
)
def test_the_order_is_told_as_it_is(
    dana_client: Client,
    company: Organisation,
    query: str,
    direction: str,
    arrow: str,
    turned: str,
) -> None:
    factories.certificate_request(organisation=company)

    page = read(dana_client, query)

    [heading] = re.findall(r"<th[^>]*aria-sort.*?</th>", page)
    assert f'aria-sort="{direction}"' in heading
    assert f'href="?sort={turned}">Requested (UTC)' in heading
    assert arrow in heading


def test_all_can_be_chosen_where_one_can(dana_client: Client, company: Organisation) -> None:
    factories.certificate_request(
        organisation=company, state="REFUSED", reason="No.", next_attempt_at=None
    )
    assert "Choose all" not in read(dana_client)
    assert "Try the chosen again" not in read(dana_client)

    factories.certificate_request(organisation=company)

    assert "Choose all" in read(dana_client)
    assert "Try the chosen again" in read(dana_client)


def test_an_empty_list_says_what_will_be_there(dana_client: Client) -> None:
    assert "No request yet" in read(dana_client)


def test_chosen_requests_are_tried_again_and_that_is_audited(
    dana_client: Client, company: Organisation
) -> None:
    waits = factories.certificate_request(organisation=company, problem=AWAY, attempts=5)
    refused = factories.certificate_request(organisation=company, state="REFUSED", reason="No.")
    before = waits.next_attempt_at

    answer = dana_client.post(AGAIN, {"request": [waits.pk, refused.pk, "nonsense"]}, follow=True)

    assert "asked again now for 1 request." in answer.content.decode()
    waits.refresh_from_db()
    assert waits.next_attempt_at is not None
    assert before is not None
    assert waits.next_attempt_at < before
    event = Event.objects.get(action="certificate_request:retry")
    assert "had GlobalSign asked again for the" in sentence(event)


def test_nothing_that_waits_chosen_is_said(dana_client: Client, company: Organisation) -> None:
    page = dana_client.post(AGAIN, follow=True).content.decode()

    assert "Choose a request that is still on its way." in page


def test_the_number_of_queries_does_not_grow(dana_client: Client, company: Organisation) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            read(dana_client)
        return len(queries)

    factories.certificate_request(organisation=company)
    read(dana_client)
    before = cost()
    for _ in range(10):
        factories.certificate_request(organisation=factories.company(roles=[]))

    assert cost() == before


def test_a_request_is_found_by_the_id_of_what_caused_it(
    dana_client: Client, company: Organisation
) -> None:
    factories.certificate_request(organisation=company, correlation_id="abc-123")

    page = dana_client.get("/admin/operations/follow/?id=abc-123").content.decode()

    assert "Certificate request" in page
    assert company.name in page
