"""A whole rehearsal on real processes; then no secret is in any log, mail or row.

Portals, Atlas and webhook catcher run as `make run` runs them, sign-ins shown and all. A company
obtains certificates and sets a webhook by the signed API in UIT, and is carried over; its Primary
User Admin accepts, enrols and creates a member, who accepts too; a password is forgotten, and
wrong ones are tried. Every secret that was made on the way is then looked for wherever text is
kept.
"""

import json
import re
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from deploy.processes import Processes
from deploy.run import Deployment, Run, deployments
from tests.access.forms import forms_of
from tests.browser.people import code_of
from tests.deploy.ports import free_ports
from tests.deploy.waiting import wait_until

pytestmark = pytest.mark.deploy
PASSWORD = "a long walk in the north"
WRONG_PASSWORD = "a short walk in the south"
# Where a session's key is what finds it (docs/security.md, 3.2).
LIST_SESSIONS = ("django_session", "usersessions_usersession")
TOKEN_LINK = re.compile(r"/invitations/accept/([\w-]{20,})/|/password/reset/key/([\w-]{20,})/")
REVEAL = """
import json
import os
import django
os.environ["DJANGO_SETTINGS_MODULE"] = "dip_portal.settings"
django.setup()
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from accounts.second_factor import PURPOSE
from dip_portal.lib import secrets
from organisations.models import ApiKey
from django.conf import settings
found = {"session of " + str(n): it.session_key for n, it in enumerate(Session.objects.all())}
for it in Authenticator.objects.all():
    for name in ("secret", "seed"):
        if name in it.data:
            found[f"{name} of authenticator {it.pk}"] = secrets.decrypt(
                it.data[name], purpose=PURPOSE
            )
for it in ApiKey.objects.all():
    found[f"API key {it.pk}"] = secrets.decrypt(it.ciphertext, purpose="api key")
found["secret key"] = settings.SECRET_KEY
found["encryption key"] = settings.ENCRYPTION_KEYS[0]
print("FOUND " + json.dumps(found))
"""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """The portals and Atlas with their workers, and the demonstration in them."""
    names = [
        *(
            f"DIP_{name}_{what}"
            for name in ("UIT", "PRODUCTION", "ATLAS")
            for what in ("PORT", "API_PORT")
        ),
        *("DIP_ATLAS_DNS_PORT", "DIP_CATCHER_PORT"),
    ]
    ports = dict(zip(names, map(str, free_ports(len(names))), strict=True))
    uit, production, atlas = deployments({"DIP_VAR": str(tmp_path), **ports})
    running = Run(uit=uit, production=production, atlas=atlas)
    running.processes = Processes(say=lambda text: None)
    try:
        running.prepare()
        running.start()
        running.demonstrate()
        running.show_the_way()
        yield running
    finally:
        running.processes.stop()


class Browser:
    """Somebody's browser, without scripts: pages, and forms filled in."""

    def __init__(self, deployment: Deployment) -> None:
        self.http = httpx.Client(base_url=deployment.address, follow_redirects=True, timeout=60)

    def open(self, path: str) -> httpx.Response:
        return self.http.get(path).raise_for_status()

    def fill(self, page: httpx.Response, **values: Any) -> httpx.Response:
        """Fill in the form of a page that has all these fields, and send it."""
        path = urlsplit(str(page.url)).path
        form = next(
            form for form in forms_of(path, page.text) if values.keys() <= form.values.keys()
        )
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token, page.text
        data = {name: listed[0] for name, listed in form.values.items()}
        sent = {**data, **values, "csrfmiddlewaretoken": token[1]}
        answer = self.http.post(form.path, data=sent, headers={"Referer": str(page.url)})
        assert answer.status_code == 200, answer.text
        return answer

    def enrol(self, page: httpx.Response) -> dict[str, str]:
        """Enrol an authenticator app and go on; return the secrets that were shown."""
        page = self.open("/accounts/2fa/totp/activate/")
        shown = re.search(r'id="totp-secret"[^>]*>([A-Z2-7]+)<', page.text)
        assert shown, page.text
        page = self.fill(page, code=code_of(shown[1]))
        codes = re.findall(r"<li><code>([^<]+)</code>", page.text)
        self.fill(self.open("/terms/"), accept="on")
        return {
            "new TOTP secret": shown[1],
            **{f"recovery code {number}": code for number, code in enumerate(codes)},
        }


def mails(deployment: Deployment) -> list[Any]:
    files = sorted((deployment.home / "sent-mail").glob("*.log"))
    return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]


def link_in_mail_to(deployment: Deployment, address: str, which: str) -> str:
    """Wait for the e-mail with such a link, and return the link's path."""

    def found() -> list[str]:
        return [
            link[0]
            for mail in mails(deployment)
            if mail["To"] == address
            for link in re.finditer(rf"/[\w/]*{which}/[\w-]+/", str(mail.get_body(("plain",))))
        ]

    wait_until(found)
    return found()[-1]


def accept(deployment: Deployment, address: str) -> tuple[Browser, dict[str, str]]:
    """Accept an invitation as a new person; return the browser and the secrets it was shown."""
    browser = Browser(deployment)
    page = browser.open(link_in_mail_to(deployment, address, "accept"))
    page = browser.fill(page, password=PASSWORD, password_again=PASSWORD)
    return browser, browser.enrol(page)


def tokens_of(deployment: Deployment) -> dict[str, str]:
    """Return the tokens of all links that were mailed."""
    found = {}
    for mail in mails(deployment):
        for match in TOKEN_LINK.finditer(str(mail.get_body(("plain",)))):
            token = match[1] or match[2].partition("-")[2]
            found[f"token of a link to {mail['To']}"] = token
    return found


def secrets_of(run: Run, deployment: Deployment) -> dict[str, str]:
    """Return every secret of a deployment, by what it is."""
    kept = json.loads((deployment.home / "secrets" / "demonstration.json").read_text())
    found = {
        f"{what} of {email}": it[what]
        for email, it in kept.items()
        for what in ("password", "secret")
        if what in it
    }
    lines: list[str] = []
    run.processes.run(
        name="reveal",
        command=[sys.executable, "-c", REVEAL],
        environment=run.environment(deployment),
        log=deployment.home.parent / f"{deployment.name}-revealed",
        on_line=lines.append,
    )
    [revealed] = [line for line in lines if line.startswith("FOUND ")]
    found |= json.loads(revealed.removeprefix("FOUND "))
    for file in (deployment.home / "secrets").glob("*-key*"):
        text = file.read_text()
        is_jwk = file.name.endswith(".jwk.json")
        found[file.name] = json.loads(text)["d"] if is_jwk else _line_of(text)
    return found


def secrets_of_the_participant(run: Run) -> dict[str, str]:
    """Return what the company that obtained certificates has in its own folder."""
    assert run.participant is not None
    folder = run.participant.folder
    atlas = json.loads((folder / "atlas.json").read_text())
    return {
        "the API key as the client has it": (folder / "api-key.txt").read_text().strip(),
        "Atlas's API secret, the PFX's password": atlas["api_secret"],
        "Atlas's API key": atlas["api_key"],
        **{f"{it.name}": _line_of(it.read_text()) for it in folder.glob("*.key.pem")},
    }


def _line_of(key: str) -> str:
    """Return a text that no other key has: of a PEM file, a line from its middle."""
    lines = key.strip().splitlines()
    return lines[len(lines) // 2] if "PRIVATE KEY" in key else key.strip()


def texts_of(deployment: Deployment) -> dict[str, str]:
    """Return all that a deployment keeps as text and shows to somebody: logs, mails, rows."""
    texts = {str(file): file.read_text() for file in deployment.home.glob("logs/*")}
    for number, mail in enumerate(mails(deployment)):
        texts[f"mail {number} to {mail['To']}"] = mail.as_string()
    with closing(sqlite3.connect(deployment.home / "portal.sqlite3")) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            if table in LIST_SESSIONS:
                continue
            rows = database.execute(f'SELECT * FROM "{table}"').fetchall()
            texts[f"table {table}"] = "\n".join(map(repr, rows))
    return texts


def leaks(secrets: Mapping[str, str], texts: Mapping[str, str]) -> list[str]:
    """Return which secret stands where. A link's token may stand in the mail that brings it."""
    return [
        f"{what} in {where}"
        for what, secret in secrets.items()
        for where, text in texts.items()
        if secret in text and not (what.startswith("token") and where.startswith("mail "))
    ]


def test_a_promotion_with_members_leaves_no_secret_anywhere(run: Run) -> None:
    production = run.production
    admin, shown = accept(production, "priya.nair@brightwater-energy.example")
    page = admin.open("/")
    ticks = dict.fromkeys(re.findall(r'type="checkbox"[^>]*name="([^"]+)"', page.text), "on")
    ticks |= dict.fromkeys(re.findall(r'name="([^"]+)"[^>]*type="checkbox"', page.text), "on")
    admin.fill(page, **ticks)
    company = re.search(r"/organisations/(\d+)/", admin.open("/").text)
    assert company
    admin.fill(
        admin.open(f"/organisations/{company[1]}/members/create/"),
        first_name="Ben",
        last_name="Baker",
        email="ben.baker@brightwater-energy.example",
        roles=["CERTIFICATE_ADMIN", "MESSAGE_ADMIN"],
    )
    _, more = accept(production, "ben.baker@brightwater-energy.example")
    stranger = Browser(production)
    stranger.fill(
        stranger.open("/accounts/login/"),
        login="ben.baker@brightwater-energy.example",
        password=WRONG_PASSWORD,
    )
    forgotten = Browser(production)
    forgotten.fill(
        forgotten.open("/accounts/password/reset/"), email="ben.baker@brightwater-energy.example"
    )
    forgotten.open(link_in_mail_to(production, "ben.baker@brightwater-energy.example", "key"))

    secrets = {
        "the password": PASSWORD,
        "a wrong password": WRONG_PASSWORD,
        **{f"Priya's {what}": secret for what, secret in shown.items()},
        **{f"Ben's {what}": secret for what, secret in more.items()},
        **tokens_of(production),
        **secrets_of_the_participant(run),
    }
    texts: dict[str, str] = {
        str(file): file.read_text()
        for file in (run.uit.home.parent / "catcher").rglob("*")
        if file.is_file() and file.name != "secret-key"
    }
    for deployment in run.all:
        secrets |= {
            f"{deployment.name}: {what}": it for what, it in secrets_of(run, deployment).items()
        }
        texts |= {
            f"{'mail ' if what.startswith('mail ') else ''}{deployment.name}: {what}": it
            for what, it in texts_of(deployment).items()
        }

    assert leaks(secrets, texts) == []
    # The search would find something, and has looked for what there is to find.
    for kind in (
        *("API key", "session of", "secret of authenticator", "token of a link", "recovery"),
        *("Atlas's API secret", "dip.key.pem", "platform-key.pem", "atlas: password"),
    ):
        assert any(kind in what for what in secrets), kind
    assert all(len(secret) >= 8 for secret in secrets.values())
    for where in (
        *("web.log", "worker.log", "api.log", "setup.log", "mail ", "catcher"),
        *("audit_event", "promotion_extract", "certificates_certificate", "webhookconfiguration"),
    ):
        assert any(where in text and texts[text] for text in texts), where
