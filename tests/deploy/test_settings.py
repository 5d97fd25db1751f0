"""What the settings make of the environment variables, each time in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.composition import ROOT

ADDRESS = """
import json
import django
django.setup()
from allauth.core.internal.httpkit import get_client_ip
from django.test import RequestFactory
headers = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
request = RequestFactory().get("/", headers=headers, REMOTE_ADDR="198.51.100.1")
print(json.dumps([get_client_ip(request), request.is_secure()]))
"""
GATEWAY = {
    "DIP_BEHIND_GATEWAY": "true",
    "DIP_PUBLIC_URL": "https://uit.dip.localhost:8443",
    "ALLOWED_HOSTS": "uit.dip.localhost",
}


def said_by(script: str, home: Path, variables: dict[str, str]) -> Any:
    """Run a script with these variables and no others, and return the JSON that it prints."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "dip_portal.settings",
            "DIP_HOME": str(home),
            **variables,
        },
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("variables", "address", "is_secure"),
    [(GATEWAY, "203.0.113.7", True), ({}, "198.51.100.1", False)],
    ids=["behind the gateway", "nothing before it"],
)
def test_only_the_gateway_is_believed_who_the_client_is(
    tmp_path: Path, variables: dict[str, str], address: str, is_secure: bool
) -> None:
    assert said_by(ADDRESS, tmp_path, variables) == [address, is_secure]


COOKIES = """
import json
import django
from django.conf import settings
django.setup()
print(json.dumps([settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME]))
"""


@pytest.mark.parametrize(("variables", "prefix"), [(GATEWAY, "__Host-dip_uit_"), ({}, "dip_uit_")])
def test_cookies_are_bound_to_their_host_where_there_is_https(
    tmp_path: Path, variables: dict[str, str], prefix: str
) -> None:
    assert said_by(COOKIES, tmp_path, variables) == [f"{prefix}session", f"{prefix}csrf"]


SECRET_KEYS = """
import json
from django.conf import settings
print(json.dumps([settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS]))
"""


def test_the_file_of_the_secret_key_has_former_ones_below_it(tmp_path: Path) -> None:
    [made, none] = said_by(SECRET_KEYS, tmp_path, {})
    file = tmp_path / "secrets" / "secret-key"
    assert (file.read_text(), none) == (f"{made}\n", [])
    file.write_text(f"new\n{made}\n")

    assert said_by(SECRET_KEYS, tmp_path, {}) == ["new", [made]]
    assert said_by(SECRET_KEYS, tmp_path, {"SECRET_KEY_FALLBACKS": "a,b"}) == ["new", ["a", "b"]]


def test_the_secret_key_of_a_variable_leaves_the_file_alone(tmp_path: Path) -> None:
    assert said_by(SECRET_KEYS, tmp_path, {"SECRET_KEY": "given"}) == ["given", []]
    assert not (tmp_path / "secrets" / "secret-key").exists()
