"""UIT's service address: only Production is answered, and only about approved companies."""

import gzip
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import Event
from organisations.actors import DipManagerActor
from organisations.models import Organisation
from promotion import signing
from promotion.errors import UnableToFetch
from promotion.extract import extract_companies
from promotion.fetch import fetch_candidates, fetch_extract
from promotion.models import Extract
from tests import factories

pytestmark = pytest.mark.django_db
CANDIDATES = "/service/promotion/v1/candidates/"


@pytest.fixture
def extract(be: Callable[[str], None], manager: DipManagerActor) -> Extract:
    """The newest of two extracts of a company with PAB approval; the test is in UIT."""
    be("uit")
    company = factories.company(name="Zephyr Energy", domains=["a.example"])
    factories.pab_approval(organisation=company)
    for domain in ("b.example", "c.example"):
        company.whitelisted_domains.create(domain=domain)
        extract_companies(actor=manager, organisations=[company.pk], now=timezone.now())
    return Extract.objects.get(number=2)


@pytest.fixture
def ask(client: Client, be: Callable[[str], None], extract: Extract) -> Callable[..., Any]:
    """Ask UIT for a path, with a request that Production signed for it."""

    def send(path: str, *, signed_for: str = "", by: str = "production") -> Any:
        be(by)
        token = signing.sign_request(audience="uit", path=signed_for or path, now=timezone.now())
        be("uit")
        return client.get(path, headers={"Authorization": f"Bearer {token}"})

    return send


def test_candidates_are_the_newest_extracts_of_approved_companies(
    ask: Any, extract: Extract
) -> None:
    withdrawn = factories.company(name="Withdrawn")
    Extract.objects.create(
        organisation=withdrawn,
        number=1,
        setup_digest="0" * 64,
        file="{}",
        made_at=timezone.now(),
        confirmed_at=timezone.now(),
    )

    answer = ask(CANDIDATES)

    [candidate] = answer.json()["candidates"]
    assert candidate["extract"] == str(extract.pk)
    assert candidate["company_name"] == "Zephyr Energy"
    assert candidate["number"] == 2
    assert candidate["setup_digest"] == extract.setup_digest


def test_an_extract_is_given_and_noted(ask: Any, extract: Extract) -> None:
    answer = ask(f"/service/promotion/v1/extracts/{extract.pk}/")

    assert answer.content.decode() == extract.file
    assert Extract.objects.get(pk=extract.pk).fetched_at is not None
    event = Event.objects.get(action="extract:fetch")
    assert (event.actor_label, event.organisation_id) == ("Production", extract.organisation_id)


def test_a_superseded_or_withdrawn_extract_is_not_given(ask: Any, extract: Extract) -> None:
    first = Extract.objects.get(number=1)
    assert ask(f"/service/promotion/v1/extracts/{first.pk}/").status_code == 404

    Organisation.objects.get().pab_approvals.update(withdrawn_at=timezone.now())

    assert ask(f"/service/promotion/v1/extracts/{extract.pk}/").status_code == 404


def test_a_request_that_production_did_not_sign_for_this_is_refused(
    ask: Any, client: Client, extract: Extract
) -> None:
    path = f"/service/promotion/v1/extracts/{extract.pk}/"

    assert ask(path, signed_for=CANDIDATES).status_code == 401
    assert ask(path, by="uit").status_code == 401
    assert client.get(path).status_code == 401
    assert client.get(path, headers={"Authorization": "Basic x"}).status_code == 401
    assert client.post(path).status_code == 405
    assert Extract.objects.get(pk=extract.pk).fetched_at is None


def test_a_session_opens_no_service_address(dana_client: Client, extract: Extract) -> None:
    assert dana_client.get(CANDIDATES).status_code == 401


def test_production_has_no_such_address(
    ask: Any, be: Callable[[str], None], client: Client, extract: Extract
) -> None:
    be("production")

    assert client.get(CANDIDATES).status_code == 404


class Answers(http.server.BaseHTTPRequestHandler):
    """A server in UIT's place that answers badly."""

    status: ClassVar[int] = 200
    body: ClassVar[bytes] = b""
    encoding: ClassVar[str] = ""

    def do_GET(self) -> None:
        self.send_response(self.status)
        if self.encoding:
            self.send_header("Content-Encoding", self.encoding)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def uit_answers(be: Callable[[str], None], settings: Any) -> Iterator[type[Answers]]:
    """Let Production ask a server of ours; its answers are set on the class."""
    be("production")
    handler = type("Handler", (Answers,), {})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.UIT_SERVICE_URL = f"http://127.0.0.1:{server.server_port}"
    yield handler
    server.shutdown()


BOMB = gzip.compress(b"0" * 50_000_000)
EXTRACT = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"status": 401}, "does not accept this environment's signature"),
        ({"status": 404}, "no such extract any more"),
        ({"status": 500}, "HTTP status 500"),
        ({"status": 302}, "HTTP status 302"),
        ({"body": BOMB, "encoding": "gzip"}, "compressed"),
        ({"body": b"x" * 2048}, "more than 1 KiB"),
    ],
)
def test_a_bad_answer_to_a_fetch_is_told(
    uit_answers: type[Answers], settings: Any, answer: dict[str, Any], says: str
) -> None:
    settings.EXTRACT_MAX_BYTES = 1024
    for name, value in answer.items():
        setattr(uit_answers, name, value)

    with pytest.raises(UnableToFetch, match=says):
        fetch_extract(EXTRACT)


OFFER = {
    "extract": EXTRACT,
    "company_number": "01234567",
    "company_name": "Zephyr Energy",
    "number": 1,
    "setup_digest": "0" * 64,
    "extracted_at": "2026-11-07T10:14:09.123456+00:00",
}


def test_candidates_show_when_they_were_made_as_every_list_of_the_admin(
    uit_answers: type[Answers], dana_client: Client
) -> None:
    uit_answers.body = json.dumps({"candidates": [OFFER]}).encode()

    page = dana_client.get("/admin/promotion/imports/uit/").content.decode()

    assert "7 Nov 2026 10:14<" in page


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        json.dumps({"candidates": [1]}).encode(),
        json.dumps({"candidates": [{**OFFER, "extracted_at": "lately"}]}).encode(),
    ],
)
def test_an_answer_that_is_no_list_is_told(uit_answers: type[Answers], body: bytes) -> None:
    uit_answers.body = body

    with pytest.raises(UnableToFetch, match="not with a list of candidates"):
        fetch_candidates()


def test_uit_that_does_not_answer_is_told(uit_answers: type[Answers], settings: Any) -> None:
    settings.UIT_SERVICE_URL = "http://127.0.0.1:9"

    with pytest.raises(UnableToFetch, match="Is UIT running"):
        fetch_candidates()


def test_without_an_address_extracts_are_uploaded(be: Callable[[str], None], settings: Any) -> None:
    be("production")
    settings.UIT_SERVICE_URL = ""

    with pytest.raises(UnableToFetch, match="Upload the extract"):
        fetch_candidates()
