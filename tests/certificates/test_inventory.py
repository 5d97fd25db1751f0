"""The inventory on the tab: search, filters, CSV, with the same number of queries for many rows."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from certificates.models import Certificate
from certificates.pki.keys import to_pem
from organisations.models import Organisation
from tests import factories, pki

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("uit")]


def fill(company: Organisation, count: int) -> list[Certificate]:
    """Make certificates: of one key, which no page minds."""
    pattern = pki.held(company).row
    rows = [pattern]
    for number in range(count - 1):
        row = Certificate.objects.get(pk=pattern.pk)
        row.pk = None
        row.thumbprint = f"{number:064x}"
        row.serial = f"{number:032X}"
        row.dns_names = [f"dip{number}.superenergy.example"]
        row.subject = f"CN=dip{number}.superenergy.example"
        row.save()
        rows.append(row)
    return rows


def address(company: Organisation, rest: str = "") -> str:
    return f"/organisations/{company.pk}/certificates/{rest}"


def text(browser: Client, url: str) -> str:
    answer = browser.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_number_of_queries_does_not_grow(
    cara_client: Client, company: Organisation, django_assert_max_num_queries: Any
) -> None:
    fill(company, 30)
    for number in range(12):
        factories.domain_registration(organisation=company, domain=f"d{number}.example")
        factories.certificate_request(organisation=company)
    cara_client.get(address(company))

    with django_assert_max_num_queries(27):
        text(cara_client, address(company, "?show=all"))
    with django_assert_max_num_queries(10):
        text(cara_client, address(company, "requests/"))
    with django_assert_max_num_queries(9):
        answer = cara_client.get(address(company, "export/"))
        assert len(answer.getvalue().splitlines()) == 31


def test_states_filters_and_search(cara_client: Client, company: Organisation) -> None:
    valid, soon, expired, revoked = fill(company, 4)
    now = timezone.now()
    Certificate.objects.filter(pk=soon.pk).update(not_after=now + timedelta(days=5))
    Certificate.objects.filter(pk=expired.pk).update(not_after=now - timedelta(days=5))
    Certificate.objects.filter(pk=revoked.pk).update(revoked_at=now, revocation_reason="superseded")
    for state, row in (
        ("valid", valid),
        ("soon", soon),
        ("expired", expired),
        ("revoked", revoked),
    ):
        page = text(cara_client, address(company, f"?state={state}"))
        assert f"certificates/{row.pk}/" in page
        assert "Showing items 1 - 1 of 1" in page
    assert "Showing items 1 - 1 of 1" in text(cara_client, address(company, "?q=dip1.super"))
    assert "Nothing matches" in text(cara_client, address(company, "?q=nothing-like-this"))
    assert "Showing items 1 - 4 of 4" in text(cara_client, address(company, "?purpose=BOTH"))
    assert "Showing items 1 - 4 of 4" in text(cara_client, address(company, "?sort=-until&state=x"))
    csv = cara_client.get(address(company, "export/?state=revoked"))
    assert b"Revoked" in csv.getvalue()


def test_files_are_what_openssl_and_windows_read(
    cara_client: Client, company: Organisation
) -> None:
    held = pki.held(company)
    for kind, begins in (("pem", b"-----BEGIN"), ("der", b"\x30"), ("chain", b"-----BEGIN")):
        answer = cara_client.get(address(company, f"{held.row.pk}/{kind}.cer"))
        assert answer.content.startswith(begins)
    assert answer.content.count(b"BEGIN CERTIFICATE") == 3
    assert cara_client.get(address(company, f"{held.row.pk}/key.cer")).status_code == 404


def test_another_companys_certificate_is_not_found(
    cara_client: Client, company: Organisation
) -> None:
    other = pki.held(factories.company()).row

    for page in ("", "pem.cer", "renew/", "revoke/"):
        assert cara_client.get(address(company, f"{other.pk}/{page}")).status_code == 404


def test_a_private_key_in_the_text_field_does_not_come_back(
    cara_client: Client, company: Organisation
) -> None:
    row = pki.held(company).row
    pem = to_pem(pki.key()).decode()

    answer = cara_client.post(address(company, f"{row.pk}/renew/"), {"csr_text": pem})

    assert pem.splitlines()[3] not in answer.content.decode()


def test_a_verified_domain_has_no_date_to_be_verified_before(
    cara_client: Client, company: Organisation
) -> None:
    verified = factories.domain_registration(organisation=company)
    pending = factories.domain_registration(
        organisation=company, domain="other.example", is_verified=False
    )
    until = f"{verified.verify_before:%Y-%m-%d}"

    tab = text(cara_client, address(company))

    rows = re.findall(r'data-label="Verify Before"[^>]*>([^<]*)</td>', tab)
    assert rows == [until, "–"]  # other.example, superenergy.example
    assert until not in text(cara_client, address(company, f"domains/{verified.pk}/"))
    assert until in text(cara_client, address(company, f"domains/{pending.pk}/"))
