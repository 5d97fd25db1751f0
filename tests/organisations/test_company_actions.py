"""What a User Admin does with the company: describe it, and ask for a domain."""

from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit.models import Event
from mail.models import OutgoingMail
from organisations.models import DomainRequest, Organisation
from organisations.roles import Role
from tests import factories
from tests.conftest import signed_in

ADMIN_LIST = "/admin/organisations/domainrequest/"


@pytest.fixture
def path(company: Organisation) -> str:
    return f"/organisations/{company.pk}/"


@pytest.fixture
def asked(company: Organisation, alice: User) -> DomainRequest:
    return factories.domain_request(organisation=company, requested_by=alice)


def decide(client: Client, asked: DomainRequest, decision: str, **said: str) -> Any:
    return client.post(
        f"{ADMIN_LIST}{asked.pk}/change/", {"decision": decision, **said}, follow=True
    )


def test_the_description_is_edited_and_the_extract_is_out_of_date(
    alice_client: Client, company: Organisation, path: str
) -> None:
    sent = {"revision": company.revision, "description": " Sells electricity.\r\nAnd gas. "}

    page = alice_client.post(f"{path}description/", sent, follow=True)

    assert "The description is changed." in page.content.decode()
    changed = Organisation.objects.get(pk=company.pk)
    assert changed.description == "Sells electricity.\nAnd gas."
    assert changed.setup_changed_at > company.setup_changed_at
    event = Event.objects.latest("pk")
    assert (event.action, event.after) == (
        "organisation:edit",
        {"description": changed.description},
    )


def test_a_description_that_is_saved_as_it_was_is_not_said_to_be_changed(
    alice_client: Client, company: Organisation, path: str
) -> None:
    sent = {"revision": company.revision, "description": company.description}

    page = alice_client.post(f"{path}description/", sent, follow=True).content.decode()

    assert "The description is changed." not in page
    assert "The description is as it was: you changed nothing." in page


def test_of_two_who_edit_the_second_sees_what_the_first_wrote(
    alice_client: Client, company: Organisation, path: str
) -> None:
    first = {"revision": company.revision, "description": "By the first."}
    second = {"revision": company.revision, "description": "By the second."}
    alice_client.post(f"{path}description/", first)

    page = alice_client.post(f"{path}description/", second)

    told = page.content.decode()
    assert "Somebody else has changed this company" in told
    assert "By the first." in told
    assert "By the second." in told
    assert Organisation.objects.get(pk=company.pk).description == "By the first."

    again = {"revision": page.context["form"]["revision"].value(), "description": "By both."}
    alice_client.post(f"{path}description/", again)
    assert Organisation.objects.get(pk=company.pk).description == "By both."


@pytest.mark.parametrize("text", ["", "x" * 2001, "back\u202ewards", "nul\x00"])
def test_a_description_that_cannot_be_is_refused_beside_the_field(
    alice_client: Client, company: Organisation, path: str, text: str
) -> None:
    sent = {"revision": company.revision, "description": text}

    answer = alice_client.post(f"{path}description/", sent)

    assert answer.context["form"].errors["description"]


def test_a_domain_is_asked_for_approved_and_told(
    alice_client: Client, dana_client: Client, company: Organisation, path: str
) -> None:
    sent = {"domain": " @Super-Energy.EXAMPLE. ", "note": "For our new colleagues."}
    page = alice_client.post(f"{path}domains/request/", sent, follow=True).content.decode()
    assert "The DIP Manager is asked to whitelist super-energy.example" in page
    assert "waits for the DIP Manager" in page
    asked = company.domain_requests.get()
    assert asked.domain == "super-energy.example"
    assert "For our new colleagues." in (
        dana_client.get(f"{ADMIN_LIST}{asked.pk}/change/").content.decode()
    )

    told = decide(dana_client, asked, "approve").content.decode()

    assert "super-energy.example is whitelisted for Super Energy Co" in told
    assert company.whitelisted_domains.filter(domain="super-energy.example").exists()
    mail = OutgoingMail.objects.get(to="alice@superenergy.example")
    assert "super-energy.example is whitelisted" in mail.subject
    actions = list(Event.objects.order_by("-pk").values_list("action", flat=True)[:3])
    assert actions == ["domain_request:approve", "domain:whitelist", "domain_request:send"]


def test_a_declined_request_says_why_and_can_be_sent_again(
    alice_client: Client,
    dana_client: Client,
    company: Organisation,
    asked: DomainRequest,
    path: str,
) -> None:
    without = decide(dana_client, asked, "decline")
    assert "Say why" in without.content.decode()

    decide(dana_client, asked, "decline", reason="It is not yours.")

    assert not company.whitelisted_domains.filter(domain=asked.domain).exists()
    asked.refresh_from_db()
    assert (asked.state, asked.reason) == ("DECLINED", "It is not yours.")
    assert "not whitelisted" in OutgoingMail.objects.latest("queued_at").subject
    alice_client.post(f"{path}domains/request/", {"domain": asked.domain})
    assert company.domain_requests.filter(state="PENDING").count() == 1


def test_of_two_who_decide_the_second_is_told(
    dana_client: Client, company: Organisation, asked: DomainRequest
) -> None:
    decide(dana_client, asked, "approve")

    told = decide(dana_client, asked, "decline", reason="No.")

    assert told.status_code == 422
    assert "decided meanwhile: approved" in told.content.decode()
    assert company.whitelisted_domains.filter(domain=asked.domain).exists()


def test_approving_what_was_whitelisted_meanwhile_ends_the_request(
    dana_client: Client, company: Organisation, asked: DomainRequest
) -> None:
    company.whitelisted_domains.create(domain=asked.domain)

    decide(dana_client, asked, "approve")

    asked.refresh_from_db()
    assert asked.state == "APPROVED"


def test_a_request_is_withdrawn_once(alice_client: Client, asked: DomainRequest, path: str) -> None:
    withdraw = f"{path}domains/requests/{asked.pk}/withdraw/"

    first = alice_client.post(withdraw, follow=True)
    second = alice_client.post(withdraw, follow=True)

    assert "is withdrawn" in first.content.decode()
    assert "decided meanwhile: withdrawn" in second.content.decode()


@pytest.mark.parametrize(
    ("domain", "says"),
    [
        ("superenergy.example", "is whitelisted already"),
        ("SUPERENERGY.example.", "is whitelisted already"),
        ("wanted.example", "has been asked for already"),
        ("https://wanted.example/", "is not"),
        ("localhost", "is not a full domain"),
        ("a" * 301, "at most"),
        ("nul\x00.example", "Null characters"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_beside_the_field(
    alice_client: Client, asked: DomainRequest, path: str, domain: str, says: str
) -> None:
    answer = alice_client.post(f"{path}domains/request/", {"domain": domain})

    assert says in " ".join(answer.context["form"].errors["domain"])
    assert DomainRequest.objects.count() == 1


def test_a_request_of_another_company_is_not_found(
    alice_client: Client, charlie: User, path: str
) -> None:
    theirs = factories.domain_request(
        organisation=charlie.memberships.get().organisation, requested_by=charlie
    )

    answer = alice_client.post(f"{path}domains/requests/{theirs.pk}/withdraw/")

    assert answer.status_code == 404
    theirs.refresh_from_db()
    assert theirs.is_pending


def test_who_may_not_act_sees_why(company: Organisation, alice: User, path: str) -> None:
    reader = factories.user(email="bob@superenergy.example")
    factories.membership(user=reader, organisation=company, roles=[Role.ANALYTICS_READER])

    page = signed_in(reader).get(path).content.decode()

    assert "Whitelist Domain" in page
    assert "Only a person with the role MP User Admin can do this." in page
    assert f"{path}domains/request/" not in page


def test_the_database_has_one_pending_request_for_a_domain(
    company: Organisation, alice: User, asked: DomainRequest
) -> None:
    with pytest.raises(IntegrityError):
        factories.domain_request(organisation=company, requested_by=alice)


def test_the_dip_managers_list_finds_filters_and_costs_the_same_for_many(
    dana_client: Client, company: Organisation, alice: User, asked: DomainRequest
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert dana_client.get(ADMIN_LIST).status_code == 200
        return len(captured)

    before = queries()
    for number in range(8):
        other = factories.company(name=f"Other {number} Ltd")
        factories.domain_request(
            organisation=other, requested_by=alice, domain=f"o{number}.example"
        )

    assert queries() == before
    found = dana_client.get(ADMIN_LIST, {"q": "other o3"}).content.decode()
    assert "o3.example" in found
    assert "wanted.example" not in found
    approved = dana_client.get(ADMIN_LIST, {"state": "APPROVED"}).content.decode()
    assert "Nothing found" in approved
