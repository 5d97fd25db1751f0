"""The box that chooses all rows of a page is there on a telephone too."""

from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import expect

from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [1280, 360])
def test_all_companies_of_the_pipeline_can_be_chosen(
    live_server: Any, contexts: Any, dana_client: Client, width: int
) -> None:
    for number in range(3):
        company = factories.company(name=f"Company {number}")
        factories.pab_approval(organisation=company)
    page = contexts(dana_client).new_page()
    page.set_viewport_size({"width": width, "height": 800})

    page.goto(f"{live_server.url}/admin/promotion/")
    page.get_by_label("Choose all on this page").click()

    boxes = page.locator("input[name=company]")
    expect(boxes).to_have_count(3)
    assert all(box.is_checked() for box in boxes.all())
