"""docs/access.md is what the code prints."""

from io import StringIO
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from organisations.access_table import MEANINGS
from organisations.policies import Action

PAGE: Path = settings.BASE_DIR / "docs" / "access.md"


def test_every_action_has_a_meaning_in_words() -> None:
    assert set(Action) - MEANINGS.keys() == set(), "say what these are, in access_table.py"
    assert MEANINGS.keys() - set(Action) == set()


def test_the_page_in_the_docs_is_what_the_code_prints() -> None:
    printed = StringIO()
    call_command("print_access_table", stdout=printed)

    assert PAGE.read_text() == printed.getvalue(), "run `manage.py print_access_table --write`"


def test_a_row_says_who_where_and_within_what() -> None:
    rows = {line.split(" | ")[0]: line for line in PAGE.read_text().splitlines()}

    cells = [cell.strip() for cell in rows["| `dip_id:view`"].strip("|").split("|")]
    assert cells[1:] == [
        "See the DIP IDs of a company",
        *(["yes"] * 5),
        "–",
        "–",
        "–",
        "UIT and Production",
        "yes",
    ]
    assert "| UIT |" in rows["| `extract:fetch`"]
