"""A log line as JSON: one line, whatever is logged, under the id of the work at hand."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from gunicorn.config import Config
from gunicorn.glogging import SafeAtoms
from hypothesis import given
from hypothesis import strategies as st

from deploy.access_log import RedactingLogger, RedactTokens
from dip_portal.lib import correlation
from dip_portal.lib.logs import JsonFormatter

ROOT = Path(__file__).resolve().parents[2]


def record(message: str, *args: object, name: str = "jobs.runner") -> logging.LogRecord:
    return logging.LogRecord(name, logging.INFO, __file__, 1, message, args, None)


@given(st.text())
def test_any_text_stays_on_its_line_and_comes_back_whole(text: str) -> None:
    token = correlation.begin_within("abc")
    try:
        line = JsonFormatter("uit").format(record("It said: %s", text))
    finally:
        correlation.end(token)

    assert len(line.splitlines()) == 1
    entry = json.loads(line.encode("ascii"))
    assert entry["message"] == f"It said: {text}"
    assert (entry["correlation_id"], entry["environment"]) == ("abc", "uit")
    assert (entry["level"], entry["logger"]) == ("INFO", "jobs.runner")
    assert entry["time"].endswith("+00:00")


def test_an_exception_is_told_in_the_same_line() -> None:
    told = record("It failed")
    try:
        raise ValueError("because")
    except ValueError:
        told.exc_info = sys.exc_info()

    entry = json.loads(JsonFormatter("uit").format(told))

    assert entry["exception"].endswith("ValueError: because")


def test_an_access_line_has_the_id_that_the_answer_had_and_no_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DIP_LOG_FORMAT", "json")
    log = RedactingLogger(Config())
    atoms = SafeAtoms(
        {
            "r": "GET /invitations/accept/s3cret/ HTTP/1.1",
            "s": "404",
            "M": 12,
            "{x-correlation-id}o": "abc",
        }
    )
    told = record('"%(r)s" %(s)s', atoms, name="gunicorn.access")
    [handler] = log.error_log.handlers

    assert RedactTokens().filter(told)

    entry = json.loads(handler.format(told))
    assert entry["correlation_id"] == "abc"
    assert (entry["status"], entry["milliseconds"]) == ("404", 12)
    assert entry["message"] == '"GET /invitations/accept/[redacted]/ HTTP/1.1" 404'


def test_an_unknown_format_is_refused_at_the_start(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DIP_HOME": str(tmp_path), "DIP_LOG_FORMAT": "xml"},
        text=True,
        capture_output=True,
        check=False,
    )

    assert done.returncode != 0
    assert "DIP_LOG_FORMAT is 'xml'; it must be line or json." in done.stderr
