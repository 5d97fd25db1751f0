"""Whatever the code records, the audit trail can tell in words."""

import re
from pathlib import Path

from audit.sentences import actions

ROOT = Path(__file__).resolve().parents[2]
APPS = ["accounts", "organisations", "certificates", "channels", "promotion", "operations"]
RECORDED = re.compile(r"""\baction=["']([a-z_]+:[a-z_]+)["']""")


def test_every_recorded_action_has_a_sentence() -> None:
    recorded = {
        action
        for app in APPS
        for file in (ROOT / app).rglob("*.py")
        for action in RECORDED.findall(file.read_text(encoding="utf-8"))
    }

    assert "dip_manager:create" in recorded
    assert recorded - actions().keys() == set()
