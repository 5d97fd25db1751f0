"""What `make screens` does: the pictures of docs/screens/, from a run of its own.

Not a test of the suite: pytest starts it by its name, for the fixtures. A picture is 1280 pixels
wide and shows what is first seen of a page; one whose name ends with `-phone` is 360 wide.
"""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from deploy.run import ROOT, Deployment, Run
from tests.browser import test_promotion as promotion
from tests.browser.people import read_people, sign_in

FOLDER = ROOT / "docs" / "screens"
MOST_BYTES = 150_000
DESK = {"width": 1280, "height": 720}
PHONE = {"width": 360, "height": 740}
PARTICIPANT = "marcus.bell@brightwater-energy.example"
USER_ADMIN = "priya.nair@brightwater-energy.example"


def keep(page: Page, name: str, below: str = "") -> None:
    """Write the picture of what is seen of this page first, or from this element on."""
    page.set_viewport_size(PHONE if name.endswith("-phone") else DESK)  # type: ignore[arg-type]
    page.wait_for_load_state("networkidle")
    page.evaluate("document.activeElement && document.activeElement.blur(); scrollTo(0, 0)")
    if below:
        page.locator(below).first.evaluate("it => it.scrollIntoView({behavior: 'instant'})")
        page.wait_for_timeout(300)  # until what sticks to the top is drawn at its place
    file = FOLDER / f"{name}.png"
    page.screenshot(path=str(file), animations="disabled")
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    assert file.stat().st_size <= MOST_BYTES, f"{file.name} is larger than {MOST_BYTES} bytes"


def test_the_screens(whole_run: Run, open_page: Callable[..., Page], tmp_path: Path) -> None:
    run = whole_run
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()

    def as_person(deployment: Deployment, email: str) -> Page:
        page = open_page(ignore_https_errors=True)
        people = read_people(deployment.home / "secrets" / "demonstration.json")
        sign_in(page, deployment.address, people[email])
        return page

    uit = as_person(run.uit, promotion.MANAGER)
    extract = promotion.take_the_extract(uit, run.uit, tmp_path, keep)
    visit(uit, run.uit, {
        "operations-uit": "/admin/operations/",
        "audit-uit": "/admin/audit/event/",
        "test-controls-uit": "/admin/test-controls/",
        "pipeline-uit-phone": "/admin/promotion/",
    })  # fmt: skip
    production = as_person(run.production, promotion.MANAGER)
    promotion.import_it(production, run.production, extract, keep)
    promotion.set_effective_dates(production, keep)
    link = promotion.invite(production, run.production, keep)
    visit(production, run.production, {
        "pipeline-production": "/admin/promotion/",
        "pipeline-production-phone": "/admin/promotion/",
    })  # fmt: skip
    invited = open_page()
    promotion.accept(invited, link, keep)
    keep(invited, "home-phone")
    people_of_a_company(as_person(run.uit, USER_ADMIN), run.uit)
    channels_and_certificates(as_person(run.uit, PARTICIPANT), run.uit)
    receiver = open_page(ignore_https_errors=True)
    receiver.goto(f"{run.catcher.address}/")
    receiver.get_by_role("link", name="All checks passed").first.click()
    keep(receiver, "catcher")


def visit(page: Page, deployment: Deployment, paths: dict[str, str]) -> None:
    for name, path in paths.items():
        page.goto(f"{deployment.address}{path}")
        keep(page, name)


def people_of_a_company(page: Page, uit: Deployment) -> None:
    page.goto(f"{uit.address}/organisations/")
    keep(page, "company")
    page.get_by_role("link", name="Members", exact=True).first.click()
    page.wait_for_url("**/members/")
    keep(page, "members", below=".table-actions")
    page.get_by_role("link", name="Create Member").click()
    keep(page, "create-member")


def channels_and_certificates(page: Page, uit: Deployment) -> None:
    page.goto(f"{uit.address}/organisations/")
    page.locator("main td a").first.click()
    keep(page, "dip-id")
    page.goto(f"{uit.address}/organisations/")
    page.get_by_role("link", name="Certificates", exact=True).first.click()
    page.wait_for_url("**/certificates/")
    keep(page, "certificates", below="main h2:text-is('Certificates')")
    page.get_by_role("link", name="Message Channels", exact=True).click()
    page.get_by_label("State").select_option("Set")
    page.get_by_role("button", name="Filter").click()
    keep(page, "message-channels")
    page.get_by_role("link", name="PUB-036").click()
    page.get_by_role("button", name="Send test event").click()
    expect(page.get_by_text("answered 201 Created, as the DIP expects")).to_be_visible()
    keep(page, "test-event")
    page.goto(f"{uit.address}/api/")
    keep(page, "api")
