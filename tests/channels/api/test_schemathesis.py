"""schemathesis throws at the served API what its own document allows and forbids."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.channels.api.deployment import ROOT, Served, served

pytestmark = pytest.mark.deploy
EXAMPLES = 25
LIMITS = {"DIP_API_CALLS_PER_ADDRESS": "1000000", "DIP_API_CALLS_PER_DIP_ID": "1000000"}
# Whether a host is public, and whether the role receives a publication, no schema can say.
CONFIGURATION = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401", "403", "404"]
"""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("api"), settings=LIMITS) as deployment:
        yield deployment


def test_schemathesis_finds_nothing(api: Served, tmp_path: Path) -> None:
    client = api.clients[0]
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)

    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "schemathesis"),
            *("--config-file", str(tmp_path / "schemathesis.toml")),
            *("run", f"{api.url}/api/openapi.json"),
            *("--request-cert", client.client, "--tls-verify", str(api.authority)),
            *("--header", f"X-API-KEY: {client.api_key}"),
            *("--max-examples", str(EXAMPLES), "--seed", "1", "--no-color"),
            *("--generation-database", "none"),
        ],
        cwd=tmp_path,
        env={
            **api.variables(client),
            "PYTHONPATH": str(ROOT),
            "SCHEMATHESIS_HOOKS": "tests.channels.api.schemathesis_hooks",
            "PATH": os.environ["PATH"],
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
