"""The pages of errors: the deployment's own look, and the id that the log has too."""

import logging
import re
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from django.db import OperationalError
from django.test import Client

TOO_MUCH = "x" * (django_settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
LOOKS = {
    "uit": "Data Integration Portal",
    "production": "Data Integration Portal",
    "atlas": "Simulated GlobalSign",
}
ID = re.compile(r"Quote this id if you ask for help: <code>([0-9a-f]{32})</code>")


@pytest.fixture(params=LOOKS)
def look(request: pytest.FixtureRequest, db: None, settings: Any) -> str:
    """What every page of this deployment has on it."""
    request.getfixturevalue(request.param)
    return LOOKS[request.param]


def bad_host(browser: Client) -> Any:
    return browser.get("/accounts/login/", HTTP_HOST="evil host!")


def no_token(browser: Client) -> Any:
    return browser.post("/accounts/login/", {})


def nothing_there(browser: Client) -> Any:
    return browser.get("/no-such-page/")


def too_large(browser: Client) -> Any:
    browser.get("/accounts/login/")
    return browser.post("/accounts/login/", {"login": TOO_MUCH})


def too_large_form(browser: Client) -> Any:
    browser.get("/accounts/login/")
    body = f"login={TOO_MUCH}"
    kind = "application/x-www-form-urlencoded"
    return browser.post("/accounts/login/", body, content_type=kind)


def too_many_fields(browser: Client) -> Any:
    browser.get("/accounts/login/")
    fields = {f"field{n}": "" for n in range(django_settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)}
    return browser.post("/accounts/login/", fields)


@pytest.mark.parametrize(
    ("ask", "status", "heading"),
    [
        (bad_host, 400, "The portal did not understand this request"),
        (no_token, 403, "This page was open for too long"),
        (nothing_there, 404, "There is no such page"),
        (too_large, 413, "That was too much at once"),
        (too_large_form, 413, "That was too much at once"),
        (too_many_fields, 413, "That was too much at once"),
    ],
)
def test_an_error_has_a_page_with_the_id_that_the_log_has(
    look: str, caplog: pytest.LogCaptureFixture, ask: Any, status: int, heading: str
) -> None:
    with caplog.at_level(logging.INFO):
        answer = ask(Client(enforce_csrf_checks=True))

    page = answer.content.decode()
    assert answer.status_code == status
    assert f"<h1>{heading}</h1>" in page
    assert look in page
    [shown] = ID.findall(page)
    assert shown == answer["X-Correlation-ID"]
    assert caplog.records, "the log tells of it"


def test_who_may_not_is_told_why_and_under_which_id(alice_client: Client) -> None:
    answer = alice_client.get("/admin/login/")

    assert answer.status_code == 403
    assert ID.findall(answer.content.decode()) == [answer["X-Correlation-ID"]]


def test_every_request_has_an_id_of_its_own_whatever_it_brings(db: None) -> None:
    shown = {
        ID.findall(
            Client().get("/nothing/", headers={"X-Correlation-ID": "mine"}).content.decode()
        )[0]
        for _ in range(3)
    }

    assert len(shown) == 3


@pytest.mark.parametrize(
    ("error", "status", "heading"),
    [
        (ValueError, 500, "Something went wrong in the portal"),
        (OperationalError, 503, "The portal is away for a moment"),
        (redis.ConnectionError, 503, "The portal is away for a moment"),
    ],
)
def test_what_fails_inside_is_told_without_its_words(
    look: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: type[Exception],
    status: int,
    heading: str,
) -> None:
    def fail(*_: object) -> None:
        raise error("the inner works")

    monkeypatch.setattr("allauth.account.views.LoginView.get", fail)

    answer = Client(raise_request_exception=False).get("/accounts/login/")

    page = answer.content.decode()
    assert answer.status_code == status
    assert f"<h1>{heading}</h1>" in page
    assert look in page
    assert "the inner works" not in page
    assert "the inner works" in caplog.text
    assert ID.findall(page) == [answer["X-Correlation-ID"]]


def test_a_foreign_host_is_one_line_in_the_log(db: None, caplog: pytest.LogCaptureFixture) -> None:
    Client().get("/accounts/login/", HTTP_HOST="elsewhere.example")

    told = [it for it in caplog.records if it.name == "django.security.DisallowedHost"]
    assert len(told) == 1
    assert "elsewhere.example" in told[0].getMessage()
    assert told[0].exc_info is None
