"""A User Admin creates members in bulk in a real browser, and sees the job go on by itself."""

import re
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import expect

from jobs.models import Job
from jobs.runner import run
from organisations.models import Organisation
from tests.in_a_browser import check

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TABLE = """First Name;Last Name;Email Address;Roles;DIP IDs
Cora;Cert;cora@superenergy.example;Cert Admin, Message Admin;ALL
Odd;One;odd@superenergy.example;Boss;ALL
Ben;Baker;ben@superenergy.example;Analytics Reader;ALL
"""


@pytest.mark.parametrize(("environment", "width"), [("uit", 360), ("production", 1280)])
def test_a_table_becomes_invitations(
    live_server: Any,
    contexts: Any,
    settings: Any,
    alice_client: Client,
    company: Organisation,
    environment: str,
    width: int,
) -> None:
    settings.DIP_ENVIRONMENT = environment
    page = contexts(alice_client).new_page()
    page.set_viewport_size({"width": width, "height": 800})

    page.goto(f"{live_server.url}/organisations/{company.pk}/members/")
    page.get_by_role("link", name="Create in bulk").click()
    page.get_by_role("button", name="Show the plan").click()
    expect(page.get_by_role("alert")).to_contain_text("Paste a table, or choose a file.")
    check(page)
    page.get_by_label("Paste the table").fill(TABLE)
    page.get_by_role("button", name="Show the plan").click()
    check(page)
    page.get_by_role("button", name="Refused (1)").click()
    expect(page.get_by_text("“Boss” is no role")).to_be_visible()
    expect(page.get_by_text("cora@")).to_have_count(0)
    page.get_by_role("button", name="Create 2 members").click()
    expect(page.get_by_role("status")).to_contain_text("0 of 3 finished")
    check(page)

    run(Job.objects.get().pk)

    expect(page.get_by_text("2 invited, 1 refused.")).to_be_visible()
    check(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the report").click()
    assert download.value.suggested_filename == "members-report.csv"
    page.get_by_role("link", name="Members", exact=True).last.click()
    expect(page.get_by_role("row").filter(has_text="ben@superenergy.example")).to_be_visible()


def test_without_scripts_it_works_as_well(
    live_server: Any, contexts: Any, alice_client: Client, company: Organisation
) -> None:
    page = contexts(alice_client, java_script_enabled=False).new_page()

    page.goto(f"{live_server.url}/organisations/{company.pk}/members/bulk/")
    page.get_by_label("Paste the table").fill(TABLE)
    page.get_by_role("button", name="Show the plan").click()
    page.get_by_role("button", name="Create 2 members").click()
    run(Job.objects.get().pk)
    page.get_by_role("link", name="load this page again").click()

    expect(page.get_by_text(re.compile("2 invited, 1 refused"))).to_be_visible()
