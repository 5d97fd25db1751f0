"""Extracts taken in and imported: all of a company or nothing of it, once."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.models import Event
from organisations.actors import DipManagerActor
from organisations.models import ApiKey, DipId, Membership, Nomination, Organisation
from organisations.policies import Refused, Stranger
from organisations.services import api_keys
from promotion import document
from promotion.apply import Applied, apply_imports
from promotion.errors import UnableToImport, UnableToReceive
from promotion.models import Import, ImportedCompany
from promotion.receive import discard, document_of, plans_for, receive
from tests import factories
from tests.promotion import setups

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_production(be: Callable[[str], None]) -> None:
    be("production")


@pytest.fixture
def take(manager: DipManagerActor, signed: Callable[..., bytes]) -> Callable[..., Import]:
    """Take in an extract of a setup."""

    def send(setup: document.Setup, **how: Any) -> Import:
        return receive(
            actor=manager, file=signed(setup, **how), via=Import.Via.UPLOAD, now=timezone.now()
        )

    return send


@pytest.fixture
def apply(manager: DipManagerActor) -> Callable[..., Any]:
    """Apply an import with the plan that is shown now, unless another is named."""

    def do(row: Import, plan: str = "") -> Applied | UnableToImport:
        outcomes = apply_imports(
            actor=manager, fingerprints={str(row.pk): plan}, now=timezone.now()
        )
        return outcomes[str(row.pk)]

    return do


def test_a_new_company_is_imported_whole(take: Any, apply: Any) -> None:
    child = setups.company("07654321", name="Little Energy Ltd", mpids=[], description="")
    dcp = setups.company(
        "09999999", name="Conduit", dcp_status="APPROVED", mpids=[], dcp_ids=["1000000001"]
    )
    supplier = setups.setup(child, nomination=setups.nomination("1000000001", domains=True))
    apply(take(document.Setup(company=dcp, children=[])))

    outcome = apply(take(supplier))

    assert outcome.changed
    company = Organisation.objects.get(company_number="01234567")
    assert (company.name, company.description) == ("Super Energy Co", "Our company.")
    assert [it.domain for it in company.whitelisted_domains.all()] == ["superenergy.example"]
    assert company.children.get().company_number == "07654321"
    dip_id = DipId.objects.get()
    assert (dip_id.dip_id, dip_id.mpid.code, dip_id.dip_role_code) == ("2312345678", "SUPR", "SUP")
    assert dip_id.effective_from_date == date(2025, 7, 1)
    assert dip_id.effective_dates_set_at is None
    assert not dip_id.is_operational_on(date(2026, 1, 1))
    nomination = Nomination.objects.get()
    assert nomination.dcp_id is not None
    assert nomination.whitelists_domains
    assert nomination.dcp_id.organisation.name == "Conduit"
    assert not Membership.objects.exists()


def test_every_new_dip_id_gets_fresh_keys_that_are_sealed(take: Any, apply: Any) -> None:
    apply(take(setups.setup()))

    keys = list(ApiKey.objects.all())

    assert sorted(key.kind for key in keys) == ["PRIMARY", "SECONDARY"]
    for key in keys:
        clear = api_keys.reveal(key)
        assert len(clear) == 32
        assert clear not in key.ciphertext
        assert api_keys.find(clear) == key


def test_the_same_extract_twice_changes_nothing_and_says_so(take: Any, apply: Any) -> None:
    first = take(setups.setup())
    apply(first)
    before = snapshot()

    again = apply(first)
    other = apply(take(setups.setup()))

    assert not again.changed
    assert "imported before" in again.message
    assert not other.changed
    assert "nothing was changed" in other.message
    assert other.done.state == Import.State.UNCHANGED
    assert snapshot() == before


def snapshot() -> list[Any]:
    """Return what an import writes, but the record of imports and events itself."""
    models = [Organisation, DipId, ApiKey, Nomination]
    return [list(model._default_manager.order_by("pk").values()) for model in models]


def test_a_later_extract_changes_adds_and_removes(take: Any, apply: Any) -> None:
    was = setups.setup(
        whitelisted_domains=["a.example", "b.example"],
        nomination=setups.nomination("1000000001"),
    )
    now = setups.setup(
        name="Super Energy plc",
        whitelisted_domains=["b.example", "c.example"],
        nomination=setups.nomination("1000000002"),
        mpids=[
            setups.mpid("NEWM", setups.dip_id("1412345678", dip_role_code="SDS")),
            setups.mpid("SUPR", setups.dip_id(mpr_role_code="Y", nomination=setups.nomination())),
        ],
    )
    apply(take(was))
    keys = set(ApiKey.objects.values_list("ciphertext", flat=True))

    apply(take(now))

    company = Organisation.objects.get()
    assert company.name == "Super Energy plc"
    assert [it.domain for it in company.whitelisted_domains.all()] == ["b.example", "c.example"]
    assert set(DipId.objects.values_list("dip_id", "mpr_role_code")) == {
        ("1412345678", "X"),
        ("2312345678", "Y"),
    }
    assert set(Nomination.objects.values_list("dip_id__dip_id", "dcp_id_code")) == {
        (None, "1000000002"),
        ("2312345678", "1000000001"),
    }
    assert keys < set(ApiKey.objects.values_list("ciphertext", flat=True))


def test_a_nomination_of_a_dcp_to_come_completes_by_itself(take: Any, apply: Any) -> None:
    apply(take(setups.setup(nomination=setups.nomination("1000000001"))))
    assert Nomination.objects.get().is_pending

    dcp = setups.company(
        "09999999", name="Conduit", dcp_status="APPROVED", mpids=[], dcp_ids=["1000000001"]
    )
    apply(take(document.Setup(company=dcp, children=[])))

    assert not Nomination.objects.get().is_pending
    assert Event.objects.filter(action="nomination:complete", actor_label="DIP").count() == 1


def test_a_conflict_leaves_everything_as_it_was(take: Any, apply: Any) -> None:
    other = factories.company(name="Bright Grid", roles=[])
    factories.dip_id(mpid=other.mpids.create(code="SUPR"))
    row = take(setups.setup())
    before = snapshot()

    outcome = apply(row)

    assert isinstance(outcome, UnableToImport)
    assert "/setup/company/mpids/0/mpid: MPID SUPR is held by Bright Grid" in str(outcome)
    assert snapshot() == before
    assert Import.objects.get(pk=row.pk).is_waiting


def test_production_that_changed_since_the_plan_was_shown_is_looked_at_again(
    take: Any, apply: Any
) -> None:
    apply(take(setups.setup()))
    row = take(setups.setup(name="Super Energy plc"))
    [plan] = plans_for([document_of(row)])
    Organisation.objects.update(description="Changed meanwhile.")

    outcome = apply(row, plan.fingerprint)

    assert isinstance(outcome, UnableToImport)
    assert "Look at the plan again" in str(outcome)
    assert Organisation.objects.get().name == "Super Energy Co"


def test_an_extract_older_than_the_last_import_is_refused(take: Any, apply: Any) -> None:
    now = timezone.now()
    apply(take(setups.setup(name="New name"), at=now))

    outcome = apply(take(setups.setup(name="Old name"), at=now - timedelta(days=1)))

    assert isinstance(outcome, UnableToImport)
    assert "/extracted_at" in str(outcome)


def test_an_old_extract_that_says_the_same_does_not_turn_back_the_clock(
    take: Any, apply: Any
) -> None:
    now = timezone.now()
    apply(take(setups.setup(), at=now))

    apply(take(setups.setup(), at=now - timedelta(days=1)))

    kept = ImportedCompany.objects.get().extracted_at
    assert abs(kept - now) < timedelta(seconds=1)


def test_two_extracts_of_one_company_in_one_chunk_follow_one_another(
    take: Any, manager: DipManagerActor
) -> None:
    now = timezone.now()
    newer = take(setups.setup(name="Newer"), at=now)
    older = take(setups.setup(name="Older"), at=now - timedelta(hours=1))

    outcomes = apply_imports(
        actor=manager, fingerprints={str(newer.pk): "", str(older.pk): ""}, now=now
    )

    assert all(isinstance(outcome, Applied) for outcome in outcomes.values())
    assert Organisation.objects.get().name == "Newer"


def test_a_newer_extract_takes_the_place_of_one_that_waits(take: Any) -> None:
    now = timezone.now()
    older = take(setups.setup(name="Older"), at=now - timedelta(hours=1))

    newer = take(setups.setup(name="Newer"), at=now)

    assert Import.objects.get(pk=older.pk).state == Import.State.DISCARDED
    assert Import.objects.get(pk=newer.pk).is_waiting


@pytest.fixture
def send(manager: DipManagerActor) -> Callable[[bytes], Import]:
    """Take in a file as it is."""

    def do(file: bytes) -> Import:
        return receive(actor=manager, file=file, via=Import.Via.UPLOAD, now=timezone.now())

    return do


def test_the_same_file_twice_waits_once(send: Any, signed: Callable[..., bytes]) -> None:
    file = signed(setups.setup())

    assert send(file) == send(file)


def test_a_discarded_extract_can_arrive_again(
    manager: DipManagerActor, send: Any, signed: Callable[..., bytes], apply: Any
) -> None:
    file = signed(setups.setup())
    first = send(file)
    discard(actor=manager, received=first, now=timezone.now())

    again = send(file)

    assert again != first
    assert isinstance(apply(first), UnableToImport)
    assert apply(again).changed
    with pytest.raises(UnableToReceive, match="decided already"):
        discard(actor=manager, received=again, now=timezone.now())


def test_a_big_file_is_refused_before_it_is_read(manager: DipManagerActor, settings: Any) -> None:
    settings.EXTRACT_MAX_BYTES = 1024

    with pytest.raises(UnableToReceive, match="larger than 1 KiB"):
        receive(actor=manager, file=b"x" * 1025, via=Import.Via.UPLOAD, now=timezone.now())


def test_an_extract_of_another_environment_is_refused(take: Any) -> None:
    with pytest.raises(UnableToReceive, match="says that it is of production"):
        take(setups.setup(), environment="production")


def test_a_signed_file_of_another_format_is_refused_with_its_places(
    manager: DipManagerActor, be: Callable[[str], None]
) -> None:
    from promotion import signing

    be("uit")
    file = signing.sign(b'{"format":"something else"}')
    be("production")

    with pytest.raises(UnableToReceive) as refusal:
        receive(actor=manager, file=file, via=Import.Via.UPLOAD, now=timezone.now())

    assert "/setup" in [problem.place for problem in refusal.value.problems]
    assert not Import.objects.exists()


def test_a_stored_extract_that_was_tampered_with_is_not_imported(take: Any, apply: Any) -> None:
    row = take(setups.setup())
    Import.objects.update(file=row.file.replace('"payload": "ey', '"payload": "eX'))

    outcome = apply(row)

    assert isinstance(outcome, UnableToImport)
    assert not Organisation.objects.exists()


def test_members_and_the_other_environment_may_not_import(
    take: Any, alice: Any, be: Callable[[str], None], manager: DipManagerActor
) -> None:
    from organisations.actors import actor_for

    row = take(setups.setup())
    member = actor_for(alice, day=timezone.now().date())

    with pytest.raises(Stranger):
        apply_imports(actor=member, fingerprints={str(row.pk): ""}, now=timezone.now())
    be("uit")
    with pytest.raises((Stranger, Refused)):
        apply_imports(actor=manager, fingerprints={str(row.pk): ""}, now=timezone.now())


def test_an_import_is_told_in_the_companys_history(take: Any, apply: Any) -> None:
    apply(take(setups.setup()))
    apply(take(setups.setup(name="Super Energy plc")))

    first, event = Event.objects.filter(action="import:apply").order_by("pk")

    assert first.after["created"] == 9
    assert event.organisation_id == Organisation.objects.get().pk
    assert event.actor_label == "Dana Doe"
    assert event.address == "192.0.2.1"
    assert event.after["changes"] == [
        "Name of company 01234567: Super Energy Co → Super Energy plc"
    ]


@pytest.mark.parametrize("number", [2, 20])
def test_the_number_of_queries_does_not_grow_with_the_companies(
    take: Any, manager: DipManagerActor, django_assert_max_num_queries: Any, number: int
) -> None:
    rows = [
        take(
            setups.setup(
                company_number=f"{n:08d}",
                name=f"Company {n}",
                mpids=[setups.mpid(factories.mpid_code(n), setups.dip_id(f"23{n:08d}"))],
            )
        )
        for n in range(1, number + 1)
    ]

    with django_assert_max_num_queries(45):
        outcomes = apply_imports(
            actor=manager, fingerprints={str(row.pk): "" for row in rows}, now=timezone.now()
        )

    assert all(isinstance(outcome, Applied) for outcome in outcomes.values())
