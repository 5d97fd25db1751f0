"""The catalogue of interfaces and publications."""

from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from channels import catalogue
from channels.catalogue import UnknownChannel
from organisations.roles import DipRoleCode

PAGE: Path = settings.BASE_DIR / "docs" / "channels.md"


def names(dip_role_code: str) -> list[str]:
    return [one.publication_id for one in catalogue.publications_for(dip_role_code)]


def test_all_interfaces_and_reports_of_the_version_are_there() -> None:
    ids = [one.interface_id for one in catalogue.interfaces()]

    assert len(ids) == 58
    assert ids[0] == "IF-001"
    assert ids[-1] == "REP-901"
    assert sum(len(one.events) for one in catalogue.interfaces()) == 146


def test_an_interface_says_who_sends_what_to_whom() -> None:
    one = catalogue.channel("IF-031")

    assert one.publication_id == "PUB-031"
    assert one.senders == ("SUP",)
    assert one.recipients == ("REGS",)
    assert one.event_codes == ("[MSApp]", "[DSApp]")
    assert one.schema_versions == ("011",)


@pytest.mark.parametrize(
    ("role", "some", "none"),
    [
        ("SUP", ["PUB-001", "PUB-004", "PUB-036", "REP-009"], ["PUB-031", "PUB-050"]),
        ("REGS", ["PUB-005", "PUB-031", "PUB-034", "PUB-038"], ["PUB-036"]),
        ("MSS", ["PUB-004", "PUB-006", "PUB-033"], ["PUB-021", "PUB-065"]),
        ("EES", ["PUB-050", "PUB-051"], ["PUB-001"]),
        ("ADS", ["PUB-016", "PUB-041"], ["PUB-015", "PUB-065"]),
        ("MDR", ["PUB-061", "PUB-063", "PUB-065"], ["PUB-062"]),
        ("UMSDS", ["PUB-047"], ["PUB-036"]),
    ],
)
def test_a_role_receives_these_publications(role: str, some: list[str], none: list[str]) -> None:
    found = names(role)

    assert set(some) <= set(found)
    assert not set(none) & set(found)


def test_industry_standing_data_goes_to_every_role_but_its_sender_and_connection_providers() -> (
    None
):
    assert [role for role in DipRoleCode.values if "PUB-047" not in names(role)] == ["ISD", "DCP"]


def test_every_party_is_a_role_of_the_dip_or_one_outside_of_it() -> None:
    parties = {role for one in catalogue.interfaces() for role in (*one.senders, *one.recipients)}

    assert parties - set(DipRoleCode.values) == catalogue.OUTSIDE


def test_what_goes_outside_alone_is_no_publication() -> None:
    published = {one.interface_id for one in catalogue.publications()}

    assert not {"IF-015", "IF-043", "REP-003A", "REP-006"} & published
    assert catalogue.publications_for("DIP") == ()
    assert names("nobody") == []


def test_a_route_may_be_limited_to_some_events() -> None:
    one = catalogue.channel("PUB-007")

    assert [event.code for event in one.events_for("SUP")] == ["[EnergisationStatusFailure]"]
    assert one.events_for("REGS") == one.events
    assert one.events_for("MDS") == ()


def test_events_that_a_route_names_exist() -> None:
    for one in catalogue.interfaces():
        for route in one.routes:
            assert set(route.events) <= set(one.event_codes), one.interface_id


def test_what_is_required_is_allowed() -> None:
    for one in catalogue.interfaces():
        for event in one.events:
            assert event.common_required <= event.common_allowed, event
            assert event.custom_required <= event.custom_allowed, event
            assert {"S0", "S1"} <= event.common_required, event


def test_a_channel_is_found_in_any_case() -> None:
    assert catalogue.channel("pub-001") is catalogue.channel("IF-001")
    assert catalogue.channel("rep-002a").publication_id == "REP-002A"


@pytest.mark.parametrize("name", ["", "IF-999", "PUB-015", "001", "PUB-001 ", "ＰＵＢ-001", "\x00"])
def test_what_is_no_channel_is_refused_by_name(name: str) -> None:
    with pytest.raises(UnknownChannel):
        catalogue.channel(name)


def test_the_page_in_the_docs_is_what_the_code_prints() -> None:
    printed = StringIO()
    call_command("print_channels", stdout=printed)

    assert PAGE.read_text() == printed.getvalue(), "run `manage.py print_channels --write`"
