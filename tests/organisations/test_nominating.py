"""A User Admin nominates a DIP Connection Provider, for the company or for one DIP ID."""

import pytest
from django.test import Client

from audit.models import Event
from organisations.models import DcpId, DipId, Organisation
from organisations.roles import Role
from organisations.services.domains import allowed_domains
from tests import factories


@pytest.fixture
def dcp(db: None) -> DcpId:
    return factories.dcp(name="Conduit Connect", domains=["conduit.example", "superenergy.example"])


@pytest.fixture
def path(company: Organisation) -> str:
    return f"/organisations/{company.pk}/nominate/"


def test_the_page_shows_who_it_is_before_anything_happens(
    alice_client: Client, company: Organisation, dcp: DcpId, path: str
) -> None:
    answer = alice_client.post(path, {"dcp_id_code": f" {dcp} ", "whitelists_domains": "on"})

    page = answer.content.decode()
    assert "Nominate Conduit Connect?" in page
    assert "conduit.example" in page
    assert not company.nominations.exists()


def test_a_confirmed_nomination_whitelists_the_dcps_domains(
    alice_client: Client, company: Organisation, dcp: DcpId, path: str
) -> None:
    sent = {"dcp_id_code": str(dcp), "whitelists_domains": "on", "shown": "yes"}

    page = alice_client.post(path, sent, follow=True)

    assert f"DCP {dcp} is nominated" in page.content.decode()
    assert allowed_domains(company) == ["conduit.example", "superenergy.example"]
    assert Event.objects.latest("pk").action == "nomination:make"


def test_a_dcp_that_is_not_here_is_kept_and_said_to_wait(
    alice_client: Client, company: Organisation, path: str
) -> None:
    asked = alice_client.post(path, {"dcp_id_code": "1000099999"})
    page = alice_client.post(path, {"dcp_id_code": "1000099999", "shown": "yes"}, follow=True)

    assert "No DCP with the DCP ID 1000099999 is in this environment yet" in asked.content.decode()
    assert "completes when that DCP" in page.content.decode()
    assert company.nominations.get().is_pending


@pytest.mark.parametrize("code", ["", "12345", "12345678901", "abcdefghij", "１２３４５６７８９０"])
def test_what_is_no_dcp_id_is_refused_beside_the_field(
    alice_client: Client, company: Organisation, path: str, code: str
) -> None:
    answer = alice_client.post(path, {"dcp_id_code": code})

    assert answer.context["form"].errors["dcp_id_code"]
    assert not company.nominations.exists()


def test_a_company_does_not_nominate_itself(alice_client: Client, company: Organisation) -> None:
    own = DcpId.objects.create(organisation=company, dcp_id="1000012345")

    answer = alice_client.post(f"/organisations/{company.pk}/nominate/", {"dcp_id_code": own})

    assert "does not nominate itself" in answer.content.decode()


def test_one_dip_id_has_a_dcp_of_its_own(
    alice_client: Client, company: Organisation, dcp: DcpId
) -> None:
    dip_id = DipId.objects.get(mpid__organisation=company)
    page = f"/organisations/{company.pk}/dip-ids/{dip_id}/"

    done = alice_client.post(f"{page}nominate/", {"dcp_id_code": dcp, "shown": "yes"}, follow=True)

    assert done.request["PATH_INFO"] == page
    assert "Conduit Connect" in done.content.decode()
    assert company.nominations.get().dip_id == dip_id


def test_a_later_nomination_takes_the_place_of_the_earlier(
    alice_client: Client, company: Organisation, dcp: DcpId, path: str
) -> None:
    factories.nomination(organisation=company, of=factories.dcp(name="First Connect"))

    asked = alice_client.post(path, {"dcp_id_code": dcp})
    alice_client.post(path, {"dcp_id_code": dcp, "shown": "yes"})

    assert "First Connect" in asked.content.decode()
    assert company.nominations.get().dcp_id == dcp


def test_removing_asks_first_and_says_which_domains_and_people_it_concerns(
    alice_client: Client, company: Organisation, dcp: DcpId
) -> None:
    nomination = factories.nomination(organisation=company, of=dcp, domains=True)
    engineer = factories.user(email="eve@conduit.example")
    factories.membership(user=engineer, organisation=company, roles=[Role.MESSAGE_ADMIN])
    factories.invitation(organisation=company, email="finn@conduit.example")
    path = f"/organisations/{company.pk}/nominations/{nomination.pk}/remove/"

    asked = alice_client.get(path).content.decode()
    assert "conduit.example" in asked
    assert "<li>superenergy.example" not in asked, "it stays as the company's own"
    assert "2 people from these domains" in asked
    assert company.nominations.exists()

    alice_client.post(path)

    assert allowed_domains(company) == ["superenergy.example"]
    assert Event.objects.latest("pk").action == "nomination:remove"


def test_a_domain_that_another_nomination_brings_too_does_not_end(
    alice_client: Client, company: Organisation, dcp: DcpId
) -> None:
    nomination = factories.nomination(organisation=company, of=dcp, domains=True)
    factories.nomination(
        organisation=company,
        of=dcp,
        domains=True,
        for_dip_id=DipId.objects.get(mpid__organisation=company),
    )

    asked = alice_client.get(f"/organisations/{company.pk}/nominations/{nomination.pk}/remove/")

    assert asked.context["domains"] == []


def test_removing_twice_is_not_found_the_second_time(
    alice_client: Client, company: Organisation, dcp: DcpId
) -> None:
    nomination = factories.nomination(organisation=company, of=dcp)
    path = f"/organisations/{company.pk}/nominations/{nomination.pk}/remove/"

    assert alice_client.post(path).status_code == 302
    assert alice_client.post(path).status_code == 404
