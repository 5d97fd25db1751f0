"""Who may call: certificate, key, dates, signature - each wrong in each way it can be."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from certificates.models import Certificate
from channels import wire
from channels.models import SeenSignature, WebhookConfiguration
from channels.refusals import CODES
from channels.services import signatures
from organisations.models import ApiKey, DcpId, DipId, Organisation
from organisations.roles import DcpStatus
from tests import factories, pki
from tests.channels.api.calling import BODY, HOST, Machine, code_of, key_of, pubconfig
from tests.pki import Held

pytestmark = pytest.mark.django_db
Purpose = Certificate.Purpose


@pytest.fixture
def stranger(db: None) -> DipId:
    """The DIP ID of another company."""
    factories.company(name="Bright Grid Ltd")
    return DipId.objects.select_related("mpid__organisation").get(
        mpid__organisation__name="Bright Grid Ltd"
    )


@pytest.fixture
def provider(db: None) -> DcpId:
    """Conduit Connect, a DIP Connection Provider."""
    return factories.dcp(name="Conduit Connect")


def refused(machine: Machine, dip_id: DipId | str, **how: Any) -> tuple[int, str]:
    code = code_of(machine.call("POST", pubconfig(dip_id), BODY, **how))
    assert not WebhookConfiguration.objects.exists()
    return code


# --- Client certificate ----------------------------------------------------------------------


def test_without_a_client_certificate(machine: Machine, supplier: DipId) -> None:
    assert refused(machine.but(client=None), supplier) == (401, "client_certificate_missing")


@pytest.mark.parametrize("which", ["client", "signer"])
@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"environment": "production"}, "untrusted"),
        ({"age": timedelta(days=400)}, "expired"),
    ],
)
def test_a_certificate_that_is_not_taken(
    machine: Machine,
    company: Organisation,
    supplier: DipId,
    which: str,
    how: dict[str, Any],
    code: str,
) -> None:
    wrong = machine.but(**{which: pki.held(company, key_number=2, **how)})
    whose = "client" if which == "client" else "signature"

    assert refused(wrong, supplier) == (401, f"{whose}_certificate_{code}")


@pytest.mark.parametrize("which", ["client", "signer"])
def test_a_revoked_certificate(
    machine: Machine, company: Organisation, supplier: DipId, which: str
) -> None:
    other = pki.held(company, key_number=2)
    Certificate.objects.filter(pk=other.row.pk).update(
        revoked_at=timezone.now(), revocation_reason="keyCompromise"
    )
    whose = "client" if which == "client" else "signature"

    wrong = machine.but(**{which: other})
    assert refused(wrong, supplier) == (401, f"{whose}_certificate_revoked")


@pytest.mark.parametrize("which", ["client", "signer"])
def test_a_certificate_that_the_dip_does_not_know(
    machine: Machine, company: Organisation, supplier: DipId, which: str
) -> None:
    other = pki.held(company, key_number=2)
    other.row.delete()
    whose = "client" if which == "client" else "signature"

    wrong = machine.but(**{which: other})
    assert refused(wrong, supplier) == (401, f"{whose}_certificate_unknown")


def test_one_for_mtls_and_one_for_signing(company: Organisation, supplier: DipId) -> None:
    mtls = pki.held(company, purpose=Purpose.MTLS)
    signing = pki.held(company, purpose=Purpose.SIGNING, key_number=2)
    right = Machine(client=mtls, signer=signing, api_key=key_of(supplier))

    assert refused(right.but(client=signing), supplier) == (403, "client_certificate_not_for_mtls")
    assert refused(right.but(signer=mtls), supplier) == (
        403,
        "signature_certificate_not_for_signing",
    )
    assert right.call("POST", pubconfig(supplier), BODY).status_code == 201


@pytest.mark.parametrize("which", ["client", "signer"])
def test_a_certificate_of_another_company(
    machine: Machine, supplier: DipId, stranger: DipId, which: str
) -> None:
    other = pki.held(stranger.mpid.organisation, key_number=2)
    whose = "client" if which == "client" else "signature"

    wrong = machine.but(**{which: other})
    response = wrong.call("POST", pubconfig(supplier), BODY)
    assert code_of(response) == (403, f"{whose}_certificate_of_another_company")
    assert "Bright Grid" not in response.content.decode()


# --- DIP Connection Provider --------------------------------------------------------------------


def test_the_nominated_provider_calls_for_the_company(
    company: Organisation, supplier: DipId, provider: DcpId
) -> None:
    held = pki.held(provider.organisation)
    connects = Machine(client=held, signer=held, api_key=key_of(supplier))

    assert refused(connects, supplier) == (403, "client_certificate_of_another_company")
    factories.nomination(organisation=company, of=provider)

    assert connects.call("POST", pubconfig(supplier), BODY).status_code == 201
    webhook = WebhookConfiguration.objects.get()
    assert webhook.configured_by == f"DIP ID {supplier} (API, through Conduit Connect)"


def test_the_provider_connects_and_the_company_signs(
    company: Organisation, machine: Machine, supplier: DipId, provider: DcpId
) -> None:
    factories.nomination(organisation=company, of=provider)
    connected = machine.but(client=pki.held(provider.organisation, key_number=2))

    assert connected.call("POST", pubconfig(supplier), BODY).status_code == 201


def test_a_nomination_for_the_dip_id_comes_before_the_company_s(
    company: Organisation, supplier: DipId, provider: DcpId
) -> None:
    factories.nomination(organisation=company, of=provider)
    factories.nomination(
        organisation=company, of=factories.dcp(name="Other Connect"), for_dip_id=supplier
    )
    held = pki.held(provider.organisation)
    connects = Machine(client=held, signer=held, api_key=key_of(supplier))

    assert refused(connects, supplier) == (403, "client_certificate_of_another_company")


def test_a_provider_that_lost_its_status_or_is_pending(
    company: Organisation, supplier: DipId, provider: DcpId
) -> None:
    nomination = factories.nomination(organisation=company, of=provider)
    held = pki.held(provider.organisation)
    connects = Machine(client=held, signer=held, api_key=key_of(supplier))

    nomination.dcp_id = None
    nomination.save()
    assert refused(connects, supplier) == (403, "client_certificate_of_another_company")
    nomination.dcp_id = provider
    nomination.save()
    Organisation.objects.filter(pk=provider.organisation.pk).update(dcp_status=DcpStatus.DISABLED)
    assert refused(connects, supplier) == (403, "client_certificate_of_another_company")


# --- API key and DIP ID -----------------------------------------------------------------------


def test_without_a_key_and_with_a_wrong_one(machine: Machine, supplier: DipId) -> None:
    assert refused(machine.but(api_key=None), supplier) == (401, "api_key_missing")
    assert refused(machine.but(api_key="0" * 32), supplier) == (401, "api_key_unknown")
    assert refused(machine.but(api_key="\xe9"), supplier) == (401, "api_key_unknown")


def test_the_key_has_to_be_that_of_the_dip_id_in_the_path(
    machine: Machine, supplier: DipId, retriever: DipId
) -> None:
    assert refused(machine, retriever) == (403, "api_key_of_another_dip_id")


def test_nothing_tells_whether_another_dip_id_exists(
    machine: Machine, supplier: DipId, stranger: DipId
) -> None:
    """One's own key, a wrong key or none, with a DIP ID of somebody else's or of nobody."""
    for caller in (machine, machine.but(api_key="0" * 32), machine.but(api_key=None)):
        answers = []
        for dip_id in (str(stranger), "9999999999"):
            response = caller.call("POST", pubconfig(dip_id), BODY)
            said = json.loads(response.content)
            del said["correlationId"]
            answers.append((response.status_code, json.dumps(said).replace(dip_id, "…")))
        assert answers[0] == answers[1]


def test_the_use_of_a_key_is_noted_when_all_checks_have_passed(
    machine: Machine, supplier: DipId
) -> None:
    keys = ApiKey.objects.filter(dip_id=supplier, last_used_at__isnull=False)
    refused(machine.but(signer=None), supplier)
    assert not keys.exists()

    machine.call("POST", pubconfig(supplier), BODY)

    used = keys.get()
    assert (used.kind, used.last_used_address) == ("PRIMARY", "127.0.0.1")


@pytest.mark.parametrize(
    ("dates", "words"),
    [
        ({"effective_from_date": date(2999, 1, 1)}, "is not effective yet"),
        (
            {"effective_from_date": date(2020, 1, 1), "effective_to_date": date(2021, 1, 1)},
            "is not effective any more",
        ),
        ({"effective_from_date": None, "effective_to_date": None}, "no effective from date"),
        ({"effective_dates_set_at": None}, "the DIP Manager has yet to set"),
    ],
)
def test_a_dip_id_outside_its_effective_dates(
    machine: Machine, supplier: DipId, dates: dict[str, Any], words: str
) -> None:
    DipId.objects.filter(pk=supplier.pk).update(**dates)

    response = machine.call("POST", pubconfig(supplier), BODY)

    assert code_of(response) == (403, "dip_id_not_operational")
    assert words in json.loads(response.content)["detail"]


# --- Signature ------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", wire.HEADERS)
def test_a_missing_header(machine: Machine, supplier: DipId, header: str) -> None:
    assert refused(machine, supplier, headers={header: ""}) == (401, "missing_header")


@pytest.mark.parametrize("seconds", [-301, 301])
def test_the_window_is_a_setting(
    machine: Machine, supplier: DipId, settings: Any, seconds: int
) -> None:
    when = timezone.now() + timedelta(seconds=seconds)
    assert refused(machine, supplier, now=when) == (401, "date_outside_window")

    settings.SIGNATURE_WINDOW_SECONDS = 600
    assert machine.call("POST", pubconfig(supplier), BODY, now=when).status_code == 201


@pytest.mark.parametrize(
    ("signed_as", "code"),
    [
        ({"method": "DELETE"}, "wrong_signature"),
        ({"url": f"https://{HOST}/dip-channel/PUB-001/pubconfig/1"}, "wrong_signature"),
        ({"url": f"https://other.example{pubconfig('1234567890')}"}, "wrong_signature"),
        ({"body": b"{}"}, "wrong_content_hash"),
    ],
)
def test_another_call_was_signed(
    machine: Machine, supplier: DipId, signed_as: dict[str, Any], code: str
) -> None:
    assert refused(machine, supplier, signed_as=signed_as) == (401, code)


def test_the_signature_is_bound_to_its_certificate(
    machine: Machine, company: Organisation, held: Held, supplier: DipId
) -> None:
    other = pki.held(company, key_number=2)
    unfit = Held(row=other.row, certificate=other.certificate, key=held.key)

    assert refused(machine.but(signer=unfit), supplier) == (401, "wrong_signature")


def test_a_replayed_signature_is_refused_also_with_the_other_key(
    machine: Machine, supplier: DipId
) -> None:
    when = timezone.now()
    assert machine.call("POST", pubconfig(supplier), BODY, now=when).status_code == 201

    for caller in (machine, machine.but(api_key=key_of(supplier, "SECONDARY"))):
        again = caller.call("POST", pubconfig(supplier), BODY, now=when)
        assert code_of(again) == (401, "replayed_signature")


def test_a_failed_call_uses_up_its_signature_only_when_all_checks_passed(
    machine: Machine, supplier: DipId
) -> None:
    when = timezone.now()
    refused(machine.but(api_key="0" * 32), supplier, now=when)

    assert machine.call("POST", pubconfig(supplier), BODY, now=when).status_code == 201


def test_signatures_are_forgotten_when_their_date_is_outside_the_window() -> None:
    now = timezone.now()
    assert signatures.is_first_use(b"one", expires_at=now + timedelta(seconds=300))
    assert signatures.is_first_use(b"two", expires_at=now - timedelta(seconds=1))
    assert not signatures.is_first_use(b"one", expires_at=now)

    assert signatures.forget_expired(now=now) == 1
    assert SeenSignature.objects.count() == 1
    assert signatures.is_first_use(b"two", expires_at=now)


def test_no_two_checks_share_a_code() -> None:
    assert all(int(code.status) >= 400 for code in CODES.values())


# --- DELETE is documented with 401 alone ----------------------------------------------------------


def test_delete_answers_401_where_post_answers_403(
    machine: Machine, supplier: DipId, retriever: DipId
) -> None:
    assert code_of(machine.call("DELETE", pubconfig(retriever))) == (
        401,
        "api_key_of_another_dip_id",
    )
    assert code_of(machine.but(client=None).call("DELETE", pubconfig(supplier))) == (
        401,
        "client_certificate_missing",
    )


def test_how_many_queries_a_call_takes(
    machine: Machine, supplier: DipId, django_assert_num_queries: Any
) -> None:
    """Certificate, key with DIP ID and company, clock, signature; then the service compares.

    PostgreSQL is asked for the first three in one message.
    """
    machine.call("POST", pubconfig(supplier), BODY)

    with django_assert_num_queries(3 if connection.vendor == "postgresql" else 5):
        assert machine.call("POST", pubconfig(supplier), BODY).status_code == 201
