"""The whole promotion as people do it: the DIP Manager in both portals, then the invited person."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from deploy.run import Deployment, Run
from tests.browser.keyboard import Keyboard
from tests.browser.people import Person, code_of, sign_in, unused_code_of

pytestmark = pytest.mark.browser
COMPANY = "Northmoor Networks plc"
NEWCOMER = "Tidepool Power Ltd"
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


def test_another_is_promoted_with_the_keyboard_alone(
    portals: Run, people: dict[str, dict[str, Person]], open_page: Callable[..., Page]
) -> None:
    uit, production = (Keyboard(open_page()) for _ in portals.both)
    for at, deployment in ((uit, portals.uit), (production, portals.production)):
        manager = people[deployment.name][MANAGER]
        at.page.goto(f"{deployment.address}/accounts/login/")
        at.type("E-mail address", manager.email)
        at.type("Password", manager.password)
        at.choose("Sign in")
        at.page.wait_for_url(re.compile("2fa/authenticate"))
        at.type("Code", unused_code_of(manager.secret))
        at.choose("Sign in")
        expect(at.page.get_by_role("heading", name="Promotion to Production")).to_be_visible()
        at.skip()
        at.choose("Open the pipeline")

    uit.page.wait_for_url("**/admin/promotion/")
    uit.skip()
    uit.choose(NEWCOMER)
    uit.choose("Record the PAB approval")
    uit.type("PAB reference", "PAB-2026-030")
    uit.type("Approved on", "05052026")
    uit.choose("Record approval")
    expect(uit.page.get_by_text("PAB-2026-030").first).to_be_visible()
    uit.choose("Promotion")
    uit.choose("Extract company setup")
    expect(uit.page.get_by_text("extracted").first).to_be_visible()

    production.choose("Candidates in UIT")
    production.page.wait_for_url("**/uit/")
    production.tick(f"Choose {NEWCOMER}")
    production.choose("Fetch the chosen")
    expect(production.page.get_by_text("received").first).to_be_visible()
    production.choose(NEWCOMER)
    expect(production.page.get_by_text("Nothing changes before you import")).to_be_visible()
    production.choose("Import")
    expect(production.page.get_by_text("imported").first).to_be_visible()
    production.choose("Pipeline")
    production.page.wait_for_url("**/admin/promotion/")
    production.choose(NEWCOMER)
    production.choose("Invite Primary User Admin")
    production.type("First Name", "Sam")
    production.type("Last Name", "Osei")
    production.type("Email Address", "sam.osei@tidepool-power.example")
    production.choose("Send the invitation")
    expect(production.page.get_by_text("The invitation goes to")).to_be_visible()

    link = link_of_the_newest_mail(production.page, portals.production, "sam.osei@")
    take_part_by_keyboard(Keyboard(open_page()), link)


def take_part_by_keyboard(at: Keyboard, link: str) -> None:
    at.page.goto(link)
    at.type("Password", PASSWORD)
    at.type("Password again", PASSWORD)
    at.choose("Accept and set the password")
    at.choose("Authenticator app")
    at.tick("It cannot be scanned?")
    secret = at.page.locator("#totp-secret").inner_text()
    at.type("Code", code_of(secret))
    at.choose("Activate")
    at.choose("I have saved them: continue")
    at.tick("I have read the Terms of Use")
    at.choose("Accept and continue")
    for what in ("The company name is", "The company number is", "The description is"):
        at.tick(f"{what} right")
    at.choose("Confirm and continue")
    expect(at.page.get_by_role("heading", name="Member Management")).to_be_visible()
    at.skip()
    at.choose("Members")
    at.choose("Create Member")
    at.type("First Name", "Kim")
    at.type("Last Name", "Reed")
    at.type("Email Address", "kim.reed@tidepool-power.example")
    at.tick("MP Message Admin")
    at.choose("Confirm")
    expect(at.page.get_by_text("kim.reed@tidepool-power.example").first).to_be_visible()
    at.go_to("Role")
    at.page.keyboard.press("ArrowDown")
    at.choose("Filter")
    at.page.wait_for_url("**role=**")
    at.choose("Certificates")
    expect(at.page.get_by_text("API credentials").first).to_be_visible()


def link_of_the_newest_mail(page: Page, production: Deployment, to: str) -> str:
    """Return the link of the mail that this person got; the mail is on its way for a moment."""
    page.goto(f"{production.address}/admin/mail/outgoingmail/sent/")
    mail = page.locator("article").filter(has_text=to)
    for _ in range(40):
        if mail.count():
            break
        page.wait_for_timeout(500)
        page.reload()
    link = mail.first.locator('a[href*="/invitations/accept/"]').first.get_attribute("href")
    assert link
    return link


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
    expect(page.get_by_text("Whitelist the domain first")).to_be_visible()
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
