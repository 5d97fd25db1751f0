"""The page Operations: whether all works, what waits, what somebody has to see to."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from certificates.platform import own_signer
from dip_portal import heartbeat
from dip_portal.lib import correlation
from dip_portal.models import Heartbeat
from jobs.models import Job
from mail.models import OutgoingMail
from operations import overview
from operations.templatetags.operating import span
from organisations.models import DomainRequest, Organisation
from promotion.models import Import
from tests import factories, pki

PAGE = "/admin/operations/"
SECOND = timedelta(seconds=1)


def read(client: Client, url: str = PAGE) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return str(answer.content.decode())


def troubles(client: Client) -> list[str]:
    found: list[str] = client.get(PAGE).context["troubles"]
    return found


@pytest.fixture(autouse=True)
def _own_certificate(uit: None) -> None:
    """Let the DIP trust the authority, and have its own certificate from it."""
    pki.own()


@pytest.fixture
def at_work(db: None) -> None:
    """Beat and a worker that gave signs of life just now."""
    now = timezone.now()
    heartbeat.record(worker="worker@one", beat_at=now - SECOND, now=now)


@pytest.mark.usefixtures("at_work")
def test_when_all_works_the_page_says_so(dana_client: Client) -> None:
    page = read(dana_client)

    assert "All works, and no request waits for you." in page
    assert "worker@one" in page
    assert "the broker took 1.0 s" in page
    assert "DIP Portal simulator" in page
    assert page.count('dip-badge-success">ok<') == 6


@pytest.mark.usefixtures("at_work")
def test_without_an_authority_or_a_certificate_of_its_own_it_says_what_to_do(
    dana_client: Client, settings: Any
) -> None:
    for path in settings.AUTHORITY_DIR.glob("*/*.pem"):
        path.unlink()

    authority, own = troubles(dana_client)

    assert authority.startswith("Certificate authority: No certificate authority for UIT is in ")
    assert authority.endswith("copy uit-1.pem of Atlas there.")
    assert own.startswith("Own certificate: Atlas has not issued the DIP's own certificate yet.")


def test_a_certificate_of_its_own_that_nobody_renews_is_told_in_time() -> None:
    ends = own_signer().certificate.not_valid_after_utc
    for days, is_told in ((25, False), (19, True)):
        [check] = [
            check
            for check in overview.certificate_checks(now=ends - timedelta(days=days))
            if check.name == "own certificate"
        ]

        assert ("has not renewed it" in check.outcome) is is_told


def test_where_no_worker_was_ever_seen_it_says_so(dana_client: Client) -> None:
    assert troubles(dana_client) == [
        "Worker has given no sign of life for a minute.",
        "Beat has given no sign of life for a minute.",
    ]
    assert "none yet" in read(dana_client)


def test_a_worker_that_is_gone_troubles_nobody_while_another_works(
    dana_client: Client, at_work: None
) -> None:
    now = timezone.now()
    Heartbeat.objects.create(kind="WORKER", name="worker@gone", seen_at=now - timedelta(hours=1))

    assert troubles(dana_client) == []
    assert "silent" in read(dana_client)

    heartbeat.record(worker="worker@one", beat_at=None, now=now + timedelta(hours=23.5))

    assert set(Heartbeat.objects.values_list("name", flat=True)) == {"worker@one", "beat"}


@pytest.mark.usefixtures("at_work")
def test_a_process_is_named_once(dana_client: Client) -> None:
    shown = re.findall(r"<dt>(.*?)</dt>", read(dana_client))

    assert "Beat" in shown
    assert 'Worker <span class="dip-mono">worker@one</span>' in shown


@pytest.mark.usefixtures("at_work")
def test_jobs_and_mails_are_counted_by_how_they_stand(
    dana_client: Client, job: Callable[..., Job], mail: Callable[..., OutgoingMail]
) -> None:
    now = timezone.now()
    job("WAITING", state="QUEUED", label="fresh", created_at=now)
    job("WAITING", state="QUEUED", label="left alone", created_at=now - timedelta(minutes=5))
    job("WAITING", label="abandoned", lease_expires_at=now - timedelta(minutes=5))
    job("FAILED", label="unlucky", finished_at=now)
    mail(state="FAILED", next_attempt_at=None, last_error="550 no such person")
    mail(last_error="The mail server does not answer in time.", next_attempt_at=now)
    mail(next_attempt_at=now - timedelta(hours=3, minutes=12))
    mail(state="SENT", sent_at=now)

    page = read(dana_client)

    badges = re.findall(r'class="dip-badge[^"]*" href="[^"]*">([^<]+)</a>', page)
    assert badges[:12] == [
        *("0 waiting", "0 waiting", "0 waiting"),  # requests
        *("2 waiting", "1 running", "2 stalled", "1 with failures, in a day", "1 done, in a day"),
        *("1 waiting", "1 tried again", "1 given up", "1 sent, in a day"),
    ]
    assert troubles(dana_client) == ["Jobs: 2 stalled.", "Outgoing mail: 1 given up."]
    assert "3 h 12 min" in page
    assert "550 no such person" in page
    assert page.count(">Stalled<") == 2
    stalled = dana_client.get("/admin/jobs/job/?problems=stalled").context["rows"]
    assert {row["job"].label for row in stalled} == {"left alone", "abandoned"}


@pytest.mark.usefixtures("at_work")
def test_what_companies_ask_for_waits_for_the_dip_manager(
    dana_client: Client, alice: User, company: Organisation
) -> None:
    for domain in ("one.example", "two.example"):
        factories.domain_request(organisation=company, requested_by=alice, domain=domain)
    factories.domain_request(organisation=company, requested_by=alice, domain="old.example")
    DomainRequest.objects.filter(domain="old.example").update(
        state="DECLINED", decided_at=timezone.now()
    )
    factories.role_request(mpid=company.mpids.get(), requested_by=alice)
    factories.company(dcp_status="REQUESTED")

    page = read(dana_client)

    assert "waits for you." not in page
    assert troubles(dana_client) == []
    for words, url, number in (
        ("Requested domains: 2 waiting.", "domainrequest/?state=PENDING", 2),
        ("Requested DIP roles: 1 waiting.", "rolerequest/?state=PENDING", 1),
        ("DCP requests: 1 waiting.", "organisation/?dcp_status=REQUESTED", 1),
    ):
        address = f"/admin/organisations/{url}"
        assert f'<a href="{address}">{words}</a>' in page
        assert len(dana_client.get(address).context["rows"]) == number


@pytest.mark.usefixtures("at_work")
def test_extracts_that_are_to_be_imported_wait_for_the_dip_manager(
    dana_client: Client, settings: Any
) -> None:
    settings.DIP_ENVIRONMENT = "production"
    Import.objects.create(
        company_number="01234567",
        company_name="Zephyr Energy",
        document_digest="0" * 64,
        setup_digest="0" * 64,
        extracted_at=timezone.now(),
        file="{}",
        via=Import.Via.UPLOAD,
        received_at=timezone.now(),
    )

    page = read(dana_client)

    assert (
        '<a href="/admin/promotion/imports/?state=waiting">Imports: 1 to be imported.</a>' in page
    )
    [item] = [
        item
        for group in dana_client.get(PAGE).context["sidebar_navigation"]
        for item in group["items"]
        if item["title"] == "Imports"
    ]
    assert str(item["badge"]) == "1"


@pytest.mark.usefixtures("at_work")
def test_a_mail_that_was_given_up_is_sent_again_from_here(
    dana_client: Client, mail: Callable[..., OutgoingMail]
) -> None:
    lost = mail(state="FAILED", next_attempt_at=None, last_error="550 no such person")
    page = read(dana_client)
    [address] = re.findall(r'<form method="post" action="([^"]*send-again/)"', page)
    [key] = re.findall(r'name="mail" value="([^"]+)"', page)

    dana_client.post(address, {"mail": key})

    lost.refresh_from_db()
    assert (lost.state, lost.attempts) == ("QUEUED", 0)


@pytest.mark.usefixtures("at_work")
def test_the_number_of_queries_does_not_grow(
    dana_client: Client, job: Callable[..., Job], mail: Callable[..., OutgoingMail]
) -> None:
    counts = []
    for number in (2, 30):
        while Job.objects.count() < number:
            job("WAITING")
            mail(state="FAILED", next_attempt_at=None, last_error="550")
        with CaptureQueriesContext(connection) as captured:
            read(dana_client)
        counts.append(len(captured))

    assert counts[0] == counts[1]


def test_an_id_leads_to_all_that_it_has_caused(
    dana_client: Client, job: Callable[..., Job], client: Client, alice_client: Client
) -> None:
    answer = client.post("/accounts/password/reset/", {"email": "alice@superenergy.example"})
    correlation_id = answer["X-Correlation-ID"]
    work = job("DONE", label="12 companies", correlation_id=correlation_id)

    page = read(dana_client, f"{PAGE}follow/?id={correlation_id}")

    [mail] = OutgoingMail.objects.all()
    assert mail.subject in page
    assert "12 companies" in page
    assert f"/admin/jobs/job/{work.pk}/" in page
    for other in ("/admin/jobs/job/", "/admin/mail/outgoingmail/", "/admin/audit/event/"):
        found = dana_client.get(f"{other}?q={correlation_id}").context["rows"]
        assert len(found) == (0 if "audit" in other else 1)
    assert f"follow/?id={correlation_id}" in read(dana_client, f"/admin/jobs/job/{work.pk}/")


ID = "a1a7c18c014e4b0f9d8e7c6b5a493827"
OTHER = "a1a7c18cffff4b0f9d8e7c6b5a493827"


@pytest.mark.parametrize("kept", ["job", "mail", "event", "request"])
@pytest.mark.parametrize("asked", ["a1a7c18c", "a1a7c18c014e…", " A1A7C18C014E... ", ID[:31]])
def test_the_beginning_of_an_id_is_enough(
    dana_client: Client, job: Any, mail: Any, event: Any, company: Any, kept: str, asked: str
) -> None:
    if kept == "job":
        job("DONE", label="the one", correlation_id=ID)
    elif kept == "mail":
        mail(subject="the one", correlation_id=ID)
    elif kept == "event":
        correlation.begin(ID)
        event(subject=User(first_name="the", last_name="one"))
    else:
        factories.certificate_request(
            organisation=company, dns_names=["the one"], correlation_id=ID
        )
    job("DONE", label="another", correlation_id="a1a7c18d" + ID[8:])

    page = read(dana_client, f"{PAGE}follow/?id={quote(asked)}")

    assert "the one" in page
    assert "another" not in page
    assert f'value="{ID}"' in page


def test_of_several_ids_that_begin_so_one_is_chosen(
    dana_client: Client, job: Callable[..., Job], mail: Callable[..., OutgoingMail]
) -> None:
    def costs(asked: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            read(dana_client, f"{PAGE}follow/?id={asked}")
        return len(captured)

    job("DONE", label="the one", correlation_id=ID)
    mail(correlation_id=ID)
    job("DONE", label="the other", correlation_id=OTHER)
    page = read(dana_client, f"{PAGE}follow/?id={ID[:8]}")
    assert page.count("Several ids begin with") == 1
    assert [page.count(f'href="?id={it}"') for it in (ID, OTHER)] == [1, 1]
    assert "the one" not in page
    few = costs(ID[:8])

    for number in range(30):
        job("DONE", correlation_id=f"a1a7c18c{number:024x}")

    assert costs(ID[:8]) == few
    assert "Nothing was kept" in read(dana_client, f"{PAGE}follow/?id={ID[:7]}")


@pytest.mark.parametrize("asked", ["", "unknown", "%00", "x" * 300, "<b>", "f" * 64])
def test_an_id_that_nothing_has_is_told_so(dana_client: Client, asked: str) -> None:
    page = read(dana_client, f"{PAGE}follow/?id={asked}")

    assert ("Nothing was kept under this id" if asked else "No id yet") in page
    assert "<b>" not in page


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.04, "0.0 s"),
        (59.94, "59.9 s"),
        (60, "1 min"),
        (11_520, "3 h 12 min"),
        (90_061, "1 d 1 h"),
    ],
)
def test_a_span_is_told_in_its_two_largest_units(seconds: float, told: str) -> None:
    assert span(seconds) == told
