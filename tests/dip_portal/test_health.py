"""/health/ answers while the process does, /health/ready/ while it could do its work."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from accounts.models import User
from dip_portal.lib.secrets import generate_key
from dip_portal.lib.version import VERSION
from tests.deploy.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("environment", ["uit", "production", "atlas"])
def test_a_process_with_all_that_it_needs_is_ready(
    request: pytest.FixtureRequest, client: Client, db: None, environment: str
) -> None:
    request.getfixturevalue(environment)

    answer = client.get("/health/ready/")

    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "checks": {"database": "ok", "migrations": "ok", "secrets": "ok", "broker": "ok"},
    }
    assert "no-store" in answer["Cache-Control"]


def test_a_migration_that_is_not_applied_makes_it_unready(client: Client, db: None) -> None:
    MigrationRecorder(connection).record_unapplied("dip_portal", "0002_heartbeat")

    answer = client.get("/health/ready/")

    assert answer.status_code == 503
    assert answer.json()["checks"]["migrations"] == "1 not applied"
    assert client.get("/health/").status_code == 200


def test_keys_of_another_database_make_it_unready(
    client: Client, alice: User, settings: Any
) -> None:
    RecoveryCodes.activate(alice)
    assert client.get("/health/ready/").status_code == 200
    settings.ENCRYPTION_KEYS = [generate_key()]

    answer = client.get("/health/ready/")

    assert answer.status_code == 503
    assert answer.json()["checks"]["secrets"] == "do not open what is sealed here"


def test_a_broker_that_does_not_answer_makes_it_unready_and_is_not_named(
    client: Client, db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dip_portal.celery import app

    [closed] = free_ports(1)
    url = f"redis://:unsaid@127.0.0.1:{closed}/0"
    settings.CELERY_BROKER_URL = url
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {}
    monkeypatch.setitem(app.conf, "broker_read_url", url)
    monkeypatch.setitem(app.conf, "broker_write_url", url)
    monkeypatch.setitem(app.conf, "broker_transport", "redis")

    answer = client.get("/health/ready/")

    assert answer.status_code == 503
    assert answer.json()["checks"]["broker"] == "does not answer"
    assert "unsaid" not in answer.content.decode()


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert project["version"] == VERSION
