"""A database belongs to one environment; processes of the other refuse it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from dip_portal.stamp import WrongEnvironment, require_own_database

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.django_db


def test_the_database_of_this_environment_is_taken(uit: None) -> None:
    call_command("migrate", verbosity=0)

    require_own_database()


def test_the_database_of_the_other_environment_is_refused(uit: None, settings: Any) -> None:
    call_command("migrate", verbosity=0)
    settings.DIP_ENVIRONMENT = "production"

    with pytest.raises(WrongEnvironment, match="belongs to the environment 'uit'"):
        require_own_database()
    with pytest.raises(WrongEnvironment):
        call_command("migrate", verbosity=0)


@pytest.mark.deploy
@pytest.mark.parametrize(
    "command",
    [
        ["manage.py", "migrate", "-v0"],
        ["-c", "import dip_portal.wsgi"],
        ["-m", "celery", "-A", "dip_portal", "worker", "-c", "1", "-P", "solo"],
        ["-m", "celery", "-A", "dip_portal", "beat"],
    ],
    ids=["migrate", "web", "worker", "beat"],
)
def test_a_process_of_the_other_environment_does_not_start(
    tmp_path: Path, command: list[str]
) -> None:
    variables = {
        **{name: text for name, text in os.environ.items() if name != "DATABASE_URL"},
        "DIP_HOME": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "dip_portal.settings",
    }

    def run(environment: str, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *words],
            cwd=ROOT,
            env={**variables, "DIP_ENVIRONMENT": environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert run("uit", "manage.py", "migrate", "-v0").returncode == 0

    refused = run("production", *command)

    assert refused.returncode != 0
    assert "This database belongs to the environment 'uit'" in refused.stderr + refused.stdout


def test_an_environment_of_another_name_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={**os.environ, "DIP_ENVIRONMENT": "staging"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "DIP_ENVIRONMENT is 'staging'; it must be uit or production" in done.stderr
