"""`.ci/advisories.py` tells a finding from an advisory service that does not answer."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

PATH = Path(__file__).resolve().parents[2] / ".ci" / "advisories.py"
NO_NETWORK = """Traceback (most recent call last):
requests.exceptions.ConnectionError: HTTPSConnectionPool(host='packages.example', port=443)"""
UNKNOWN = {"name": "django", "skip_reason": "Dependency not found on PyPI"}
SOUND = {"name": "celery", "version": "5.7.0", "vulns": []}
FLAWED = {
    "name": "h11",
    "version": "0.1",
    "vulns": [{"id": "CVE-2025-43859", "fix_versions": ["0.16.0"]}],
}


@pytest.fixture(scope="module")
def advisories() -> Any:
    spec = importlib.util.spec_from_file_location("advisories", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("packages", "errors", "found", "left_out"),
    [
        ([SOUND], "No known vulnerabilities found", 0, ""),
        ([SOUND, FLAWED], "Found 1 known vulnerability", 1, ""),
        (None, NO_NETWORK, 0, "does not answer"),
        ([UNKNOWN, UNKNOWN], "No known vulnerabilities found", 0, "does not answer"),
        ([FLAWED, UNKNOWN], "Found 1 known vulnerability", 1, "does not know django"),
        (None, "ERROR: requirement file contains invalid specifier", 1, ""),
    ],
)
def test_a_finding_fails_and_a_silent_service_is_left_out(
    advisories: Any, packages: Any, errors: str, found: int, left_out: str
) -> None:
    output = "" if packages is None else json.dumps({"dependencies": packages})

    lines, missing = advisories.judge(output, errors)

    assert len(lines) == found
    assert left_out in missing
    assert bool(left_out) == bool(missing)
