"""Whatever is typed into whichever field of whichever form, nothing breaks and nothing is run.

Each form of each page that the access tables know is sent as a browser would, with all its
fields hostile, with one after the other, with each twice and with none. Every answer is
followed to the page where it leads, so that what was stored is seen as well.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_plus

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client

from accounts import second_factor
from dip_portal.lib import secrets
from tests.access import atlas as atlas_rows
from tests.access import test_every_url, walk
from tests.access.forms import Form, forms_of

MARK = "dipx9"  # an element that no page of ours has
PRODUCT = "62710561"  # 7919 * 7919, if somebody computed it
URLENCODED = "application/x-www-form-urlencoded"
# What is sent in each field alone too, with the others as they should be.
ONE_BY_ONE = {
    "NUL": "a\x00b",
    "lone surrogate": "\ud800",
    "markup": f"\"'></textarea><{MARK} onmouseover=alert(1)>{{{{7919*7919}}}}&lt;",
    "SQL": "' OR 1=1; DROP TABLE organisations_organisation; --",
    "huge number": "9" * 40,
    "not a number": "NaN",
}
VALUES = {
    **ONE_BY_ONE,
    "overlong": "x" * 20_000,
    "template": "{{7919*7919}}{% debug %}${7919*7919}<%= 7919*7919 %>",
    "negative": "-1",
    "exponent": "1e308",
    "other digits": "٣",
    "letters that look alike": "аdmin@superenergy.example\u202e\u200b",
    "stacked accents": "Z" + "\u0300" * 300,
    "new line of a header": "a\r\nBcc: evil@elsewhere.example",
    "formula": "=cmd|' /C calc'!A0",
    "path": "../../../../etc/passwd",
    "JSON": '{"$ne": [null]}',
    "nothing": "",
}
PEOPLE = ("nobody", "user_admin", "certificate_admin", "message_admin", "dip_manager")
# Where each form is asked for; a walk that finds fewer than these has lost its way.
FEWEST_FORMS = {
    ("uit", "nobody"): 2,
    ("uit", "user_admin"): 10,
    ("uit", "certificate_admin"): 0,
    ("uit", "message_admin"): 0,
    ("uit", "dip_manager"): 15,
    ("production", "dip_manager"): 1,
}
# They end the browser's own session, and take no field.
LEFT_OUT = ("/accounts/logout/", "/admin/logout/")


class Attack:
    """A browser that sends what no honest one would, and notes what comes of it."""

    def __init__(self, browser: Client) -> None:
        self.browser = browser
        self.broken: set[str] = set()
        self.sent = 0

    def pages(self, paths: list[str]) -> Iterator[Form]:
        """Yield each form of these pages once."""
        seen = set()
        for path in paths:
            cache.clear()
            answer = self.browser.get(path)
            if answer.status_code != 200 or "html" not in answer["Content-Type"]:
                continue
            for form in forms_of(path, b"".join(answer).decode()):
                if form.key not in seen and not form.path.startswith(LEFT_OUT):
                    seen.add(form.key)
                    yield form

    def on(self, form: Form) -> None:
        """Send a form in every hostile way."""
        for what, value in VALUES.items():
            for name in form.values if what in ONE_BY_ONE else ():
                self.send(form, {**form.values, name: [value]}, f"{what} in {name}")
            self.send(form, {name: [value] for name in form.values}, f"{what} in all")
        twice = {name: [*values, *values] for name, values in form.values.items()}
        self.send(form, twice, "each twice")
        self.send(form, {"unknown": ["field"]}, "none of its fields")
        for name in form.files:
            self.upload(form, name)

    def upload(self, form: Form, name: str) -> None:
        """Send files that are none, under names that are paths or markup."""
        rest = {other: values[0] for other, values in form.values.items() if other != name}
        for content in (b"", b"\x00\xff" * 500, b"{" * 5_000, b"PK\x03\x04", b"a,b\n\xff,\x00"):
            for file_name in ("../../x.json", f"<{MARK}>.csv", "a\x00b.pem"):
                file = SimpleUploadedFile("a", content)
                file.name = file_name
                self._ask(form, {**rest, name: file}, f"{content[:4]!r} as {file_name!r}")

    def send(self, form: Form, values: dict[str, list[str]], what: str) -> None:
        """Send these values, and undo what it did."""
        body = "&".join(
            f"{quote_plus(name)}={quote_plus(value.encode('utf-8', 'surrogatepass'))}"
            for name, listed in values.items()
            for value in listed
        )
        self._ask(form, body, what, content_type=URLENCODED)

    def _ask(self, form: Form, data: Any, what: str, **how: Any) -> None:
        cache.clear()
        self.sent += 1
        with transaction.atomic():
            answer = self.browser.post(form.path, data, follow=True, **how)
            if answer.status_code >= 500:
                self.broken.add(f"{form.path}: {what}: {answer.status_code}")
            elif "html" in answer.get("Content-Type", ""):
                page = b"".join(answer).decode()
                if f"<{MARK}" in page:
                    self.broken.add(f"{form.path}: {what}: markup comes back as markup")
                if PRODUCT in page:
                    self.broken.add(f"{form.path}: {what}: computed")
            transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _no_gates(settings: Any) -> None:
    settings.SIGN_IN_GATES = []  # all are past these, and each asks the database


@pytest.mark.parametrize(("environment", "person"), FEWEST_FORMS)
def test_no_form_of_the_portals_breaks(
    db: None, settings: Any, environment: str, person: str
) -> None:
    settings.DIP_ENVIRONMENT = environment
    world = walk.make_world()
    secret = secrets.encrypt("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", purpose=second_factor.PURPOSE)
    Authenticator.objects.update(data={"secret": secret})
    browser = Client(raise_request_exception=False)
    if person != walk.NOBODY:
        browser.force_login(world.people[person])
    attack = Attack(browser)
    paths = [
        walk.path_of(route, address.arguments(world))
        for route, address in sorted(test_every_url.TABLE.items())
        if address.expected("get", environment)[person] == 200
        and _is_worth_it(address.only, environment, person, address.get)
    ]

    forms = 0
    for form in attack.pages(paths):
        forms += 1
        attack.on(form)

    assert attack.broken == set()
    assert forms >= FEWEST_FORMS[environment, person]


def _is_worth_it(only: str, environment: str, person: str, get: Any) -> bool:
    """Tell whether this page is to be asked now: by the first who may see it, in UIT if there.

    The portals share their forms; Production's turn is what is there alone.
    """
    first = next((one for one in PEOPLE if get[one] == 200), None)
    return person == first and environment == (only or "uit")


def test_no_form_of_atlas_breaks(db: None, atlas: None) -> None:
    world = atlas_rows.make_world()
    browser = world.browsers["customer"]
    browser.raise_request_exception = False
    attack = Attack(browser)
    paths = [
        walk.path_of(route, address.arguments(world))
        for route, address in sorted(atlas_rows.TABLE.items())
        if address.get["customer"] == 200
    ]

    forms = 0
    for form in attack.pages(paths):
        forms += 1
        attack.on(form)

    assert attack.broken == set()
    assert forms >= 10
