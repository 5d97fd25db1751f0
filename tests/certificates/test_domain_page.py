"""The page of a domain: how to see whether its record is in the DNS."""

from typing import Any

import pytest
from django.test import Client

from organisations.models import Organisation
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("uit")]


@pytest.mark.parametrize(
    ("server", "command"),
    [
        ("127.0.0.1:8053", "dig @127.0.0.1 -p 8053 +short TXT superenergy.example"),
        ("[::1]:9053", "dig @::1 -p 9053 +short TXT superenergy.example"),
        ("", "dig +short TXT superenergy.example"),
    ],
)
def test_the_command_asks_the_server_that_atlas_asks(
    cara_client: Client, company: Organisation, settings: Any, server: str, command: str
) -> None:
    settings.ATLAS_DNS_SERVER = server
    row = factories.domain_registration(organisation=company, is_verified=False)

    page = cara_client.get(f"/organisations/{company.pk}/certificates/domains/{row.pk}/")

    assert f">{command}<" in page.content.decode()
