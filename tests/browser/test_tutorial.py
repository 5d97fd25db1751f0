"""docs/tutorial.md, word by word: every command, every click, and what each is said to show."""

import os
import re
import subprocess
import sys
from collections.abc import Callable

import pytest
from playwright.sync_api import Error, Page, expect

from deploy.run import ROOT, Run, deployments
from tests.browser.people import code_of, read_people
from tests.browser.tutorial import Act, acts, matches
from tests.leaving_out import need_program

pytestmark = pytest.mark.browser
DOCUMENT = ROOT / "docs" / "tutorial.md"
FEWEST_ACTS = 100  # a reading that finds fewer has lost its way
MOST_RELOADS = 60
LONGEST_COMMAND_SECONDS = 120


class Reader:
    """Somebody who does what the tutorial says, with this run in the place of `make run`'s."""

    def __init__(self, run: Run, open_window: Callable[[], Page]) -> None:
        self.run, self.open_window = run, open_window
        self.first = self.page = open_window()
        self.printed = self.email = ""

    def do(self, act: Act, after: Act | None) -> None:
        """Do this; `after` says what a name is for."""
        words = self.here(act.words)
        match act.kind:
            case "window":
                self.page = self.first if words == "first window" else self.open_window()
            case "url":
                self.page.goto(words)
                self.wait_for(after)
            case "name" if after is not None and after.kind == "text":
                self.fill(words, self.meant_by(after.words))
            case "name":
                self.choose(words)
            case "text" if words == "LINK":
                link = self.first.locator('a[href*="/invitations/accept/"]').first
                self.page.goto(link.get_attribute("href") or "")
            case "seen":
                text = self.page.get_by_text(words).filter(visible=True)
                expect(text.first).to_be_visible()
            case "sh":
                self.shell(words)
            case "prints":
                assert matches(words, self.printed), f"{words}\nis not in\n{self.printed}"

    def wait_for(self, after: Act | None) -> None:
        """Open the page again until it has what is to be seen on it: an e-mail is on its way."""
        if after is not None and after.kind == "seen":
            awaited = self.page.get_by_text(self.here(after.words)).filter(visible=True)
            for _ in range(MOST_RELOADS):
                if awaited.count():
                    return
                self.page.wait_for_timeout(500)
                self.page.reload()

    def here(self, words: str) -> str:
        """Return words of the document with the ports and the folder of this run."""
        standard, own = (
            [str(number) for it in all_of_them for number, _, _ in it.ports]
            for all_of_them in (deployments({}), self.run.all)
        )
        ports = dict(zip(standard, own, strict=True))
        words = re.sub(r"(?<=localhost:)\d+", lambda port: ports[port[0]], words)
        return words.replace("var/", f"{self.run.uit.home.parent}/")

    def meant_by(self, text: str) -> str:
        """Return what is typed for PASSWORD and CODE, and any other text as it is."""
        here = next((it for it in self.run.both if self.page.url.startswith(it.address)), None)
        if "@" in text:
            self.email = text
        if text not in ("PASSWORD", "CODE") or here is None:
            return text
        people = read_people(here.home / "secrets" / "demonstration.json")
        if text == "PASSWORD":
            return people[self.email].password
        if "2fa/authenticate" in self.page.url:
            return code_of(people[self.email].secret)
        return self.printed.strip()

    def fill(self, name: str, text: str) -> None:
        field = self.page.get_by_label(re.compile(rf"^\s*{re.escape(name)}\s*\*?\s*$"))
        field = field.filter(visible=True).first
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(text)
        else:
            field.fill(text)

    def choose(self, name: str) -> None:
        """Click what has exactly this name, or else what begins with it.

        The click before may still be on its way to the page that has it.
        """
        for _ in range(MOST_RELOADS):
            self.page.wait_for_load_state()
            if self.chosen(name):
                return
            self.page.wait_for_timeout(500)
        raise AssertionError(f"{self.page.url} has no {name!r} to choose")

    def chosen(self, name: str) -> bool:
        """Click it if the page has it now, and tell."""
        page = self.page
        for pattern in (rf"^\W*{re.escape(name)}\W*$", rf"^\W*{re.escape(name)}\b"):
            words = re.compile(pattern)
            met = page.get_by_label(words).and_(page.locator("[type=checkbox]"))
            for role in ("button", "link"):
                met = met.or_(page.get_by_role(role, name=words))
            met = met.or_(page.locator("summary", has_text=words)).filter(visible=True)
            if met.count():
                met.first.click()
                return True
        return False

    def shell(self, commands: str) -> None:
        """Run a block as a shell does that stands in the project's folder."""
        secret = self.page.locator("#totp-secret")
        if "SECRET=SECRET" in commands:
            commands = commands.replace("SECRET=SECRET", f"SECRET={secret.inner_text()}")
        make = f'make() {{ command make VENV={sys.prefix} -o {sys.prefix}/.main-installed "$@"; }}'
        ports = {variable: str(number) for it in self.run.all for number, variable, _ in it.ports}
        done = subprocess.run(
            ["bash", "-e", "-c", f"{make}\n{commands.replace('.venv/bin/python', sys.executable)}"],
            cwd=ROOT,
            env=outside_of_make() | ports | {"DIP_VAR": str(self.run.uit.home.parent)},
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=LONGEST_COMMAND_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        self.printed = done.stdout


def outside_of_make() -> dict[str, str]:
    """Return the variables of a terminal: a `make` within `make test` would say where it works."""
    own = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    return {name: text for name, text in os.environ.items() if name not in own}


def test_the_tutorial_says_what_there_is(whole_run: Run, open_page: Callable[..., Page]) -> None:
    for program in ("bash", "curl", "make", "openssl"):
        need_program(program)
    told = list(acts(DOCUMENT.read_text()))
    reader = Reader(whole_run, lambda: open_page(ignore_https_errors=True))

    for act, after in zip(told, [*told[1:], None], strict=True):
        try:
            reader.do(act, after)
        except (AssertionError, Error, subprocess.TimeoutExpired) as error:
            pytest.fail(f"docs/tutorial.md, line {act.line}, {act.words!r}: {error}")

    assert len(told) >= FEWEST_ACTS
