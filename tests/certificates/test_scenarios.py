"""Scenarios whose companies have certificates, made with the real Atlas beside the portal."""

import stat
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from certificates.models import Certificate
from certificates.pki.pfx import open_pfx
from channels.models import WebhookConfiguration
from dip_portal.home import TASKS
from organisations.actors import actor_for
from organisations.models import Organisation
from tests.certificates.real_atlas import Atlas

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_home(settings: Any, tmp_path: Path) -> None:
    settings.DIP_SECRETS_DIR = tmp_path / "secrets"
    settings.DIP_HOME = tmp_path / "home"
    settings.CATCHER_URL = "https://catcher.example"


def reset(scenario: str) -> str:
    out = StringIO()
    call_command("reset", scenario, yes=True, stdout=out)
    return out.getvalue()


def test_fully_onboarded_is_done_and_its_files_are_its_owners(
    real_atlas: Atlas, settings: Any
) -> None:
    reset("fully-onboarded")
    said = reset("fully-onboarded")  # Atlas knows the companies by then

    day = timezone.now().date()
    for company in Organisation.objects.all():
        admin = company.memberships.order_by("pk")[0].user
        tasks = [task(actor_for(admin, day=day), company, day) for task in TASKS]
        assert [task.title for task in tasks if not task.is_done] == []
    purposes = Certificate.objects.values_list("organisation__name", "purpose")
    assert ("Ashgrove Energy Ltd", "BOTH") in purposes
    assert {p for name, p in purposes if name == "Copperhill Networks plc"} == {"MTLS", "SIGNING"}
    folder = settings.DIP_HOME / "participants" / "ashgrove-energy-ltd"
    assert str(folder / "dip-client.toml") in said
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for secret in ("dip.key.pem", "dip.pfx", "api-key.txt", "atlas.json"):
        assert stat.S_IMODE((folder / secret).stat().st_mode) == 0o600
    password = (folder / "pfx-password.txt").read_text().strip()
    open_pfx((folder / "dip.pfx").read_bytes(), password=password)


def test_the_dcp_holds_the_keys_of_those_it_serves(real_atlas: Atlas, settings: Any) -> None:
    reset("dcp-with-ten")

    folder = settings.DIP_HOME / "participants" / "junction-connect-ltd"
    assert len(list(folder.glob("api-key-23003301*.txt"))) == 4
    assert len(list(folder.glob("api-key-*.txt"))) == 11
    urls = WebhookConfiguration.objects.values_list("callback_url", flat=True)
    assert all(url.startswith("https://catcher.example/hook/") for url in urls)
