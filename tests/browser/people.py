"""People of the demonstration, and how they get past the sign-in pages in a browser."""

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Page, expect

_used: dict[str, set[str]] = {}


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody with a password and an authenticator app."""

    email: str
    password: str
    secret: str


def read_people(path: Path) -> dict[str, Person]:
    """Return the people of a deployment's demonstration by their e-mail address."""
    kept = json.loads(path.read_text())
    return {
        email: Person(email=email, password=it["password"], secret=it["secret"])
        for email, it in kept.items()
    }


def code_of(secret: str) -> str:
    """Return what the authenticator app shows now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def unused_code_of(secret: str) -> str:
    """Return a code that was not asked for before, as each works once; waits for the next one."""
    while (code := code_of(secret)) in _used.setdefault(secret, set()):
        time.sleep(0.5)
    _used[secret].add(code)
    return code


def sign_in(page: Page, address: str, person: Person) -> None:
    """Sign in with password and code, from the sign-in page."""
    page.goto(f"{address}/accounts/login/")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(re.compile("2fa/authenticate"))
    page.get_by_label("Code").fill(unused_code_of(person.secret))
    page.get_by_role("button", name=re.compile("Sign in|Continue")).first.click()
    expect(page).not_to_have_url(re.compile("2fa"))
