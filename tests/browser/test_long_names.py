"""A company's name of 120 letters without a space: no page of the admin is wider for it."""

from typing import Any

import pytest
from django.test import Client

from organisations.models import Organisation
from organisations.roles import Role
from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NAME = "Energy" * 20


@pytest.mark.parametrize("environment", ["uit", "production"])
def test_no_page_scrolls_sideways(
    live_server: Any, contexts: Any, dana_client: Client, settings: Any, environment: str
) -> None:
    settings.DIP_ENVIRONMENT = environment
    company = factories.company(name=NAME)
    factories.pab_approval(organisation=company)
    factories.invitation(organisation=company, is_primary=True)
    factories.certificate_request(organisation=company)
    person = factories.user(email="alice@superenergy.example")
    factories.membership(user=person, organisation=company, roles=[Role.USER_ADMIN])
    factories.domain_request(organisation=company, requested_by=person)
    child = factories.company(name=f"Child{NAME}", parent=company)
    page = contexts(dana_client).new_page()
    wide = []

    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 800})
        for path in (
            *("promotion/", f"promotion/companies/{company.pk}/"),
            f"promotion/companies/{company.pk}/invite/",
            *("organisations/organisation/", f"organisations/organisation/{company.pk}/change/"),
            *(f"organisations/organisation/{child.pk}/change/", "organisations/domainrequest/"),
            *("certificates/certificaterequest/", "accounts/user/"),
            *(f"accounts/user/{person.pk}/change/", "audit/event/", "operations/"),
            f"organisations/organisation/add/?parent={company.pk}",
        ):
            page.goto(f"{live_server.url}/admin/{path}")
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wide.append((width, path))

    assert Organisation.objects.filter(name=NAME).exists()
    assert wide == [], wide
