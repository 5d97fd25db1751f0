"""Which certificates the DIP takes, and what it says of the others."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import RequestFactory
from django.utils import timezone

from certificates.recognition import NotRecognised, recognise
from dip_portal.lib import client_certificate
from organisations.models import Organisation
from tests import pki
from tests.tls import showing

pytestmark = pytest.mark.usefixtures("uit")


def test_a_certificate_that_the_dip_had_issued_is_the_companys(company: Organisation) -> None:
    held = pki.held(company)

    found = recognise(held.certificate, now=timezone.now())

    assert found == held.row
    assert found.organisation == company


def revoke(held: pki.Held) -> None:
    held.row.revoked_at = timezone.now()
    held.row.revocation_reason = "superseded"
    held.row.save()


@pytest.mark.parametrize(
    ("code", "how", "after"),
    [
        ("untrusted_certificate", {"environment": "production"}, None),
        ("expired_certificate", {"age": timedelta(days=400)}, None),
        ("unknown_certificate", {}, lambda held: held.row.delete()),
        ("revoked_certificate", {}, revoke),
    ],
)
def test_another_certificate_is_refused_by_name(
    company: Organisation,
    code: str,
    how: dict[str, object],
    after: Callable[[pki.Held], object] | None,
) -> None:
    held = pki.held(company, **how)  # type: ignore[arg-type]
    if after is not None:
        after(held)

    with pytest.raises(NotRecognised) as refusal:
        recognise(held.certificate, now=timezone.now())

    assert refusal.value.code == code


def test_a_header_is_nothing_where_this_process_ends_tls(company: Organisation) -> None:
    held = pki.held(company)
    spoofed = {"X-Client-Certificate": held.row.pem.replace("\n", "%0A")}

    request = RequestFactory().get("/", headers=spoofed)

    assert client_certificate.presented(request) is None


def test_the_connection_shows_it_where_this_process_ends_tls(company: Organisation) -> None:
    held = pki.held(company)

    request = RequestFactory().get("/", **showing(held.certificate))

    assert client_certificate.presented(request) == held.certificate


def test_the_gateways_header_shows_it_behind_the_gateway(
    company: Organisation, settings: object
) -> None:
    settings.BEHIND_GATEWAY = True  # type: ignore[attr-defined]
    held = pki.held(company)
    escaped = held.row.pem.replace("\n", "%0A").replace("+", "%2B").replace(" ", "%20")

    request = RequestFactory().get("/", headers={"X-Client-Certificate": escaped})

    assert client_certificate.presented(request) == held.certificate
