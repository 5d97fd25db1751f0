"""A few fault rounds with a fixed seed; docs/reliability.md tells of the many that were run."""

import tempfile
from pathlib import Path

import pytest

from tests.faults.place import place
from tests.faults.rounds import KINDS, companies_for, run

pytestmark = pytest.mark.deploy
SEED = 1419  # each of the five kinds of victim once


def test_whatever_is_killed_all_is_done_exactly_once() -> None:
    said: list[str] = []
    # Not in tmp_path: another run of pytest closes its parent to PostgreSQL's user meanwhile.
    with (
        tempfile.TemporaryDirectory(prefix="dip-faults-", ignore_cleanup_errors=True) as folder,
        place(Path(folder) / "place", companies=companies_for(KINDS)) as found,
    ):
        done = run(found, KINDS, SEED, said.append)

    assert [it.operation.name for it in done] == [
        *("extract", "import", "invite", "certificate", "webhook test")
    ]
