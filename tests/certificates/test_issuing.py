"""Requests on their way: Atlas slow, down, delayed, refusing; nothing lost, nothing doubled."""

from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.utils import timezone

from certificates import hvca
from certificates.errors import UnableToRequestCertificate
from certificates.models import Certificate, CertificateRequest
from certificates.services import credentials, issuing, requests
from certificates.services.logins import open_login
from tests import factories, pki
from tests.certificates.conftest import AtAtlas
from tests.certificates.real_atlas import PASSWORD
from tests.certificates.test_chain import ask, verified, worked

pytestmark = pytest.mark.django_db


def issued_at_atlas(ready: AtAtlas) -> int:
    """Return how many certificates Atlas has issued to the company."""
    with hvca.session(open_login(ready.company.atlas_credential)) as atlas:
        return len(atlas.issued_since(timezone.now() - timedelta(days=1)))


def test_down_then_up_gives_one_certificate(ready: AtAtlas) -> None:
    verified(ready)
    ready.atlas.switch(ready.customer, api="DOWN")
    row = worked(ask(ready, key=31))
    assert row.state == "REQUESTED"
    assert "Atlas has trouble (503)" in row.problem
    assert row.next_attempt_at is not None
    assert row.next_attempt_at > timezone.now()
    assert issuing.work_on_due() == 0  # not before its time

    ready.atlas.switch(ready.customer, api="NORMAL")

    assert worked(row).state == "ISSUED"
    assert issued_at_atlas(ready) == 1


def test_an_answer_that_was_lost_is_asked_for_again(
    ready: AtAtlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified(ready)
    row = ask(ready, key=32)
    order = hvca.Session.request_certificate

    def lose(*args: Any, **how: Any) -> str:
        order(*args, **how)
        raise hvca.HvcaUnavailable("Atlas did not answer in time.")

    monkeypatch.setattr(hvca.Session, "request_certificate", lose)
    assert worked(row).state == "REQUESTED"
    monkeypatch.undo()

    assert worked(row).state == "ISSUED"
    assert issued_at_atlas(ready) == 1


def test_hours_later_it_is_found_by_its_key(
    ready: AtAtlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified(ready)
    row = ask(ready, key=33)
    order = hvca.Session.request_certificate

    def lose(*args: Any, **how: Any) -> str:
        order(*args, **how)
        raise hvca.HvcaUnavailable("Atlas did not answer in time.")

    monkeypatch.setattr(hvca.Session, "request_certificate", lose)
    worked(row)
    CertificateRequest.objects.update(tried_at=timezone.now() - timedelta(hours=5))
    monkeypatch.setattr(hvca.Session, "request_certificate", lambda *a, **k: pytest.fail("again"))

    assert worked(row).state == "ISSUED"


def test_pending_then_issued(ready: AtAtlas) -> None:
    verified(ready)
    ready.atlas.switch(ready.customer, issuance="DELAYED")
    row = worked(ask(ready, key=34))
    assert (row.state, row.problem) == ("WAITING", "Atlas is issuing it.")
    assert row.serial

    ready.atlas.switch(ready.customer, issuance="AT_ONCE")

    assert worked(row).state == "ISSUED"


def test_a_refusal_has_its_reason_and_is_the_end(ready: AtAtlas) -> None:
    verified(ready)
    ready.atlas.switch(ready.customer, issuance="REFUSED")

    row = worked(ask(ready, key=35))

    assert row.state == "REFUSED"
    assert "every certificate is refused" in row.reason
    assert row.next_attempt_at is None
    assert not worked(row).is_open


def test_without_good_credentials_it_waits_and_goes_on_with_new_ones(
    ready: AtAtlas, django_capture_on_commit_callbacks: Any
) -> None:
    verified(ready)
    row = ask(ready, key=36)
    credentials.remove_credentials(
        actor=ready.actor, organisation=ready.company, now=timezone.now()
    )
    assert "no API credentials" in worked(row).problem

    login = ready.customer.uit
    outcome = credentials.validate_credentials(
        actor=ready.actor,
        organisation=ready.company,
        api_key=login.api_key,
        api_secret=login.api_secret,
        pfx=login.pfx(),
        password=PASSWORD,
        now=timezone.now(),
    )
    assert outcome.login is not None
    credentials.save_credentials(actor=ready.actor, organisation=ready.company, now=timezone.now())

    assert issuing.work_on(row.pk)
    row.refresh_from_db()
    assert row.state == "ISSUED"


@pytest.mark.usefixtures("ready")
def test_wrong_files_are_recognised_and_not_stored(ready: AtAtlas) -> None:
    factories.domain_registration(organisation=ready.company)
    login = ready.customer.uit

    def refused(data: bytes) -> UnableToRequestCertificate:
        with pytest.raises(UnableToRequestCertificate) as found:
            requests.request_certificate(
                actor=ready.actor,
                organisation=ready.company,
                purpose=Certificate.Purpose.BOTH,
                csr=data,
                now=timezone.now(),
            )
        assert not CertificateRequest.objects.exists()
        return found.value

    assert refused(login.key.encode()).exposes_key
    assert refused(login.pfx()).exposes_key
    assert "This is a certificate (CER)" in str(refused(login.chain.encode()))
    assert "not under a verified domain" in str(refused(pki.csr(pki.key(), ["dip.other.example"])))
    assert "wildcard" in str(refused(pki.csr(pki.key(), ["*.superenergy.example"]))).lower()


@pytest.mark.usefixtures("ready")
def test_a_key_is_for_one_certificate(ready: AtAtlas) -> None:
    factories.domain_registration(organisation=ready.company)
    data = pki.csr(pki.key(), ["dip.superenergy.example"])

    def send(purpose: str) -> None:
        requests.request_certificate(
            actor=ready.actor,
            organisation=ready.company,
            purpose=Certificate.Purpose(purpose),
            csr=data,
            now=timezone.now(),
        )

    send("MTLS")
    with pytest.raises(UnableToRequestCertificate, match="on its way already"):
        send("MTLS")
    with pytest.raises(UnableToRequestCertificate, match="used for another certificate"):
        send("SIGNING")
    assert CertificateRequest.objects.count() == 1


def test_a_key_that_signs_no_message_is_for_mtls_alone(ready: AtAtlas) -> None:
    domain = verified(ready).domain
    csr = pki.csr(ec.generate_private_key(ec.SECP256R1()), [f"dip.{domain}"])

    def ask_for(purpose: Certificate.Purpose) -> CertificateRequest:
        return requests.request_certificate(
            actor=ready.actor,
            organisation=ready.company,
            purpose=purpose,
            csr=csr,
            now=timezone.now(),
        )

    for purpose in (Certificate.Purpose.SIGNING, Certificate.Purpose.BOTH):
        with pytest.raises(UnableToRequestCertificate, match="signed with RSA"):
            ask_for(purpose)
    assert worked(ask_for(Certificate.Purpose.MTLS)).state == "ISSUED"
