"""The whole promotion as people do it: the DIP Manager in both portals, then the invited person."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from deploy.run import Deployment, Run
from tests.browser.people import Person, code_of, sign_in

pytestmark = pytest.mark.browser
COMPANY = "Northmoor Networks plc"
MANAGER = "dana.okafor@dip.example"
INVITED = "ines.marsh@northmoor-networks.example"
PASSWORD = "a long walk in the north"

Keep = Callable[[Page, str], None]  # what `make screens` does with a page on the way


def no_picture(page: Page, name: str) -> None:
    """Go on: a test needs none."""


@pytest.fixture
def manager_in(
    portals: Run, people: dict[str, dict[str, Person]], open_page: Callable[..., Page]
) -> Callable[[Deployment], Page]:
    """Sign the DIP Manager in, in one of the portals."""

    def go(deployment: Deployment) -> Page:
        page = open_page()
        sign_in(page, deployment.address, people[deployment.name][MANAGER])
        return page

    return go


def test_a_company_is_promoted_and_its_primary_user_admin_signs_in(
    portals: Run,
    manager_in: Callable[[Deployment], Page],
    open_page: Callable[..., Page],
    tmp_path: Path,
) -> None:
    extract = take_the_extract(manager_in(portals.uit), portals.uit, tmp_path, no_picture)
    production = manager_in(portals.production)
    import_it(production, portals.production, extract, no_picture)
    set_effective_dates(production, no_picture)
    link = invite(production, portals.production, no_picture)
    accept(open_page(), link, no_picture)
    production.goto(f"{portals.production.address}/admin/promotion/?stage=accepted")
    expect(production.get_by_role("link", name=COMPANY)).to_be_visible()
    dead = open_page()
    dead.goto(link)
    expect(dead.get_by_text(re.compile("does not work|cannot be used"))).to_be_visible()
    expect(dead.get_by_text(COMPANY)).to_have_count(0)


def take_the_extract(page: Page, uit: Deployment, folder: Path, keep_picture: Keep) -> Path:
    page.goto(f"{uit.address}/admin/promotion/")
    expect(page.get_by_role("region", name="Environment")).to_contain_text("UIT")
    keep_picture(page, "pipeline-uit")
    page.get_by_label(f"Choose {COMPANY}").check()
    page.get_by_role("button", name="Extract company setup").click()
    expect(page.get_by_text("extracted").first).to_be_visible()
    keep_picture(page, "job")
    page.goto(f"{uit.address}/admin/promotion/extracts/")
    page.get_by_role("row", name=COMPANY).get_by_role("link", name="No. 1").click()
    page.get_by_role("button", name="Verify again").click()
    expect(page.get_by_text("Verified:")).to_be_visible()
    keep_picture(page, "extract")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    assert file.name == "02219843-extract-1.json"
    return file


def import_it(page: Page, production: Deployment, extract: Path, keep_picture: Keep) -> None:
    page.goto(f"{production.address}/admin/promotion/")
    expect(page.get_by_role("region", name="Environment")).to_contain_text("Production")
    page.get_by_role("link", name="Upload extracts").click()
    tampered = extract.with_name("tampered.json")
    tampered.write_text(extract.read_text().replace('"payload": "ey', '"payload": "eX'))
    page.get_by_label("Extracts").set_input_files(tampered)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("alert")).to_contain_text("tampered.json")
    page.get_by_label("Extracts").set_input_files(extract)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("Domain northmoor-networks.example")).to_be_visible()
    expect(page.get_by_text("Nothing changes before you import")).to_be_visible()
    keep_picture(page, "plan")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("imported").first).to_be_visible()
    page.goto(f"{production.address}/admin/promotion/")
    page.get_by_role("link", name=COMPANY).click()
    expect(page.get_by_text("3 of 3 DIP IDs not operational")).to_be_visible()


def set_effective_dates(page: Page, keep_picture: Keep) -> None:
    page.get_by_role("link", name="Set effective dates").click()
    page.get_by_label(re.compile("Choose all")).first.check()
    page.get_by_label("Effective from date (MPR)").fill("2026-01-01")
    page.get_by_role("button", name="Set dates of the chosen").click()
    expect(page.get_by_text("Operational", exact=True)).to_have_count(3)
    keep_picture(page, "company-admin")


def invite(page: Page, production: Deployment, keep_picture: Keep) -> str:
    page.get_by_role("link", name="Promotion", exact=True).click()
    page.get_by_role("link", name="Invite Primary User Admin").click()
    page.get_by_label("First Name").fill("Ines")
    page.get_by_label("Last Name").fill("Marsh")
    page.get_by_label("Email Address").fill("ines.marsh@elsewhere.example")
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_text("contact the DIP Manager")).to_be_visible()
    page.get_by_label("Email Address").fill(INVITED)
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_text(f"The invitation goes to {INVITED}")).to_be_visible()
    sent = page.locator("dd", has_text="Sent")
    for _ in range(40):
        if sent.count():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(sent).to_be_visible()
    keep_picture(page, "company-invited")
    page.goto(f"{production.address}/admin/mail/outgoingmail/sent/")
    keep_picture(page, "invitation-mail")
    link = page.locator('a[href*="/invitations/accept/"]').first.get_attribute("href")
    assert link
    return link


def accept(page: Page, link: str, keep_picture: Keep) -> None:
    page.goto(link)
    assert link.rsplit("/", 2)[1] not in page.url
    expect(page.get_by_text(COMPANY)).to_be_visible()
    keep_picture(page, "invitation")
    page.get_by_label("Password", exact=False).first.fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Accept and set the password").click()
    page.get_by_role("link", name="Authenticator app").click()
    secret = page.locator("#totp-secret").text_content()
    assert secret
    page.get_by_label("Code").fill(code_of(secret))
    page.get_by_role("button", name="Activate").click()
    page.wait_for_url(re.compile("recovery-codes"))
    page.locator("a[href='/accounts/continue/']").click()
    page.get_by_label("I have read the Terms of Use").check()
    page.get_by_role("button", name="Accept and continue").click()
    expect(page.get_by_role("heading", name="Verify your company")).to_be_visible()
    keep_picture(page, "verify")
    for tick in page.get_by_label(re.compile("is right|are right")).all():
        tick.check()
    page.get_by_role("button", name="Confirm and continue").click()
    expect(page.get_by_role("heading", name=re.compile("Member Management"))).to_be_visible()
    for task in ("Access", "Certificate Management", "DIP I[Dd] Management", "Message Channel"):
        expect(page.get_by_text(re.compile(task)).first).to_be_visible()
    keep_picture(page, "home")
