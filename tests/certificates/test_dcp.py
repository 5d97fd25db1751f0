"""A nominated DIP Connection Provider may look after the certificates of the company."""

import pytest
from django.test import Client

from accounts.models import User
from organisations.models import DcpId, DipId, Organisation
from organisations.roles import DcpStatus, Role
from tests import factories
from tests.conftest import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("uit")]


@pytest.fixture
def conduit() -> DcpId:
    return factories.dcp(name="Conduit Connect")


@pytest.fixture
def olga(conduit: DcpId) -> User:
    """The Certificate Admin of Conduit Connect, a DIP Connection Provider."""
    user = factories.user(first_name="Olga")
    factories.membership(
        user=user, organisation=conduit.organisation, roles=[Role.CERTIFICATE_ADMIN]
    )
    return user


def address(company: Organisation, rest: str = "") -> str:
    return f"/organisations/{company.pk}/certificates/{rest}"


def test_without_a_nomination_there_is_nothing(company: Organisation, olga: User) -> None:
    assert signed_in(olga).get(address(company)).status_code == 404


@pytest.mark.parametrize("of_dip_id", [False, True])
def test_the_certificate_admin_of_the_dcp_may_all_of_it_and_sees_nothing_else(
    company: Organisation, conduit: DcpId, olga: User, of_dip_id: bool
) -> None:
    dip_id = DipId.objects.filter(mpid__organisation=company).first() if of_dip_id else None
    factories.nomination(organisation=company, of=conduit, for_dip_id=dip_id)
    browser = signed_in(olga)

    page = browser.get(address(company))

    text = page.content.decode()
    assert "Add API credentials" in text
    assert company.name in text
    assert company.description not in text
    assert f"/organisations/{company.pk}/members/" not in text
    assert browser.get(address(company, "credentials/")).status_code == 200
    assert browser.get(f"/organisations/{company.pk}/").status_code == 404
    assert browser.get(f"/organisations/{company.pk}/members/").status_code == 404


def test_another_member_of_the_dcp_looks_on(company: Organisation, conduit: DcpId) -> None:
    factories.nomination(organisation=company, of=conduit)
    reader = factories.user()
    factories.membership(
        user=reader, organisation=conduit.organisation, roles=[Role.ANALYTICS_READER]
    )
    browser = signed_in(reader)

    assert browser.get(address(company)).status_code == 200
    refused = browser.get(address(company, "credentials/"))
    assert refused.status_code == 403
    assert "of the company, or of the DCP that it nominated" in refused.content.decode()


def test_a_company_that_is_no_dcp_any_more_has_lost_the_right(
    company: Organisation, conduit: DcpId, olga: User
) -> None:
    factories.nomination(organisation=company, of=conduit)
    Organisation.objects.filter(pk=conduit.organisation_id).update(dcp_status=DcpStatus.DISABLED)

    assert signed_in(olga).get(address(company)).status_code == 404


def test_the_dcp_finds_the_way_on_its_dcp_ids_page(
    company: Organisation, conduit: DcpId, olga: User
) -> None:
    factories.nomination(organisation=company, of=conduit)

    page = signed_in(olga).get(f"/organisations/{conduit.organisation_id}/dcp-ids/")

    assert f'href="{address(company)}"' in page.content.decode()


def test_a_user_admin_reads_who_may(alice_client: Client, company: Organisation) -> None:
    text = alice_client.get(address(company)).content.decode()

    assert "Only a person with the role MP Certificate Admin" in text
    assert "credentials/" not in text
