"""Which failed calls are kept, for whom, and what their page shows."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from certificates.models import Certificate
from channels import comparison, tasks
from channels.comparison import Difference
from channels.models import FailedCall, SeenSignature
from organisations.models import DipId, Organisation
from organisations.roles import Role
from tests import factories, pki
from tests.channels.api.calling import BODY, HOST, Machine, key_of, pubconfig
from tests.conftest import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def other(db: None) -> DipId:
    factories.company(name="Bright Grid Ltd")
    return DipId.objects.select_related("mpid__organisation").get(
        mpid__organisation__name="Bright Grid Ltd"
    )


def test_a_failed_call_is_kept_with_what_the_dip_computed(
    machine: Machine, supplier: DipId
) -> None:
    assert machine.signer
    response = machine.call("POST", pubconfig(supplier), BODY, signed_as={"method": "PUT"})

    kept = FailedCall.objects.get()
    path = pubconfig(supplier).lower()
    assert (kept.dip_id, kept.method, kept.status, kept.code) == (
        supplier,
        "POST",
        401,
        "wrong_signature",
    )
    assert kept.canonical_full == (
        f"POST;https://{HOST}{path};{kept.signature_date};{kept.content_hash}"
    )
    assert kept.canonical_path == f"POST;{path};{kept.signature_date};{kept.content_hash}"
    assert kept.client_thumbprint == kept.signature_thumbprint == machine.signer.row.thumbprint
    assert kept.correlation_id == response["X-Correlation-ID"]
    assert kept.address == "127.0.0.1"


def test_no_key_no_signature_and_no_body_is_kept(machine: Machine, supplier: DipId) -> None:
    sent: dict[str, Any] = {"callbackURL": "https://hooks.superenergy.example/secret", "x": 1}
    machine.call("POST", pubconfig(supplier), sent)

    kept = " ".join(str(value) for value in FailedCall.objects.values().get().values())
    assert str(machine.api_key) not in kept
    assert "secret" not in kept
    assert "invalid_fields" in kept


def test_a_call_that_passes_is_not_kept(machine: Machine, supplier: DipId) -> None:
    machine.call("POST", pubconfig(supplier), BODY)

    assert not FailedCall.objects.exists()


# --- Whose it is -----------------------------------------------------------------------------


def test_without_key_and_without_the_company_s_certificate_nothing_is_kept(
    machine: Machine, supplier: DipId, other: DipId
) -> None:
    """Nobody fills another company's list: neither with nothing, nor with what is their own."""
    stranger = pki.held(other.mpid.organisation, key_number=2)
    elsewhere = pki.held(other.mpid.organisation, key_number=3, environment="production")
    for wrong in (
        machine.but(client=None, api_key=None),
        machine.but(client=None, api_key="0" * 32),
        machine.but(client=stranger, signer=stranger, api_key="0" * 32),
        machine.but(client=elsewhere, signer=elsewhere, api_key="0" * 32),
    ):
        wrong.call("POST", pubconfig(supplier), BODY)

    assert not FailedCall.objects.filter(dip_id=supplier).exists()


def test_the_key_says_whose_a_call_is_whatever_the_path_names(
    machine: Machine, supplier: DipId, other: DipId
) -> None:
    machine.but(client=None).call("POST", pubconfig(other), BODY)
    machine.call("POST", "/dip-channel/nothing", BODY)

    assert {it.dip_id for it in FailedCall.objects.all()} == {supplier}


def test_the_company_s_certificate_says_it_where_the_key_is_wrong(
    machine: Machine, supplier: DipId
) -> None:
    machine.but(api_key=None).call("POST", pubconfig(supplier), BODY)

    assert FailedCall.objects.get().code == "api_key_missing"


def test_the_nominated_provider_s_certificate_says_it_too(
    company: Organisation, supplier: DipId
) -> None:
    provider = factories.dcp(name="Conduit Connect")
    held = pki.held(provider.organisation)
    wrong = Machine(client=held, signer=held, api_key="0" * 32)

    wrong.call("POST", pubconfig(supplier), BODY)
    assert not FailedCall.objects.exists()
    factories.nomination(organisation=company, of=provider)
    wrong.call("POST", pubconfig(supplier), BODY)
    assert FailedCall.objects.get().dip_id == supplier


def test_a_revoked_certificate_proves_nothing(machine: Machine, supplier: DipId) -> None:
    Certificate.objects.update(revoked_at=timezone.now(), revocation_reason="keyCompromise")

    machine.but(api_key=None).call("POST", pubconfig(supplier), BODY)

    assert not FailedCall.objects.exists()


# --- Bounded -------------------------------------------------------------------------------------


def test_only_the_newest_are_kept_of_each_dip_id(
    machine: Machine, supplier: DipId, retriever: DipId, settings: Any
) -> None:
    settings.FAILED_CALLS_KEPT = 3
    factories.failed_call(dip_id=retriever)
    for number in range(5):
        machine.call("POST", f"/dip-channel/{number}", BODY)

    assert [it.url[-1] for it in supplier.failed_calls.all()] == ["4", "3", "2"]
    assert retriever.failed_calls.count() == 1


def test_old_ones_and_used_up_signatures_are_forgotten(supplier: DipId, settings: Any) -> None:
    now = timezone.now()
    young = factories.failed_call(dip_id=supplier, at=now - timedelta(days=13))
    factories.failed_call(dip_id=supplier, at=now - timedelta(days=15))
    SeenSignature.objects.create(digest="0" * 64, expires_at=now - timedelta(seconds=1))

    tasks.forget_calls()

    assert list(FailedCall.objects.all()) == [young]
    assert not SeenSignature.objects.exists()


# --- Pages ---------------------------------------------------------------------------------


def test_members_see_the_calls_of_their_company_newest_first(
    mike_client: Client, company: Organisation, supplier: DipId, other: DipId
) -> None:
    now = timezone.now()
    for hours in (2, 1, 3):
        factories.failed_call(dip_id=supplier, at=now - timedelta(hours=hours), url=f"/{hours}h")
    factories.failed_call(dip_id=other, url="/theirs")

    page = mike_client.get(reverse("channels:failed_calls", args=[company.pk]))

    assert [it.url for it in page.context["table"].page] == ["/1h", "/2h", "/3h"]


def test_they_can_be_searched_filtered_and_sorted(
    mike_client: Client, company: Organisation, supplier: DipId, retriever: DipId
) -> None:
    factories.failed_call(dip_id=supplier, code="api_key_missing", url="/a")
    factories.failed_call(dip_id=retriever, url="/b")
    address = reverse("channels:failed_calls", args=[company.pk])

    for query, urls in (
        ("q=api_key", ["/a"]),
        ("code=wrong_signature", ["/b"]),
        (f"dip_id={supplier}", ["/a"]),
        ("sort=code", ["/a", "/b"]),
        ("q=nothing-like-this", []),
    ):
        page = mike_client.get(f"{address}?{query}")
        assert [it.url for it in page.context["table"].page] == urls, query


def test_who_is_limited_to_other_dip_ids_sees_none_of_this(
    company: Organisation, supplier: DipId, retriever: DipId
) -> None:
    person: User = factories.user()
    factories.membership(
        user=person, organisation=company, roles=[Role.MESSAGE_ADMIN], dip_ids=[retriever]
    )
    client = signed_in(person)
    kept = factories.failed_call(dip_id=supplier)

    page = client.get(reverse("channels:failed_calls", args=[company.pk]))

    assert list(page.context["table"].page) == []
    assert page.context["dip_ids"] == [retriever]
    address = reverse("channels:failed_call", args=[company.pk, kept.pk])
    assert client.get(address).status_code == 404


def test_the_number_of_queries_does_not_grow(
    mike_client: Client, company: Organisation, supplier: DipId, django_assert_max_num_queries: Any
) -> None:
    address = reverse("channels:failed_calls", args=[company.pk])
    for _ in range(12):
        factories.failed_call(dip_id=supplier)

    with django_assert_max_num_queries(12):
        mike_client.get(f"{address}?show=all")


def test_a_tester_compares_the_string_that_they_signed(
    mike_client: Client, company: Organisation, supplier: DipId
) -> None:
    kept = factories.failed_call(dip_id=supplier)
    address = reverse("channels:failed_call", args=[company.pk, kept.pk])

    assert kept.canonical_path in mike_client.get(address).content.decode()
    equal = mike_client.get(address, {"signed": f" {kept.canonical_path}\n"})
    differs = mike_client.get(address, {"signed": kept.canonical_full.replace("/pub-", "/PUB-")})

    assert equal.context["compared"] == Difference(form="path", is_equal=True)
    told = differs.context["compared"]
    assert (told.form, told.part, told.is_equal) == ("full URL", "URL", False)
    assert told.theirs.startswith("PUB-036")
    assert told.ours.startswith("pub-036")


@pytest.mark.parametrize(
    ("signed", "part", "position"),
    [
        ("", "verb", 1),
        ("GET;/a;d;h", "verb", 1),
        ("POST;/b;d;h", "URL", 7),
        ("POST;/a;e;h", "date", 9),
        ("POST;/a;d;", "content hash", 11),
        ("POST;/a;d;hh", "content hash", 12),
    ],
)
def test_where_two_strings_part(signed: str, part: str, position: int) -> None:
    found = comparison.compare(signed, {"path": "POST;/a;d;h"})

    assert (found.part, found.position) == (part, position)


def test_the_page_of_a_key_that_is_not_mine(
    charlie_client: Client, company: Organisation, supplier: DipId
) -> None:
    kept = factories.failed_call(dip_id=supplier)

    assert key_of(supplier)
    assert charlie_client.get(
        reverse("channels:failed_call", args=[company.pk, kept.pk])
    ).status_code == 404  # fmt: skip
