"""A password can be shown while it is typed."""

from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import expect

from tests import in_a_browser

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_password_is_shown_and_hidden_again(live_server: Any, contexts: Any) -> None:
    page = contexts(Client()).new_page()
    page.goto(f"{live_server.url}/accounts/login/")
    password = page.get_by_label("Password")
    password.fill("a long walk")

    page.get_by_role("button", name="Show what you type").click()
    expect(password).to_have_attribute("type", "text")
    in_a_browser.check(page)
    page.get_by_role("button", name="Hide what you type").click()
    expect(password).to_have_attribute("type", "password")


def test_what_is_shown_is_hidden_before_it_is_sent(live_server: Any, contexts: Any) -> None:
    page = contexts(Client()).new_page()
    page.goto(f"{live_server.url}/accounts/login/")
    page.get_by_label("E-mail address").fill("nobody@superenergy.example")
    page.get_by_label("Password").fill("a long walk")
    page.get_by_role("button", name="Show what you type").click()
    page.evaluate(
        """() => document.querySelector("form").addEventListener("submit", (event) => {
          event.preventDefault();
          document.title = event.target.elements.password.type;
        })"""
    )

    page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page).to_have_title("password")


def test_without_scripts_there_is_no_button(live_server: Any, contexts: Any) -> None:
    page = contexts(Client(), java_script_enabled=False).new_page()
    page.goto(f"{live_server.url}/accounts/login/")

    assert page.get_by_role("button", name="Show what you type").count() == 0
    assert page.get_by_label("Password").is_visible()
