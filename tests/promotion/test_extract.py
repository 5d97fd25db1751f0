"""Extracts: what is in them, when a new one is made, and who may."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from organisations.actors import DipManagerActor, actor_for
from organisations.models import Organisation
from organisations.policies import Stranger
from organisations.roles import DcpStatus, DipRoleCode
from promotion import signing
from promotion.errors import UnableToExtract
from promotion.extract import extract_companies, read_extract, verify_extract
from promotion.models import Extract
from promotion.signing import UnableToVerify
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_uit(be: Callable[[str], None]) -> None:
    be("uit")


@pytest.fixture
def make(manager: DipManagerActor) -> Callable[..., Any]:
    """Extract one company; returns what came of it, and whether it is new."""

    def do(organisation: Organisation, *, later: int = 0) -> Any:
        now = timezone.now() + timedelta(minutes=later)
        return extract_companies(actor=manager, organisations=[organisation.pk], now=now)[
            organisation.pk
        ]

    return do


@pytest.fixture
def family(db: None) -> Organisation:
    """A company with everything that can be promoted, approved by the PAB."""
    dcp = factories.dcp(name="Conduit Connect")
    company = factories.company(
        name="Zephyr Energy",
        company_number="01234567",
        domains=["zephyr.example", "a.example"],
        roles=[DipRoleCode.SUP, DipRoleCode.SDS],
        dcp_status=DcpStatus.REQUESTED,
    )
    mpid = company.mpids.get()
    factories.nomination(organisation=company, of=dcp, domains=True)
    factories.nomination(organisation=company, of=dcp, for_dip_id=mpid.dip_ids.first())
    factories.company(name="Little Zephyr", parent=company, roles=[DipRoleCode.MDR])
    factories.pab_approval(organisation=company)
    return company


def test_an_extract_says_everything_that_is_copied(family: Organisation, make: Any) -> None:
    extract, is_new = make(family)

    document = read_extract(extract)
    company = document.setup.company
    assert is_new
    assert extract.number == 1
    assert extract.changes == ["First extract of this company."]
    assert (document.environment, document.extracted_by) == ("uit", "Dana Doe")
    assert (company.name, company.company_number, company.dcp_status) == (
        "Zephyr Energy", "01234567", "REQUESTED",
    )  # fmt: skip
    assert company.whitelisted_domains == ["a.example", "zephyr.example"]
    assert company.nomination is not None
    assert company.nomination.whitelists_domains
    [mpid] = company.mpids
    assert [it.dip_role_code for it in mpid.dip_ids] == ["SDS", "SUP"]
    assert sum(it.nomination is not None for it in mpid.dip_ids) == 1
    assert mpid.dip_ids[0].effective_from_date is not None
    assert [child.name for child in document.setup.children] == ["Little Zephyr"]


def test_a_dcp_carries_its_dcp_id(make: Any) -> None:
    dcp = factories.dcp(name="Conduit Connect")
    factories.pab_approval(organisation=dcp.organisation)

    extract, _ = make(dcp.organisation)

    assert read_extract(extract).setup.company.dcp_ids == [dcp.dcp_id]


def test_the_same_setup_gives_no_second_extract(family: Organisation, make: Any) -> None:
    first, _ = make(family)

    second, is_new = make(family, later=5)

    assert (second, is_new) == (first, False)
    assert Extract.objects.get().confirmed_at > first.made_at


def test_after_a_new_signing_key_the_same_setup_is_extracted_anew(
    family: Organisation, make: Any, be: Callable[[str], None], settings: Any
) -> None:
    """As docs/operations.md has it: remove the key, publish the next one, extract again."""
    old, _ = make(family)
    settings.SIGNING_KEY_FILE.unlink()
    be("uit")

    new, is_new = make(family, later=5)

    be("production")
    with pytest.raises(UnableToVerify, match="or the key was rotated since: extract the company"):
        signing.verify(old.file.encode(), environment="uit")
    assert signing.verify(new.file.encode(), environment="uit")
    assert is_new
    assert (new.number, new.setup_digest) == (2, old.setup_digest)
    assert new.changes == ["The same setup, signed with the new key of UIT."]
    be("uit")
    assert make(family, later=10) == (new, False)


def test_the_next_extract_names_what_changed(family: Organisation, make: Any) -> None:
    make(family)
    family.whitelisted_domains.create(domain="new.example")
    Organisation.objects.filter(pk=family.pk).update(name="Zephyr Energy plc")

    second, is_new = make(family, later=5)

    assert is_new
    assert second.number == 2
    assert second.changes == [
        "Name of company 01234567: Zephyr Energy → Zephyr Energy plc",
        "Domain new.example added",
    ]


def test_without_approval_there_is_no_extract(make: Any) -> None:
    outcome, _ = make(factories.company(name="Tidepool"))

    assert isinstance(outcome, UnableToExtract)
    assert "Tidepool has no PAB approval" in str(outcome)
    assert not Extract.objects.exists()


def test_a_withdrawn_approval_is_none(family: Organisation, make: Any) -> None:
    family.pab_approvals.update(withdrawn_at=timezone.now())

    outcome, _ = make(family)

    assert isinstance(outcome, UnableToExtract)


def test_a_child_is_promoted_with_its_parent(family: Organisation, make: Any) -> None:
    outcome, _ = make(family.children.get())

    assert "extract the parent instead" in str(outcome)


def test_one_company_that_is_refused_does_not_stop_the_others(
    family: Organisation, manager: DipManagerActor
) -> None:
    unapproved = factories.company(name="Tidepool")
    broken = factories.company(name="Two\nlines", company_number="07654321")
    factories.pab_approval(organisation=broken)
    keys = [unapproved.pk, family.pk, broken.pk, 10**9]

    outcomes = extract_companies(actor=manager, organisations=keys, now=timezone.now())

    assert isinstance(outcomes[family.pk][0], Extract)
    assert [isinstance(outcomes[key][0], Extract) for key in keys] == [False, True, False, False]
    assert "/setup/company/name" in str(outcomes[broken.pk][0])


def test_a_stored_extract_is_verified_again(family: Organisation, make: Any) -> None:
    extract, _ = make(family)
    verify_extract(extract)

    content = json.loads(extract.file)
    extract.file = json.dumps({**content, "payload": content["payload"][:-4] + "AAAA"})

    with pytest.raises(UnableToVerify):
        verify_extract(extract)


def test_only_a_dip_manager_of_uit_extracts(
    family: Organisation, alice: User, manager: DipManagerActor, be: Callable[[str], None]
) -> None:
    member = actor_for(alice, day=timezone.now().date())
    with pytest.raises(Stranger):
        extract_companies(actor=member, organisations=[family.pk], now=timezone.now())

    be("production")
    with pytest.raises(Stranger):
        extract_companies(actor=manager, organisations=[family.pk], now=timezone.now())


def test_an_extract_is_told_in_the_companys_history(family: Organisation, make: Any) -> None:
    extract, _ = make(family)

    event = Event.objects.get(action="extract:make")

    assert (event.organisation_id, event.actor_label) == (family.pk, "Dana Doe")
    assert event.after == {"extract": 1, "digest": extract.setup_digest}


@pytest.mark.parametrize("number", [2, 20])
def test_the_number_of_queries_does_not_grow_with_the_companies(
    manager: DipManagerActor, django_assert_max_num_queries: Any, number: int
) -> None:
    companies = [factories.company(domains=["a.example"]) for _ in range(number)]
    for company in companies:
        factories.pab_approval(organisation=company)
    keys = [company.pk for company in companies]

    with django_assert_max_num_queries(18):
        extract_companies(actor=manager, organisations=keys, now=timezone.now())

    assert Extract.objects.count() == number
