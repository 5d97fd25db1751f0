"""The pages of operations are the DIP Manager's alone."""

import pytest
from django.test import Client

PAGES = [
    "/admin/audit/event/",
    "/admin/audit/event/export/",
    "/admin/audit/event/1/change/",
    "/admin/jobs/job/",
    "/admin/jobs/job/00000000-0000-4000-8000-000000000000/",
    "/admin/mail/outgoingmail/",
    "/admin/mail/outgoingmail/sent/",
    "/admin/mail/outgoingmail/send-again/",
]


@pytest.mark.parametrize("url", PAGES)
def test_a_member_is_not_let_in(alice_client: Client, url: str) -> None:
    for answer in (alice_client.get(url), alice_client.post(url)):
        assert answer.status_code in {302, 403, 404}
        assert b"dip-page" not in answer.content


@pytest.mark.parametrize("url", PAGES)
def test_nobody_is_sent_to_sign_in(client: Client, db: None, url: str) -> None:
    answer = client.get(url)

    assert answer.status_code == 302
    assert "/login/" in answer["Location"]
