"""The whole chain of a company at the services, against the real Atlas in its own processes."""

import pytest
from django.utils import timezone

from certificates.models import Certificate, CertificateRequest, DomainRegistration
from certificates.recognition import recognise
from certificates.services import domains, issuing, requests, revocation
from tests import pki
from tests.certificates.conftest import AtAtlas
from tests.deploy.waiting import wait_until

pytestmark = pytest.mark.django_db


def verified(ready: AtAtlas) -> DomainRegistration:
    """Register the company's domain and verify it by its TXT record."""
    row = domains.register_domain(
        actor=ready.actor,
        organisation=ready.company,
        domain=ready.customer.domain,
        now=timezone.now(),
    )
    ready.atlas.add_txt(ready.customer.uit, row.domain, row.token)
    assert domains.submit_domain(
        actor=ready.actor, registration=row, is_record_added=True, now=timezone.now()
    )
    return row


def ask(
    ready: AtAtlas, *, key: int = 1, purpose: str = "BOTH", name: str = "dip"
) -> CertificateRequest:
    return requests.request_certificate(
        actor=ready.actor,
        organisation=ready.company,
        purpose=Certificate.Purpose(purpose),
        csr=pki.csr(pki.key(key), [f"{name}.{ready.customer.domain}"]),
        now=timezone.now(),
    )


def worked(row: CertificateRequest) -> CertificateRequest:
    """Let a worker take it to Atlas now."""
    CertificateRequest.objects.filter(pk=row.pk).update(next_attempt_at=timezone.now())
    issuing.work_on(row.pk)
    row.refresh_from_db()
    return row


def test_from_credentials_to_a_certificate_that_the_dip_recognises(ready: AtAtlas) -> None:
    verified(ready)

    row = worked(ask(ready, key=21))

    assert (row.state, row.problem, row.reason) == ("ISSUED", "", "")
    made = row.certificate
    assert made is not None
    assert made.dns_names == [f"dip.{ready.customer.domain}"]
    assert recognise(made.x509, now=timezone.now()) == made


def test_a_revocation_at_atlas_is_honoured(ready: AtAtlas) -> None:
    verified(ready)
    made = worked(ask(ready, key=22)).certificate
    assert made is not None

    ready.atlas.revoke(made.serial, "keyCompromise")
    wait_until(lambda: revocation.read_crls(now=timezone.now()), 60)

    made.refresh_from_db()
    assert made.is_revoked
    assert made.revocation_reason == "keyCompromise"


def test_a_revocation_here_reaches_atlas(ready: AtAtlas) -> None:
    verified(ready)
    made = worked(ask(ready, key=23)).certificate
    assert made is not None

    revocation.revoke_certificate(
        actor=ready.actor, certificate=made, reason="superseded", now=timezone.now()
    )

    made.refresh_from_db()
    assert made.revocation_reason == "superseded"
