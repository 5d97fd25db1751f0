"""Members whose e-mail domain is not whitelisted any more are shown for decision."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import Event
from organisations.models import DcpId, Membership, Organisation
from organisations.roles import Role
from tests import factories


@pytest.fixture
def path(company: Organisation) -> str:
    return f"/organisations/{company.pk}/members/"


@pytest.fixture
def dcp(db: None) -> DcpId:
    return factories.dcp(domains=["conduit.example"])


def join(company: Organisation, email: str) -> Membership:
    return factories.membership(
        user=factories.user(email=email), organisation=company, roles=[Role.MESSAGE_ADMIN]
    )


def to_decide(client: Client, path: str) -> list[str]:
    page = client.get(f"{path}outside/").context["table"].page
    return [membership.user.email for membership in page]


def test_the_end_of_a_nomination_shows_who_came_with_it(
    alice_client: Client, company: Organisation, dcp: DcpId, path: str
) -> None:
    nomination = factories.nomination(organisation=company, of=dcp, domains=True)
    eve = join(company, "eve@conduit.example")
    assert to_decide(alice_client, path) == []
    assert "Decide who stays" not in alice_client.get(path).content.decode()

    alice_client.post(f"/organisations/{company.pk}/nominations/{nomination.pk}/remove/")

    told = alice_client.get(path).content.decode()
    assert "1 member comes from domains that are not whitelisted any more" in told
    assert to_decide(alice_client, path) == ["eve@conduit.example"]
    eve.refresh_from_db()
    assert eve.offboarded_at is None


def test_who_is_kept_is_not_shown_again(
    alice_client: Client, company: Organisation, path: str
) -> None:
    eve, finn = join(company, "eve@conduit.example"), join(company, "finn@conduit.example")

    page = alice_client.post(f"{path}{eve.pk}/keep/", follow=True)
    alice_client.post(f"{path}{finn.pk}/offboard/")

    assert "is kept" in page.content.decode()
    assert to_decide(alice_client, path) == []
    event = Event.objects.get(action="member:keep")
    assert event.after == {"domain": "conduit.example"}


@pytest.mark.parametrize(
    ("email", "is_outside"),
    [
        ("a@superenergy.example", False),
        ("a@sub.superenergy.example", True),
        ("a@notsuperenergy.example", True),
        ("a@superenergy.example.evil.example", True),
        ("a@münchen.example", False),
        ("a@xn--mnchen-3ya.example", False),
    ],
)
def test_exactly_the_domain_counts_in_both_its_writings(
    alice_client: Client, company: Organisation, path: str, email: str, is_outside: bool
) -> None:
    company.whitelisted_domains.create(domain="xn--mnchen-3ya.example")
    join(company, email)

    assert to_decide(alice_client, path) == ([email] if is_outside else [])


def test_a_company_without_domains_shows_all_its_members(
    alice_client: Client, company: Organisation, path: str
) -> None:
    company.whitelisted_domains.all().delete()

    assert to_decide(alice_client, path) == ["alice@superenergy.example"]


def test_who_was_offboarded_cannot_be_kept(
    alice_client: Client, company: Organisation, path: str
) -> None:
    eve = join(company, "eve@conduit.example")
    alice_client.post(f"{path}{eve.pk}/offboard/")

    told = alice_client.post(f"{path}{eve.pk}/keep/", follow=True)

    assert "was offboarded already" in told.content.decode()


def test_the_page_costs_the_same_for_many(
    alice_client: Client, company: Organisation, path: str
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert alice_client.get(f"{path}outside/").status_code == 200
        return len(captured)

    join(company, "m0@conduit.example")
    before = queries()
    for number in range(1, 8):
        join(company, f"m{number}@conduit.example")

    assert queries() == before
