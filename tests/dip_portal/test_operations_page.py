"""What docs/operations.md names to watch is there: metrics, their labels, lines of the logs."""

import re
from pathlib import Path
from typing import Any

from django.test import Client
from django.utils import timezone
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from dip_portal import heartbeat

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text()
NAME = re.compile(r"\bdip_[a-z_]+(?![a-z_]*\()")
STATE = re.compile(r'\b(dip_[a-z_]+)\{(\w+)="(\w+)"\}')


def section(heading: str) -> str:
    return PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def samples(client: Client, settings: Any) -> list[tuple[str, dict[str, str]]]:
    """Return what /metrics of both portals gives while all processes work: names, and labels."""
    now = timezone.now()
    heartbeat.record(worker="worker@one", beat_at=now, now=now)
    families: list[Metric] = []
    for environment in ("uit", "production"):
        settings.DIP_ENVIRONMENT = environment
        client.get("/accounts/login/")
        text = client.get("/metrics").content.decode()
        families += text_string_to_metric_families(text)
    given = [(it.name, it.labels) for family in families for it in family.samples]
    return [it for it in given if not it[0].endswith("_created")]


def test_every_metric_that_is_named_is_given_and_the_other_way_round(
    client: Client, db: None, settings: Any
) -> None:
    given = {re.sub("_(?:bucket|count|sum)$", "", name) for name, _ in samples(client, settings)}

    assert set(NAME.findall(section("Metrics"))) == {it for it in given if it.startswith("dip_")}
    assert set(NAME.findall(section("What to watch"))) <= given


def test_every_label_and_state_that_is_named_is_given(
    client: Client, db: None, settings: Any
) -> None:
    given = samples(client, settings)
    named = STATE.findall(section("What to watch"))
    rows = re.findall(
        r"^\| `(dip_[a-z_]+)(?:\{([\w, ]+)\})?` \| (.*) \|$", section("Metrics"), re.MULTILINE
    )

    assert len(named) > 5
    for name, label, value in named:
        assert any(it == name and labels.get(label) == value for it, labels in given), value
    for name, labels_of_row, told in rows:
        found = [labels for it, labels in given if it in (name, f"{name}_count")]
        wanted = set(labels_of_row.split(", ")) - {""}
        assert {frozenset(labels) for labels in found} == {frozenset(wanted)}, name
        values = {value for labels in found for value in labels.values()}
        if wanted & {"state", "check", "process"}:
            assert set(re.findall(r"`(\w+)`", told)) == values, name


def test_every_line_of_the_logs_that_is_named_is_written_by_the_code() -> None:
    rows = section("What to watch").partition("| Line |")[2]
    cells = re.findall(r"^\| (`.+?) \|", rows, re.MULTILINE)
    named = [line for cell in cells for line in re.findall(r"`([^`]+)`", cell)]
    apps = [it.parent for it in ROOT.glob("*/apps.py")]
    code = "".join(file.read_text() for app in apps for file in app.rglob("*.py"))

    assert len(named) > 8
    for line in named:
        assert re.search(rf"log(?:ger)?\.\w+\(\s*\"[^\"]*{re.escape(line)}", code), line
