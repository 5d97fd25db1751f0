"""The DIP Manager's admin of companies and users, as a browser asks for it."""

from datetime import date
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from organisations.models import DipId, Mpid, Organisation
from organisations.roles import DcpStatus, DipRoleCode, Role
from organisations.services import api_keys
from tests import factories

LIST = "/admin/organisations/organisation/"
USERS = "/admin/accounts/user/"
TODAY = timezone.now().date().isoformat()

pytestmark = pytest.mark.usefixtures("uit")


def page_of(company: Organisation) -> str:
    return f"{LIST}{company.pk}/change/"


def read(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return str(answer.content.decode())


def names(client: Client, query: str = "") -> list[str]:
    return [str(company) for company in client.get(f"{LIST}{query}").context["rows"]]


def send(client: Client, company: Organisation, form: str, **said: Any) -> Any:
    """Send one of the forms of the company's page, and follow where it leads."""
    return client.post(f"{LIST}{company.pk}/{form}/", said, follow=True)


def told(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def details(company: Organisation, **changes: Any) -> dict[str, Any]:
    return {
        "name": company.name,
        "company_number": company.company_number,
        "description": company.description,
        "dcp_status": company.dcp_status,
        "revision": company.revision,
        **changes,
    }


def test_the_list_finds_a_company_by_each_of_its_names(
    dana_client: Client, company: Organisation
) -> None:
    factories.company(name="Bright Grid Ltd", roles=[DipRoleCode.LDSO])
    dip_id = DipId.objects.get(mpid__organisation=company)

    for text in ("super", company.company_number, dip_id.mpid.code, dip_id.dip_id, "co energy"):
        assert names(dana_client, f"?q={text}") == ["Super Energy Co"], text
    assert "Nothing found" in read(dana_client, f"{LIST}?q=nobody")
    assert names(dana_client, "?q=%00") == ["Bright Grid Ltd", "Super Energy Co"]


def test_the_list_filters(dana_client: Client, company: Organisation) -> None:
    child = factories.company(name="Super Child Ltd", parent=company, roles=[DipRoleCode.MDR])
    hub = factories.dcp(name="Hub Ltd").organisation
    factories.pab_approval(organisation=company)

    for query, found in {
        "?role=MDR": [child],
        "?dcp_status=APPROVED": [hub],
        "?approved=yes": [company],
        "?approved=no": [hub, child],
        f"?parent={company.pk}": [child],
        "?parent=null": [hub, company],
        "?role=SUP&approved=yes&q=super": [company],
    }.items():
        assert names(dana_client, query) == [str(one) for one in found], query


def test_the_list_is_sorted_both_ways_and_comes_in_pages(dana_client: Client, db: None) -> None:
    for number in range(26):
        factories.company(name=f"Company {number:02}", company_number=f"{900 - number:08}")

    assert names(dana_client)[0] == "Company 00"
    assert names(dana_client, "?sort=-name")[0] == "Company 25"
    assert names(dana_client, "?sort=number")[0] == "Company 25"
    assert names(dana_client, "?sort=nonsense&page=2") == ["Company 25"]
    assert "Showing items 26 - 26 of 26" in read(dana_client, f"{LIST}?page=2")


def test_production_knows_no_approval(
    production: None, dana_client: Client, company: Organisation
) -> None:
    assert "PAB approval" not in read(dana_client, LIST)
    assert "PAB approval" not in read(dana_client, page_of(company))
    assert send(dana_client, company, "approval", reference="P").status_code == 404


@pytest.mark.parametrize("url", [LIST, USERS])
def test_the_number_of_queries_does_not_grow(dana_client: Client, db: None, url: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            read(dana_client, url)
        return len(captured)

    def fill(count: int) -> None:
        for _ in range(count):
            company = factories.company(roles=[DipRoleCode.SUP, DipRoleCode.MDR])
            factories.pab_approval(organisation=company)
            factories.company(parent=company)
            factories.membership(
                user=factories.user(), organisation=company, roles=[Role.USER_ADMIN]
            )

    fill(1)
    few = queries()
    fill(9)

    assert queries() == few


def test_the_page_of_a_company_needs_as_many_queries_however_large_it_is(
    dana_client: Client, company: Organisation
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            read(dana_client, page_of(company))
        return len(captured)

    def fill(letter: str) -> None:
        for number in range(4):
            mpid = Mpid.objects.create(organisation=company, code=f"{letter}{number:03}")
            hub = factories.dcp(domains=[f"{letter.lower()}{number}.example"])
            factories.nomination(
                organisation=company, of=hub, for_dip_id=factories.dip_id(mpid=mpid), domains=True
            )
            factories.company(parent=company)

    fill("A")
    few = queries()
    fill("B")

    assert queries() == few


def test_a_company_is_added_and_opens(dana_client: Client) -> None:
    said = {"name": "New Power Ltd", "company_number": "nf123456", "dcp_status": "DISABLED"}

    answer = dana_client.post(f"{LIST}add/", said, follow=True)

    made = Organisation.objects.get(name="New Power Ltd")
    assert answer.redirect_chain == [(page_of(made), 302)]
    assert told(answer) == ["New Power Ltd is added. Complete its setup here."]
    again = dana_client.post(f"{LIST}add/", said)
    assert again.status_code == 422
    page = again.content.decode()
    assert "New Power Ltd has this company number already." in page
    assert "Organisation with" not in page


def test_a_child_organisation_is_added_from_its_parents_page(
    dana_client: Client, company: Organisation
) -> None:
    add = f"{LIST}add/?parent={company.pk}"
    assert add in read(dana_client, page_of(company))
    assert "Add a child organisation" in read(dana_client, add)

    dana_client.post(
        add, {"name": "Child Ltd", "company_number": "12345678", "dcp_status": "DISABLED"}
    )

    assert company.children.get().name == "Child Ltd"
    assert "Child Ltd" in read(dana_client, page_of(company))


def test_details_are_edited(dana_client: Client, company: Organisation) -> None:
    answer = dana_client.post(
        page_of(company), details(company, name="Super Energy plc"), follow=True
    )

    assert told(answer) == ["The details of Super Energy plc are saved."]
    assert answer.redirect_chain == [(f"{page_of(company)}#details", 302)]


def test_an_edit_of_what_somebody_else_changed_says_so(
    dana_client: Client, company: Organisation
) -> None:
    stale = details(company, description="Mine")
    dana_client.post(page_of(company), details(company, description="Theirs"))

    answer = dana_client.post(page_of(company), stale)

    assert answer.status_code == 422
    assert "Somebody else has changed this company meanwhile" in answer.content.decode()
    company.refresh_from_db()
    assert company.description == "Theirs"


def test_an_approval_is_recorded_and_withdrawn_after_a_question(
    dana_client: Client, company: Organisation
) -> None:
    assert "cannot be extracted" in read(dana_client, page_of(company))
    send(dana_client, company, "approval", reference="PAB-7", approved_date=TODAY)
    approval = company.pab_approvals.get()
    question = f"{LIST}{company.pk}/approval/{approval.pk}/remove/"
    assert question in read(dana_client, page_of(company))
    assert "Withdraw the PAB approval PAB-7" in read(dana_client, question)
    assert company.pab_approvals.filter(withdrawn_at=None).exists()

    answer = dana_client.post(question, follow=True)

    assert "is withdrawn" in told(answer)[0]
    assert not company.pab_approvals.filter(withdrawn_at=None).exists()
    assert dana_client.post(question).status_code == 404


@pytest.mark.parametrize(
    ("form", "said", "field"),
    [
        ("approval", {"reference": "PAB-7", "approved_date": "2999-01-01"}, "approved_date"),
        ("approval", {"approved_date": TODAY}, "reference"),
        ("domain", {"domain": "superenergy.example"}, "domain"),
        ("domain", {"domain": "https://superenergy.example"}, "domain"),
        ("mpid", {"code": "no"}, "code"),
        ("dip-id", {"mpid": "999999", "dip_role_code": "SUP"}, "mpid"),
        ("effective-dates", {"effective_from_date": TODAY}, "dip_ids"),
        ("dcp-id", {}, "dcp_id"),
        ("nomination", {"dcp_id_code": "123"}, "dcp_id_code"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    dana_client: Client, company: Organisation, form: str, said: dict[str, str], field: str
) -> None:
    events = Event.objects.count()

    answer = send(dana_client, company, form, **said)

    assert answer.status_code == 422
    assert field in answer.context["wrong"].errors
    text = str(answer.context["wrong"].errors[field][0])
    assert text in answer.context["wrong"].errors[field].as_text()
    assert "Nothing was changed." in answer.content.decode()
    assert answer.content.decode().count('class="errorlist"') == 1
    assert Event.objects.count() == events


def test_domains_are_whitelisted_and_removed_after_a_question(
    dana_client: Client, company: Organisation
) -> None:
    factories.nomination(
        organisation=company,
        of=factories.dcp(name="Hub Ltd", domains=["hub.example"]),
        domains=True,
    )
    answer = send(dana_client, company, "domain", domain="Mail.SuperEnergy.example.")
    assert told(answer) == ["mail.superenergy.example is whitelisted."]
    own, through_dcp = answer.context["own_domains"], answer.context["dcp_domains"]
    assert [str(domain) for domain in own] == ["mail.superenergy.example", "superenergy.example"]
    assert through_dcp == [("hub.example", "Hub Ltd")]

    question = f"{LIST}{company.pk}/domain/{own[0].pk}/remove/"
    assert "Take mail.superenergy.example off the whitelist?" in read(dana_client, question)
    assert company.whitelisted_domains.count() == 2
    dana_client.post(question)

    assert [str(domain) for domain in company.whitelisted_domains.all()] == ["superenergy.example"]


def test_a_dip_id_is_added_and_its_page_shows_no_key(
    dana_client: Client, company: Organisation
) -> None:
    send(dana_client, company, "mpid", code="rdg1")
    mpid = company.mpids.get(code="RDG1")

    answer = send(dana_client, company, "dip-id", mpid=mpid.pk, dip_role_code="MDR")

    made = mpid.dip_ids.get()
    text = answer.content.decode()
    assert made.dip_id in text
    assert "Not operational: no effective from date set by the DIP Manager" in text
    keys = list(made.api_keys.all())
    assert len(keys) == 2
    assert not any(api_keys.reveal(key) in text or key.ciphertext in text for key in keys)


def test_dates_are_set_for_the_dip_ids_that_are_ticked(
    dana_client: Client, company: Organisation
) -> None:
    mpid = company.mpids.get()
    ticked = [
        factories.dip_id(mpid=mpid, role=role, effective_from=None, dates_set=False)
        for role in (DipRoleCode.MDR, DipRoleCode.LSS)
    ]

    answer = send(
        dana_client,
        company,
        "effective-dates",
        dip_ids=[dip_id.pk for dip_id in ticked],
        effective_from_date="2025-12-01",
    )

    assert told(answer) == ["The effective dates of 2 DIP IDs are set."]
    assert "Not operational" not in answer.content.decode()
    assert {dip_id.effective_from_date for dip_id in DipId.objects.all()} == {
        date(2025, 7, 1),
        date(2025, 12, 1),
    }


def test_ticks_stay_when_the_dates_are_wrong(dana_client: Client, company: Organisation) -> None:
    dip_id = DipId.objects.get(mpid__organisation=company)

    answer = send(
        dana_client,
        company,
        "effective-dates",
        dip_ids=dip_id.pk,
        effective_from_date="2026-12-01",
        effective_to_date="2026-11-30",
    )

    assert answer.status_code == 422
    text = answer.content.decode()
    assert f'aria-label="Choose DIP ID {dip_id}" checked' in text
    assert "must be after the effective from date" in text


def test_dates_of_another_companys_dip_id_cannot_be_set(
    dana_client: Client, company: Organisation
) -> None:
    foreign = DipId.objects.get(mpid__organisation=factories.company())

    answer = send(
        dana_client,
        company,
        "effective-dates",
        dip_ids=foreign.pk,
        effective_from_date="2026-12-01",
    )

    assert answer.status_code == 422
    foreign.refresh_from_db()
    assert foreign.effective_from_date == date(2025, 7, 1)


def test_a_dcp_is_nominated_and_the_page_says_what_a_pending_one_waits_for(
    dana_client: Client, company: Organisation
) -> None:
    hub = factories.dcp(name="Hub Ltd")
    dip_id = DipId.objects.get(mpid__organisation=company)

    send(dana_client, company, "nomination", dcp_id_code=hub.dcp_id, whitelists_domains="on")
    answer = send(dana_client, company, "nomination", dcp_id_code="1012345678", dip_id=dip_id.pk)

    text = answer.content.decode()
    assert "Hub Ltd" in text
    assert "Waits for the DCP with DCP ID" in text
    assert "1012345678" in text
    assert "Nominated by 1 company" in read(dana_client, page_of(hub.organisation))
    pending = company.nominations.get(dip_id=dip_id)
    dana_client.post(f"{LIST}{company.pk}/nomination/{pending.pk}/remove/")
    assert company.nominations.get().dcp_id == hub


def test_a_company_becomes_a_dcp(dana_client: Client, company: Organisation) -> None:
    dana_client.post(page_of(company), details(company, dcp_status=DcpStatus.APPROVED), follow=True)

    answer = send(dana_client, company, "dcp-id", dcp_id="1012345678")

    assert told(answer) == ["DCP ID 1012345678 is added: companies can nominate it."]


def test_the_page_leads_on_and_back(dana_client: Client, company: Organisation) -> None:
    text = read(dana_client, page_of(company))

    for way in (
        f'href="{LIST}"',
        f'href="/admin/promotion/companies/{company.pk}/"',
        f'href="/admin/audit/event/?company={company.pk}"',
    ):
        assert way in text
    answer = dana_client.get(f"{LIST}{company.pk}/domain/")  # what a reload of an error asks
    assert answer["Location"] == page_of(company)


def test_what_belongs_to_another_company_is_not_there(
    dana_client: Client, company: Organisation
) -> None:
    other = factories.company(domains=["other.example"])
    domain = other.whitelisted_domains.get()

    for method in (dana_client.get, dana_client.post):
        assert method(f"{LIST}{company.pk}/domain/{domain.pk}/remove/").status_code == 404
    assert dana_client.get(f"{LIST}999999/change/").status_code == 404


def test_users_are_listed_with_whom_they_act_for(
    dana_client: Client, alice: User, charlie: User
) -> None:
    text = read(dana_client, USERS)

    for word in ("alice@superenergy.example", "Super Energy Co", "MP User Admin", "DIP Manager"):
        assert word in text
    for query, found in {
        "?kind=dip-manager": ["dana@dip.example"],
        "?kind=member&sort=email": ["alice@superenergy.example", "charlie@brightgrid.example"],
        "?q=charlie+doe": ["charlie@brightgrid.example"],
    }.items():
        rows = dana_client.get(f"{USERS}{query}").context["rows"]
        assert [person.email for person, _, _ in rows] == found
    assert alice.password not in text
    assert alice.password not in read(dana_client, f"{USERS}{alice.pk}/change/")


def test_nothing_else_of_the_framework_is_in_the_admin() -> None:
    assert not admin.site.is_registered(Group)
    assert {model._meta.label for model in admin.site._registry} == {
        "accounts.User",
        "audit.Event",
        "certificates.CertificateRequest",
        "channels.WebhookConfiguration",
        "jobs.Job",
        "mail.OutgoingMail",
        "organisations.DomainRequest",
        "organisations.RoleRequest",
        "organisations.Organisation",
    }
