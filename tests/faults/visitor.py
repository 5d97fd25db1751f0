"""Somebody at a portal's pages by HTTP, who tries again when the portal is away."""

import re
import time
from typing import Any

import httpx

from tests.browser.people import Person, code_of

PATIENCE_SECONDS = 90


class Away(Exception):
    """The portal did not answer, or said that it cannot just now: what came of it is not known."""


class Visitor:
    """A person signed in to one environment, through the gateway."""

    def __init__(self, client: httpx.Client, person: Person) -> None:
        self.client = client
        base = str(client.base_url).rstrip("/")
        self.client.headers["Referer"] = f"{base}/"
        self._post_once("/accounts/login/", {"login": person.email, "password": person.password})
        answer = self._post_once("/accounts/2fa/authenticate/", {"code": code_of(person.secret)})
        assert "2fa" not in answer.headers["Location"], answer.headers["Location"]

    def get(self, path: str) -> str:
        """Return a page. Raises Away."""
        try:
            answer = self.client.get(path)
        except httpx.HTTPError as error:
            raise Away(repr(error)) from error
        if answer.status_code >= 500:
            raise Away(f"{answer.status_code} of {path}")
        assert answer.status_code == 200, f"{answer.status_code} of {path}"
        return answer.text

    def post(self, path: str, data: dict[str, Any]) -> httpx.Response:
        """Send a form, and return the answer, which leads on or says what is wrong. Raises Away."""
        try:
            answer = self._post_once(path, data)
        except httpx.HTTPError as error:
            raise Away(repr(error)) from error
        if answer.status_code >= 500:
            raise Away(f"{answer.status_code} of {path}")
        return answer

    def patient_get(self, path: str) -> str:
        """Return a page, as soon as the portal gives it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return self.get(path)
            except Away:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.3)

    def _post_once(self, path: str, data: dict[str, Any]) -> httpx.Response:
        token = self._csrf() or self._first_csrf()
        return self.client.post(path, data={**data, "csrfmiddlewaretoken": token})

    def _first_csrf(self) -> str:
        page = self.client.get("/accounts/login/")
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert found, page.text[:500]
        return self._csrf() or found[1]

    def _csrf(self) -> str:
        return next((it.value or "" for it in self.client.cookies.jar if "csrf" in it.name), "")
