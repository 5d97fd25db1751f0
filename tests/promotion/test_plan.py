"""The plan of an import, worked out from the extract, the last import and Production."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from promotion import document
from promotion.facts import DIP_ID, MPID, Fact, differences, facts_of
from promotion.plan import Plan, Present, Verdict, make_plan
from tests.promotion import setups
from tests.promotion.setups import MOMENT


def imported(
    theirs: document.Setup | None = None, ours: document.Setup | None = None, **fields: Any
) -> Present:
    """Return a Production that imported `theirs` and now says `ours`."""
    base = theirs or setups.setup()
    facts = facts_of(ours or base)
    return Present(
        **{
            "facts": facts,
            "base": facts_of(base),
            "companies": {
                company.company_number: company.name for company in (ours or base).companies()
            },
            "mpids": {fact.subject: str(of) for fact, of in facts.items() if fact.kind == MPID},
            "last_extracted_at": MOMENT,
            **fields,
        }
    )


def plan_of(setup: document.Setup, present: Present, *, later: int = 1) -> Plan:
    return make_plan(setups.extract(setup, at=MOMENT + timedelta(hours=later)), present)


def lines(plan: Plan, verdict: Verdict) -> list[str]:
    return [step.text for step in plan.steps if step.verdict is verdict]


def test_a_new_company_is_created_whole() -> None:
    plan = plan_of(setups.setup(), Present())

    assert plan.new_companies == {"01234567"}
    assert {step.verdict for step in plan.steps} == {Verdict.CREATE}
    assert len(plan.steps) == len([it for it in facts_of(setups.setup()).values() if it])
    assert "DIP ID 2312345678 of MPID SUPR" in lines(plan, Verdict.CREATE)
    assert plan.unchanged == 0


def test_what_is_imported_already_changes_nothing() -> None:
    plan = plan_of(setups.setup(), imported())

    assert plan.is_empty
    assert plan.steps == ()
    assert plan.unchanged == len([v for v in facts_of(setups.setup()).values() if v])


def test_what_uit_changed_is_taken_over_with_its_place() -> None:
    now = setups.setup(
        name="Super Energy plc", whitelisted_domains=["other.example", "superenergy.example"]
    )

    plan = plan_of(now, imported())

    assert [(step.verdict, step.place) for step in plan.steps] == [
        (Verdict.CHANGE, "/setup/company/name"),
        (Verdict.CREATE, "/setup/company/whitelisted_domains/0"),
    ]


def test_what_uit_removed_is_removed_but_no_identity() -> None:
    was = setups.setup(
        nomination=setups.nomination(),
        mpids=[
            setups.mpid("SUPR", setups.dip_id(), setups.dip_id("2399999999", dip_role_code="MDR"))
        ],
    )
    now = setups.setup(whitelisted_domains=[])

    plan = plan_of(now, imported(was))

    assert lines(plan, Verdict.REMOVE) == [
        "Nominated DIP Connection Provider of company 01234567: removed",
        "Domain superenergy.example: removed",
    ]
    assert lines(plan, Verdict.KEEP) == [
        "DIP ID 2399999999 stays SUPR: no longer in the extract; identities stay"
    ]


def test_what_only_production_changed_is_left_alone() -> None:
    ours = setups.setup(description="Changed here.", whitelisted_domains=[])

    plan = plan_of(setups.setup(), imported(ours=ours))

    assert plan.is_empty
    assert len(lines(plan, Verdict.KEEP)) == 2


def test_what_both_changed_is_a_conflict_with_place_and_remedy() -> None:
    ours = setups.setup(description="Changed here.")

    plan = plan_of(setups.setup(description="Changed there."), imported(ours=ours))

    [conflict] = plan.conflicts
    assert conflict.place == "/setup/company/description"
    assert "Changed there." in conflict.text
    assert "Changed here." in conflict.text
    assert "extract again" in conflict.remedy


def test_what_both_changed_alike_is_no_conflict() -> None:
    both = setups.setup(description="The same.")

    assert plan_of(both, imported(ours=both)).is_empty


def test_effective_dates_that_the_dip_manager_set_stay() -> None:
    def dated(day: int) -> document.Setup:
        return setups.setup(
            mpids=[setups.mpid("SUPR", setups.dip_id(effective_from_date=date(2026, 1, day)))]
        )

    present = imported(dated(1), dated(2), dates_set=frozenset({"2312345678"}))
    plan = plan_of(dated(3), present)

    assert plan.is_empty
    assert "the DIP Manager has set them" in lines(plan, Verdict.KEEP)[0]
    assert plan_of(dated(3), replace(present, dates_set=frozenset())).conflicts


def test_an_identity_of_another_company_is_a_conflict() -> None:
    present = Present(
        facts={
            Fact(MPID, "SUPR"): "99999999",
            Fact(DIP_ID, "2312345678", "mpid"): "OTHR",
            Fact(DIP_ID, "2312345678", "dip_role_code"): "SUP",
        },
        mpids={"SUPR": "99999999", "OTHR": "88888888"},
        companies={"99999999": "Bright Grid", "88888888": "Dim Grid"},
    )

    plan = plan_of(setups.setup(), present)

    assert [(step.place, step.text) for step in plan.conflicts] == [
        (
            "/setup/company/mpids/0/dip_ids/0/dip_id",
            "DIP ID 2312345678 belongs to MPID OTHR in Production, held by Dim Grid (88888888)",
        ),
        (
            "/setup/company/mpids/0/mpid",
            "MPID SUPR is held by Bright Grid (99999999) in Production",
        ),
    ]


def test_a_namesake_with_another_company_number_is_a_conflict() -> None:
    present = Present(namesakes={"super energy co": "07777777"})

    [conflict] = plan_of(setups.setup(), present).conflicts

    assert conflict.place == "/setup/company/company_number"
    assert "07777777" in conflict.text


def test_a_malformed_domain_is_a_conflict() -> None:
    plan = plan_of(
        setups.setup(whitelisted_domains=["Super Energy", "superenergy.example"]), Present()
    )

    [conflict] = plan.conflicts
    assert conflict.place == "/setup/company/whitelisted_domains/0"
    assert "canonical form" in conflict.text


def test_an_older_extract_is_a_conflict_only_if_it_would_change_something() -> None:
    assert plan_of(setups.setup(), imported(), later=-1).is_empty

    plan = plan_of(setups.setup(name="Old name"), imported(), later=-1)

    assert plan.conflicts[0].place == "/extracted_at"
    assert "newer one" in plan.conflicts[0].text


def test_a_dcp_that_is_not_in_production_waits() -> None:
    now = setups.setup(nomination=setups.nomination("1000000001", domains=True))

    plan = plan_of(now, imported())

    [waits] = [step for step in plan.steps if step.verdict is Verdict.WAIT]
    assert waits.place == "/setup/company/nomination"
    assert "completes by itself" in waits.remedy
    assert not plan.conflicts
    assert not [
        step
        for step in plan_of(now, imported(dcp_ids=frozenset({"1000000001"}))).steps
        if step.verdict is Verdict.WAIT
    ]


def test_a_child_comes_with_its_parent() -> None:
    child = setups.company("07654321", name="Little Energy", mpids=[], whitelisted_domains=[])

    plan = plan_of(setups.setup(child), imported())

    assert plan.new_companies == {"07654321"}
    assert "Parent company of company 07654321: 01234567" in lines(plan, Verdict.CREATE)


def test_a_company_that_was_never_imported_is_not_overwritten() -> None:
    present = imported(ours=setups.setup(name="Made by hand"), base={}, last_extracted_at=None)

    assert [step.place for step in plan_of(setups.setup(), present).conflicts] == [
        "/setup/company/name"
    ]


def test_the_fingerprint_tells_one_plan_from_another() -> None:
    one = plan_of(setups.setup(name="A"), imported())
    same = plan_of(setups.setup(name="A"), imported())
    other = plan_of(setups.setup(name="B"), imported())

    assert one.fingerprint == same.fingerprint != other.fingerprint


def test_differences_are_told_in_words() -> None:
    was = setups.setup()
    now = setups.setup(
        name="Super Energy plc",
        whitelisted_domains=[],
        mpids=[setups.mpid("SUPR", setups.dip_id(effective_to_date=date(2027, 1, 1)))],
        nomination=setups.nomination("1000000001", domains=True),
    )

    assert [it.text for it in differences(facts_of(was), facts_of(now))] == [
        "Name of company 01234567: Super Energy Co → Super Energy plc",
        "Nominated DIP Connection Provider of company 01234567: 1000000001 with its domains",
        "DIP ID 2312345678, effective dates: 2025-07-01 to open → 2025-07-01 to 2027-01-01",
        "Domain superenergy.example removed",
    ]


SETUPS = st.builds(
    setups.setup,
    name=st.sampled_from(["A", "B", "C"]),
    description=st.sampled_from(["", "x", "y"]),
    dcp_status=st.sampled_from(["DISABLED", "APPROVED"]),
    whitelisted_domains=st.lists(st.sampled_from(["a.example", "b.example"]), unique=True).map(
        sorted
    ),
    nomination=st.none() | st.sampled_from([setups.nomination(), setups.nomination("1000000002")]),
    mpids=st.sampled_from([[], [setups.mpid("SUPR")], [setups.mpid("SUPR", setups.dip_id())]]),
)


@given(base=SETUPS, theirs=SETUPS, ours=SETUPS)
def test_every_fact_gets_one_verdict_by_the_three_way_rule(
    base: document.Setup, theirs: document.Setup, ours: document.Setup
) -> None:
    plan = plan_of(theirs, imported(base, ours))
    was, there, here = facts_of(base), facts_of(theirs), facts_of(ours)

    steps = {step.fact: step for step in plan.steps if step.verdict is not Verdict.WAIT}
    for fact in there.keys() | here.keys():
        if fact.kind in (MPID, DIP_ID):
            continue
        old, new, now = (facts.get(fact, "") for facts in (was, there, here))
        verdict = steps[fact].verdict if fact in steps else None
        if new == now:
            assert verdict is None
        elif now == old:
            assert verdict in (Verdict.CREATE, Verdict.CHANGE, Verdict.REMOVE)
        elif new == old:
            assert verdict is Verdict.KEEP
        else:
            assert verdict is Verdict.CONFLICT


@given(base=SETUPS, ours=SETUPS)
def test_importing_the_same_again_never_changes_production(
    base: document.Setup, ours: document.Setup
) -> None:
    plan = plan_of(base, imported(base, ours))

    assert not [step for step in plan.changes if step.fact.kind not in (MPID, DIP_ID)]
