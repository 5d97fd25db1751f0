"""Which CRLs count, and who is reminded of what."""

from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from certificates.models import Certificate
from certificates.pki.issue import Authority
from certificates.pki.revoke import Revocation, make_crl
from certificates.services import reminders, revocation
from mail.models import OutgoingMail
from organisations.models import Organisation
from tests import pki

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("uit")]
URL = "http://atlas.example/ca.crl"


@pytest.fixture
def held(company: Organisation) -> Certificate:
    row = pki.held(company, key_number=41).row
    row.crl_url = URL
    row.save()
    return row


def crl(row: Certificate, *, by: Authority | None = None, age: timedelta = timedelta()) -> bytes:
    now = timezone.now() - age
    return make_crl(
        issuer=by or pki.issuing_ca(),
        revocations=[
            Revocation(serial=int(row.serial, 16), revoked_at=_whole(now), reason="keyCompromise")
        ],
        number=1,
        now=now,
        next_update=now + timedelta(hours=1),
    )


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def test_a_good_crl_revokes_once_and_is_in_the_trail(held: Certificate) -> None:
    data = crl(held)

    assert revocation.apply_crl(data, url=URL, now=timezone.now()) == 1
    assert revocation.apply_crl(data, url=URL, now=timezone.now()) == 0

    held.refresh_from_db()
    assert held.revocation_reason == "keyCompromise"
    assert Event.objects.get(action="dip_certificate:find_revoked").actor_label == "DIP"


def test_as_pem_too(held: Certificate) -> None:
    data = x509.load_der_x509_crl(crl(held)).public_bytes(Encoding.PEM)

    assert revocation.apply_crl(data, url=URL, now=timezone.now()) == 1


def test_another_authoritys_a_stale_and_a_damaged_one_revoke_nothing(held: Certificate) -> None:
    damaged = bytearray(crl(held))
    damaged[-1] ^= 1
    for data, why in (
        (crl(held, by=pki.issuing_ca("production")), "signed"),
        (crl(held, by=pki.root()), "signed"),
        (crl(held, age=timedelta(hours=2)), "out of date"),
        (crl(held, age=-timedelta(hours=2)), "of the future"),
        (bytes(damaged), "signed"),
        (b"<html>", "no CRL"),
        (b"", "no CRL"),
    ):
        with pytest.raises(revocation.UnusableCrl, match=why):
            revocation.apply_crl(data, url=URL, now=timezone.now())

    held.refresh_from_db()
    assert not held.is_revoked


def test_a_crl_that_is_away_changes_nothing(held: Certificate) -> None:
    held.crl_url = "http://127.0.0.1:1/ca.crl"
    held.save()

    assert revocation.read_crls(now=timezone.now()) == 0


def test_certificate_admins_are_reminded_at_30_7_and_1_days(
    held: Certificate, cara: User, alice: User
) -> None:
    told = []
    for days in (31, 30, 29, 7, 6, 1):
        now = held.not_after - timedelta(days=days) + timedelta(minutes=1)
        count = reminders.remind_of_expiry(now=now)
        told.append((days, count))
        assert reminders.remind_of_expiry(now=now) == 0

    assert told == [(31, 0), (30, 1), (29, 0), (7, 1), (6, 0), (1, 1)]
    mails = OutgoingMail.objects.order_by("queued_at", "give_up_at")
    assert {mail.to for mail in mails} == {cara.email}
    assert len(mails) == 3
    assert "expires in 1 day (UIT)" in mails[2].subject
    assert f"/certificates/{held.pk}/renew/" in mails[2].text


def test_without_a_certificate_admin_the_user_admins_are_reminded(
    held: Certificate, alice: User
) -> None:
    reminders.remind_of_expiry(now=held.not_after - timedelta(days=1))

    assert [mail.to for mail in OutgoingMail.objects.all()] == [alice.email]


def test_what_was_renewed_or_revoked_needs_no_reminder(held: Certificate, cara: User) -> None:
    newer = pki.held(held.organisation, key_number=42).row
    Certificate.objects.filter(pk=newer.pk).update(not_after=held.not_after + timedelta(days=90))

    reminders.remind_of_expiry(now=held.not_after - timedelta(days=1))

    assert not OutgoingMail.objects.exists()
