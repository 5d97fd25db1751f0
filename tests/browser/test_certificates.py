"""The Certificates tab in Chromium, from empty to both PFX files, with the openssl command line.

Atlas runs in processes of its own. The commands are taken from the pages as the Copy button
takes them.
"""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from accounts.models import User
from certificates.services import issuing
from organisations.models import Organisation
from tests.certificates.conftest import cara, cara_client, real_atlas, started_atlas
from tests.certificates.real_atlas import PASSWORD, Atlas
from tests.in_a_browser import check
from tests.leaving_out import need_program

__all__ = ["cara", "cara_client", "real_atlas", "started_atlas"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def run(page: Page, command: str, folder: Path, more: str = "") -> None:
    """Run a command of the page as it stands there; `more` answers OpenSSL's question."""
    need_program("openssl")
    line = page.locator(f"#{command}").inner_text().strip()
    done = subprocess.run(
        f"{line} {more}", shell=True, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("environment", "width"), [("uit", 1280), ("uit", 360), ("production", 1280)]
)
def test_from_empty_to_both_pfx_files(
    real_atlas: Atlas,
    company: Organisation,
    cara_client: Client,
    cara: User,
    contexts: Any,
    live_server: Any,
    tmp_path: Path,
    settings: Any,
    environment: str,
    width: int,
) -> None:
    settings.DIP_ENVIRONMENT = environment
    customer = real_atlas.customer()
    login = {"uit": customer.uit, "production": customer.production}[environment]
    page: Page = contexts(cara_client, accept_downloads=True).new_page()
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{live_server.url}/organisations/{company.pk}/certificates/")
    check(page)

    page.get_by_role("link", name="Add API credentials").click()
    run(page, "make-csr", tmp_path)
    (tmp_path / f"atlas-{environment}.key").write_text(login.key)
    (tmp_path / f"atlas-{environment}-chain.pem").write_text(login.chain)
    run(page, "merge", tmp_path, f"-passout {shlex.quote(f'pass:{PASSWORD}')}")
    page.get_by_label("API Key").fill(login.api_key)
    page.get_by_label("API Secret").fill(login.api_secret)
    page.get_by_label("PFX file").set_input_files(tmp_path / f"atlas-{environment}.pfx")
    page.get_by_label("PFX password").fill("wrong")
    page.get_by_role("button", name="Validate").click()
    expect(page.get_by_text("The password does not open the PFX")).to_be_visible()
    check(page)
    page.get_by_label("API Key").fill(login.api_key)
    page.get_by_label("API Secret").fill(login.api_secret)
    page.get_by_label("PFX file").set_input_files(tmp_path / f"atlas-{environment}.pfx")
    page.get_by_label("PFX password").fill(PASSWORD)
    page.get_by_role("button", name="Validate").click()
    expect(page.get_by_text("Added successfully")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Save").click()

    page.get_by_role("link", name="Register a domain").click()
    check(page)
    page.get_by_label("Another domain").first.check()
    page.locator("input[name=other]").fill(customer.domain)
    page.get_by_role("button", name="Register").click()
    token = page.locator("#txt-value").inner_text()
    check(page)
    page.get_by_label("I have added the TXT record").check()
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("The record was not found yet")).to_be_visible()
    real_atlas.add_txt(login, customer.domain, token)
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_text(f"{customer.domain} is verified.")).to_be_visible()

    for purpose, word in (("mTLS alone", "mtls"), ("Signing alone", "signing")):
        page.goto(f"{live_server.url}/organisations/{company.pk}/certificates/request/")
        check(page)
        run(page, f"make-csr-{word}", tmp_path)
        page.get_by_label(purpose).check()
        page.get_by_label("CSR file").set_input_files(tmp_path / f"dip-{environment}-{word}.csr")
        page.get_by_role("button", name="Request the certificate").click()
        expect(page.get_by_text("On its way.")).to_be_visible()
        check(page)
        assert issuing.work_on_due() == 1
        # htmx asks again by itself; the newest request stands first.
        page.get_by_role("link", name="Download the CER").first.wait_for()
        expect(page.get_by_text("On its way.")).to_have_count(0)
        page.get_by_role("link", name="Download the CER").first.click()
        check(page)
        with page.expect_download() as download:
            page.get_by_role("link", name="CER with its chain (PEM)").click()
        download.value.save_as(tmp_path / download.value.suggested_filename)
        run(page, "merge", tmp_path, "-passout pass:x")
    names = sorted(path.name for path in tmp_path.glob(f"dip-{environment}-*.pfx"))
    assert [re.sub(r"-[0-9a-f]{8}[.]pfx", "", name) for name in names] == [
        f"dip-{environment}-mtls",
        f"dip-{environment}-signing",
    ]

    page.get_by_role("link", name="Revoke").click()
    check(page)
    page.get_by_label("Reason").select_option("superseded")
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("is revoked.")).to_be_visible()
    page.goto(f"{live_server.url}/organisations/{company.pk}/certificates/?state=revoked")
    expect(page.get_by_text("Showing items 1 - 1 of 1")).to_be_visible()
    check(page)
    page.goto(live_server.url)
    expect(page.get_by_text("Obtain a signing certificate of the DIP")).to_be_visible()
