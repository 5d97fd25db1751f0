"""What the DIP Manager does to a company: the verbs, what they refuse, what they leave behind."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.http import Http404

from accounts.models import User
from audit.models import Event
from audit.queries import history_of
from audit.sentences import sentence
from organisations.actors import Actor, actor_for
from organisations.errors import UnableToChangeCompany, UnableToInvite
from organisations.models import ApiKey, DcpId, DipId, Mpid, Organisation, WhitelistedDomain
from organisations.policies import Refused
from organisations.roles import DIP_ID_PREFIXES, DcpStatus, DipRoleCode
from organisations.services import (
    api_keys,
    changes,
    dip_ids,
    domains,
    nominations,
    organisations,
    pab,
)
from tests import factories

pytestmark = pytest.mark.usefixtures("uit")
NEW_YEAR = date(2027, 1, 1)


@pytest.fixture
def later(now: datetime) -> datetime:
    return now + timedelta(hours=1)


def newest(company: Organisation) -> Event:
    event = history_of(company.pk).first()
    assert event is not None
    return event


def create(as_dana: Actor, now: datetime, **details: Any) -> Organisation:
    return organisations.create_organisation(
        **{
            "actor": as_dana,
            "name": "Bright Grid Ltd",
            "company_number": "12345678",
            "now": now,
            **details,
        }
    )


def edit(as_dana: Actor, company: Organisation, now: datetime, **details: Any) -> Organisation:
    said = {
        "name": company.name,
        "company_number": company.company_number,
        "description": company.description,
        "dcp_status": company.dcp_status,
        "revision": company.revision,
    }
    return organisations.edit_organisation(
        actor=as_dana, organisation=company, now=now, **{**said, **details}
    )


def test_a_company_is_created(as_dana: Actor, now: datetime) -> None:
    made = create(as_dana, now, name=" Bright Grid Ltd ", company_number="sc123456")

    assert (made.name, made.company_number) == ("Bright Grid Ltd", "SC123456")
    assert made.dcp_status == DcpStatus.DISABLED
    assert sentence(newest(made)) == "Dana Doe created the company Bright Grid Ltd"
    assert newest(made).after["company_number"] == "SC123456"


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "Bright\u202eGrid"}, "name"),
        ({"company_number": "12"}, "company_number"),
        ({"company_number": "1234567８"}, "company_number"),
        ({"dcp_status": "MAYBE"}, "dcp_status"),
        ({"description": "x" * 2001}, "description"),
    ],
)
def test_a_company_of_the_wrong_form_is_refused(
    as_dana: Actor, now: datetime, details: dict[str, str], field: str
) -> None:
    with pytest.raises(UnableToChangeCompany) as refusal:
        create(as_dana, now, **details)

    assert refusal.value.field == field
    assert not Organisation.objects.exists()
    assert not Event.objects.filter(action="organisation:create").exists()


def test_a_company_number_is_one_company(
    as_dana: Actor, company: Organisation, now: datetime
) -> None:
    with pytest.raises(UnableToChangeCompany) as refusal:
        create(as_dana, now, company_number=company.company_number)

    assert refusal.value.field == "company_number"
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.company(company_number=company.company_number)


def test_who_has_a_number_already_is_told_to_nobody_but_the_dip_manager(
    as_dana: Actor, alice: User, company: Organisation, now: datetime
) -> None:
    other = create(as_dana, now)

    with pytest.raises(UnableToChangeCompany, match=r"^Another company has this company number"):
        organisations.add_child(
            actor=actor_for(alice, day=now.date()),
            parent=company,
            name="Child",
            company_number=other.company_number,
            description="",
            now=now,
        )
    with pytest.raises(UnableToChangeCompany, match=r"^Bright Grid Ltd has this company number"):
        create(as_dana, now)
    with pytest.raises(UnableToChangeCompany, match=r"^Bright Grid Ltd has this company number"):
        edit(as_dana, company, now, company_number=other.company_number)


def test_a_child_organisation_has_no_children(
    as_dana: Actor, company: Organisation, now: datetime
) -> None:
    child = create(as_dana, now, parent=company)

    assert child.parent == company
    with pytest.raises(UnableToChangeCompany, match="is a child organisation itself"):
        create(as_dana, now, company_number="87654321", parent=child)


def test_an_edit_says_what_changed_and_moves_the_setup(
    as_dana: Actor, company: Organisation, later: datetime
) -> None:
    edited = edit(as_dana, company, later, name="Super Energy plc")

    assert (edited.name, edited.revision) == ("Super Energy plc", company.revision + 1)
    assert edited.setup_changed_at == later
    assert newest(company).before == {"name": "Super Energy Co"}
    assert newest(company).after == {"name": "Super Energy plc"}


def test_an_edit_of_nothing_leaves_no_trace(
    as_dana: Actor, company: Organisation, later: datetime
) -> None:
    edited = edit(as_dana, company, later)

    assert edited.setup_changed_at == company.setup_changed_at
    assert not history_of(company.pk).exists()


def test_an_edit_of_what_somebody_else_changed_is_refused(
    as_dana: Actor, company: Organisation, now: datetime
) -> None:
    edit(as_dana, company, now, name="First")

    with pytest.raises(UnableToChangeCompany, match="Somebody else has changed"):
        edit(as_dana, company, now, name="Second")

    company.refresh_from_db()
    assert company.name == "First"


def test_a_company_with_dcp_ids_stays_a_dcp(as_dana: Actor, now: datetime) -> None:
    provider = factories.dcp().organisation

    with pytest.raises(UnableToChangeCompany) as refusal:
        edit(as_dana, provider, now, dcp_status=DcpStatus.DISABLED)

    assert refusal.value.field == "dcp_status"


def test_an_approval_is_recorded_once_and_withdrawn(
    as_dana: Actor, company: Organisation, now: datetime
) -> None:
    approval = pab.record_approval(
        actor=as_dana,
        organisation=company,
        reference=" PAB-7 ",
        approved_date=now.date(),
        now=now,
    )
    assert (approval.reference, approval.recorded_by_id) == ("PAB-7", as_dana.user_id)
    with pytest.raises(UnableToChangeCompany, match="already has a PAB approval in force"):
        pab.record_approval(
            actor=as_dana,
            organisation=company,
            reference="PAB-8",
            approved_date=now.date(),
            now=now,
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.pab_approval(organisation=company)

    pab.withdraw_approval(actor=as_dana, approval=approval, now=now)
    pab.withdraw_approval(actor=as_dana, approval=approval, now=now)

    approval.refresh_from_db()
    assert approval.withdrawn_at == now
    assert [event.action for event in history_of(company.pk)] == [
        "pab_approval:withdraw",
        "pab_approval:record",
    ]


def test_an_approval_of_tomorrow_or_of_a_child_organisation_is_refused(
    as_dana: Actor, company: Organisation, now: datetime
) -> None:
    child = factories.company(parent=company)
    tomorrow = now.date() + timedelta(days=1)

    for organisation, day, field in (
        (company, tomorrow, "approved_date"),
        (child, now.date(), ""),
    ):
        with pytest.raises(UnableToChangeCompany) as refusal:
            pab.record_approval(
                actor=as_dana, organisation=organisation, reference="P", approved_date=day, now=now
            )
        assert refusal.value.field == field


def test_production_records_no_approval(
    production: None, as_dana: Actor, company: Organisation, now: datetime
) -> None:
    with pytest.raises(Http404):
        pab.record_approval(
            actor=as_dana, organisation=company, reference="P", approved_date=now.date(), now=now
        )


def test_a_domain_is_whitelisted_in_its_canonical_form_and_once(
    as_dana: Actor, company: Organisation, later: datetime
) -> None:
    made = domains.whitelist_domain(
        actor=as_dana, organisation=company, domain=" @MAIL.SuperEnergy.Example. ", now=later
    )

    assert made.domain == "mail.superenergy.example"
    company.refresh_from_db()
    assert company.setup_changed_at == later
    with pytest.raises(UnableToChangeCompany, match="whitelisted already"):
        domains.whitelist_domain(
            actor=as_dana, organisation=company, domain="superenergy.EXAMPLE", now=later
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        WhitelistedDomain.objects.create(organisation=company, domain="superenergy.example")


@pytest.mark.parametrize("text", ["", "localhost", "a@b.example", "https://b.example", "192.0.2.1"])
def test_what_is_no_domain_is_not_whitelisted(
    as_dana: Actor, company: Organisation, now: datetime, text: str
) -> None:
    with pytest.raises(UnableToChangeCompany) as refusal:
        domains.whitelist_domain(actor=as_dana, organisation=company, domain=text, now=now)

    assert refusal.value.field == "domain"


def test_a_removed_domain_is_gone_once(
    as_dana: Actor, company: Organisation, now: datetime
) -> None:
    domain = company.whitelisted_domains.get()

    domains.remove_domain(actor=as_dana, domain=domain, now=now)
    domains.remove_domain(actor=as_dana, domain=domain, now=now)

    assert domains.allowed_domains(company) == []
    assert history_of(company.pk).count() == 1


def test_a_dcps_domains_come_and_go_with_its_nomination(
    as_dana: Actor, company: Organisation, now: datetime
) -> None:
    hub = factories.dcp(domains=["hub.example", "superenergy.example"])
    silent = factories.dcp(domains=["silent.example"])
    dip_id = DipId.objects.get(mpid__organisation=company)
    nominations.nominate(actor=as_dana, organisation=company, dcp_id_code=silent.dcp_id, now=now)
    nominated = nominations.nominate(
        actor=as_dana,
        organisation=company,
        dip_id=dip_id,
        dcp_id_code=hub.dcp_id,
        whitelists_domains=True,
        now=now,
    )

    assert domains.own_and_dcp_domains(company) == (["superenergy.example"], ["hub.example"])
    assert domains.allowed_domains(company) == ["hub.example", "superenergy.example"]
    nominations.remove_nomination(actor=as_dana, nomination=nominated, now=now)
    assert domains.allowed_domains(company) == ["superenergy.example"]


@pytest.mark.parametrize(
    "email", ["priya@superenergy.example", "Priya@SuperEnergy.Example", "p@superenergy.example."]
)
def test_an_address_of_a_whitelisted_domain_passes(company: Organisation, email: str) -> None:
    domains.require_whitelisted(company, email)


@pytest.mark.parametrize(
    "email",
    [
        "p@mail.superenergy.example",
        "p@superenergy.example.evil.example",
        "p@xsuperenergy.example",
        "p@supérenergy.example",
        "p@superenergy.example@evil.example",
        "superenergy.example",
        "",
    ],
)
def test_an_address_of_any_other_domain_is_refused(company: Organisation, email: str) -> None:
    with pytest.raises(UnableToInvite) as refusal:
        domains.require_whitelisted(company, email)

    assert refusal.value.field == "email"


def test_who_asks_for_another_domain_is_told_whom_to_ask(company: Organisation) -> None:
    with pytest.raises(UnableToInvite, match="please contact the DIP Manager"):
        domains.require_whitelisted(company, "p@elsewhere.example")


def test_an_mpid_is_held_by_one_company(
    as_dana: Actor, company: Organisation, charlie: User, now: datetime
) -> None:
    other = Organisation.objects.get(name="Bright Grid Ltd")

    mpid = dip_ids.add_mpid(actor=as_dana, organisation=company, code="rdg1", now=now)

    assert mpid.code == "RDG1"
    with pytest.raises(UnableToChangeCompany, match="held by Super Energy Co"):
        dip_ids.add_mpid(actor=as_dana, organisation=other, code="RDG1", now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Mpid.objects.create(organisation=other, code="RDG1")
    with pytest.raises(UnableToChangeCompany) as refusal:
        dip_ids.add_mpid(actor=as_dana, organisation=other, code="RDG", now=now)
    assert refusal.value.field == "code"


def test_a_dip_id_is_generated_with_two_keys_of_its_own(
    as_dana: Actor, company: Organisation, now: datetime
) -> None:
    made = dip_ids.add_dip_id(
        actor=as_dana, mpid=company.mpids.get(), dip_role_code=DipRoleCode.LDSO, now=now
    )

    assert made.dip_id.startswith(DIP_ID_PREFIXES[DipRoleCode.LDSO])
    assert len(made.dip_id) == 10
    assert made.state_on(now.date()) == "no effective from date"
    keys = [api_keys.reveal(key) for key in made.api_keys.all()]
    assert len(set(keys)) == 2
    told = str(list(Event.objects.values()))
    assert not any(key in told for key in keys)


def test_a_dip_id_is_given_once_and_one_for_each_role(
    as_dana: Actor, company: Organisation, now: datetime
) -> None:
    mpid = company.mpids.get()
    taken = DipId.objects.get(mpid=mpid)

    with pytest.raises(UnableToChangeCompany) as refusal:
        dip_ids.add_dip_id(
            actor=as_dana, mpid=mpid, dip_role_code="MDR", dip_id=taken.dip_id, now=now
        )
    assert refusal.value.field == "dip_id"
    with pytest.raises(UnableToChangeCompany, match="already has a DIP ID for that role"):
        dip_ids.add_dip_id(actor=as_dana, mpid=mpid, dip_role_code="SUP", now=now)
    for role, field in (("NONE", "dip_role_code"), ("MDR", "dip_id")):
        with pytest.raises(UnableToChangeCompany) as refusal:
            dip_ids.add_dip_id(
                actor=as_dana, mpid=mpid, dip_role_code=role, dip_id="12345", now=now
            )
        assert refusal.value.field in {field, "dip_id"}
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.dip_id(mpid=mpid, role=DipRoleCode.SUP)
    assert ApiKey.objects.count() == 2


def test_dates_of_several_dip_ids_are_set_at_once_and_count(
    as_dana: Actor, company: Organisation, later: datetime
) -> None:
    mpid = company.mpids.get()
    several = [
        factories.dip_id(mpid=mpid, role=role, effective_from=None, dates_set=False)
        for role in (DipRoleCode.MDR, DipRoleCode.LSS)
    ]
    untouched = mpid.dip_ids.get(dip_role_code="SUP")

    dip_ids.set_effective_dates(
        actor=as_dana,
        dip_ids=several,
        effective_from_date=NEW_YEAR,
        effective_to_date=None,
        now=later,
    )

    for dip_id in several:
        dip_id.refresh_from_db()
        assert dip_id.effective_dates_set_at == later
        assert dip_id.is_operational_on(NEW_YEAR)
        assert not dip_id.is_operational_on(NEW_YEAR - timedelta(days=1))
    untouched.refresh_from_db()
    assert untouched.effective_from_date == date(2025, 7, 1)
    assert {event.subject_label for event in history_of(company.pk)} == {
        dip_id.dip_id for dip_id in several
    }
    company.refresh_from_db()
    assert company.setup_changed_at == later


def test_dates_in_the_wrong_order_are_refused_by_all(
    as_dana: Actor, company: Organisation, now: datetime
) -> None:
    dip_id = DipId.objects.get(mpid__organisation=company)

    with pytest.raises(UnableToChangeCompany) as refusal:
        dip_ids.set_effective_dates(
            actor=as_dana,
            dip_ids=[dip_id],
            effective_from_date=NEW_YEAR,
            effective_to_date=NEW_YEAR,
            now=now,
        )

    assert refusal.value.field == "effective_to_date"
    dip_id.effective_from_date = dip_id.effective_to_date = NEW_YEAR
    with pytest.raises(IntegrityError), transaction.atomic():
        dip_id.save()


def test_dates_of_no_dip_id_are_refused(as_dana: Actor, now: datetime) -> None:
    with pytest.raises(UnableToChangeCompany, match="Choose the DIP IDs"):
        dip_ids.set_effective_dates(
            actor=as_dana,
            dip_ids=[],
            effective_from_date=NEW_YEAR,
            effective_to_date=None,
            now=now,
        )


def test_only_an_approved_dcp_has_a_dcp_id(
    as_dana: Actor, company: Organisation, now: datetime
) -> None:
    with pytest.raises(UnableToChangeCompany, match="status Approved has DCP IDs"):
        dip_ids.add_dcp_id(actor=as_dana, organisation=company, now=now)

    approved = edit(as_dana, company, now, dcp_status=DcpStatus.APPROVED)
    made = dip_ids.add_dcp_id(actor=as_dana, organisation=approved, now=now)

    assert made.dcp_id.startswith(DIP_ID_PREFIXES[DipRoleCode.DCP])
    with pytest.raises(UnableToChangeCompany, match="exists already"):
        dip_ids.add_dcp_id(actor=as_dana, organisation=approved, dcp_id=made.dcp_id, now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        DcpId.objects.create(organisation=approved, dcp_id=made.dcp_id)


def test_a_nomination_waits_for_its_dcp_and_completes_when_it_comes(
    as_dana: Actor, company: Organisation, now: datetime
) -> None:
    waiting = nominations.nominate(
        actor=as_dana,
        organisation=company,
        dcp_id_code="1012345678",
        whitelists_domains=True,
        now=now,
    )
    assert waiting.is_pending
    hub = factories.company(dcp_status=DcpStatus.APPROVED, domains=["hub.example"])

    dip_ids.add_dcp_id(actor=as_dana, organisation=hub, dcp_id="1012345678", now=now)

    waiting.refresh_from_db()
    assert not waiting.is_pending
    assert "hub.example" in domains.allowed_domains(company)
    assert newest(company).actor_label == "DIP"


def test_a_nomination_takes_the_place_of_the_one_before(
    as_dana: Actor, company: Organisation, now: datetime
) -> None:
    first, second = factories.dcp(), factories.dcp()
    for dcp_id in (first, second):
        nominations.nominate(
            actor=as_dana, organisation=company, dcp_id_code=dcp_id.dcp_id, now=now
        )

    assert company.nominations.get().dcp_id == second
    assert newest(company).before == {"dcp_id": first.dcp_id}
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.nomination(organisation=company, of=first)


def test_a_nomination_that_cannot_be_is_refused(
    as_dana: Actor, company: Organisation, charlie: User, now: datetime
) -> None:
    own = factories.dcp()
    foreign = DipId.objects.get(mpid__organisation__name="Bright Grid Ltd")

    for organisation, code, dip_id, field in (
        (own.organisation, own.dcp_id, None, "dcp_id_code"),
        (company, "12345", None, "dcp_id_code"),
        (company, own.dcp_id, foreign, "dip_id"),
    ):
        with pytest.raises(UnableToChangeCompany) as refusal:
            nominations.nominate(
                actor=as_dana, organisation=organisation, dcp_id_code=code, dip_id=dip_id, now=now
            )
        assert refusal.value.field == field
        assert not organisation.nominations.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda actor, company, now: edit(actor, company, now, name="Mine"),
        lambda actor, company, now: domains.whitelist_domain(
            actor=actor, organisation=company, domain="mine.example", now=now
        ),
        lambda actor, company, now: domains.remove_domain(
            actor=actor, domain=company.whitelisted_domains.get(), now=now
        ),
        lambda actor, company, now: dip_ids.add_mpid(
            actor=actor, organisation=company, code="MINE", now=now
        ),
        lambda actor, company, now: dip_ids.add_dip_id(
            actor=actor, mpid=company.mpids.get(), dip_role_code="MDR", now=now
        ),
        lambda actor, company, now: dip_ids.set_effective_dates(
            actor=actor,
            dip_ids=list(DipId.objects.all()),
            effective_from_date=NEW_YEAR,
            effective_to_date=None,
            now=now,
        ),
        lambda actor, company, now: pab.record_approval(
            actor=actor, organisation=company, reference="P", approved_date=now.date(), now=now
        ),
    ],
)
def test_what_is_the_dip_managers_no_member_changes(
    alice: User,
    charlie: User,
    company: Organisation,
    now: datetime,
    change: Callable[[Actor, Organisation, datetime], object],
) -> None:
    Organisation.objects.exclude(pk=company.pk).get().mpids.get().dip_ids.all().delete()

    with pytest.raises(Refused, match="DIP Manager"):
        change(actor_for(alice, day=now.date()), company, now)
    with pytest.raises(Http404):
        change(actor_for(charlie, day=now.date()), company, now)

    assert not history_of(company.pk).exists()


def test_what_somebody_else_stored_a_moment_before_is_refused_by_name(
    company: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin = WhitelistedDomain(organisation=company, domain="superenergy.example")
    monkeypatch.setattr(twin, "full_clean", lambda: None)  # it was free when it was checked

    with pytest.raises(UnableToChangeCompany, match="Somebody else"):
        changes.store(twin)

    assert company.whitelisted_domains.count() == 1
