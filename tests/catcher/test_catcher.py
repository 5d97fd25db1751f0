"""The webhook catcher: what it tells of a call, what it answers, what a script gets."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from cryptography import x509

from channels import wire
from tests.catcher.conftest import BODY, KEY, Catcher, own_certificate

pytestmark = pytest.mark.deploy

HOOK = "/hook/2300320001/PUB-003"


def test_a_call_that_is_as_it_has_to_be_passes_every_check(catcher: Catcher) -> None:
    answer = catcher.send(f"{HOOK}?token=A%2fb")

    assert answer.status_code == 201
    call = catcher.last()
    assert call["is_good"], call["checks"]
    assert (call["dip_id"], call["publication"]) == ("2300320001", "PUB-003")
    assert call["url"] == f"{catcher.url}{HOOK}?token=A%2fb"
    assert call["json"][0]["payload"]["CommonBlock"]["D0"]["publicationID"] == "PUB-021"
    assert "BEGIN CERTIFICATE" in call["client_certificate"]
    assert "issued by uit-1.pem, under root-1.pem" in call["checks"][-1]["text"]
    assert "X-Dip-Signature" in {name for name, _ in call["headers"]}


def test_the_publication_is_found_in_the_body_too(catcher: Catcher) -> None:
    catcher.send("/hook/mine")

    call = catcher.last()
    assert (call["dip_id"], call["publication"]) == ("", "PUB-021")


def test_the_path_alone_may_be_signed(catcher: Catcher) -> None:
    catcher.send(HOOK, signed=f"https://elsewhere.example{HOOK}")
    assert not catcher.last()["is_good"]

    headers = wire.sign(
        method="POST", url=f"{catcher.url}{HOOK}", body=BODY, form=wire.UrlForm.PATH,
        signer=wire.Signer(key=KEY, certificate=own_certificate()), now=datetime.now(UTC),
    )  # fmt: skip
    catcher.client(own_certificate()).post(HOOK, content=BODY, headers=headers)

    assert catcher.last()["is_good"]
    assert list(catcher.last()["expected"]) == ["path"]


def test_each_fault_is_told_in_words(catcher: Catcher, foreign: x509.Certificate) -> None:
    catcher.send(HOOK, without=(wire.DATE,))
    assert catcher.failed() == [f"The call has no {wire.DATE}: each call is signed."]

    catcher.send(HOOK, sent=b"[]")
    assert "is not the hash of the body that arrived, 2 bytes" in catcher.failed()[0]

    catcher.send(HOOK, ago=timedelta(minutes=10))
    assert "behind the DIP's clock" in catcher.failed()[0]

    catcher.send(HOOK, signed="https://localhost/other")
    assert "was not made by the key" in catcher.failed()[0]
    assert f"POST;{catcher.url}{HOOK}".lower() in catcher.last()["expected"]["full URL"].lower()

    catcher.send(HOOK, shows=False)
    assert catcher.failed() == ["The client showed no certificate (mTLS)."]

    catcher.send(HOOK, by=foreign, shows=False)
    assert "was issued by none of the authorities" in catcher.failed()[0]

    catcher.send(HOOK, by=own_certificate(age=timedelta(days=500)))
    assert len(catcher.failed()) == 2


def test_what_comes_after_a_failed_check_was_not_looked_at(catcher: Catcher) -> None:
    catcher.client().post(HOOK, content=b"hello")

    call = catcher.last()
    assert [it["outcome"] for it in call["checks"]] == ["failed", *["skipped"] * 7, "failed"]
    assert call["json"] is None


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_every_method_is_caught(catcher: Catcher, method: str) -> None:
    assert catcher.client().request(method, HOOK).status_code == 201

    assert catcher.last()["method"] == method


def test_the_answer_can_be_chosen_for_some_calls(catcher: Catcher) -> None:
    client = catcher.client()
    client.put("/answer.json", json={"status": 503, "calls": 2}).raise_for_status()

    assert [client.post(HOOK).status_code for _ in range(3)] == [503, 503, 201]
    assert client.get("/answer.json").json() == {"status": 201, "delay_seconds": 0, "calls": 0}


def test_of_calls_at_the_same_moment_no_more_are_refused_than_was_chosen(catcher: Catcher) -> None:
    catcher.client().put("/answer.json", json={"status": 500, "calls": 3})

    with ThreadPoolExecutor(8) as threads:
        codes = list(threads.map(lambda _: catcher.client().post(HOOK).status_code, range(8)))

    assert sorted(codes) == [201] * 5 + [500] * 3


def test_the_answer_can_be_late(catcher: Catcher) -> None:
    client = catcher.client()
    client.put("/answer.json", json={"status": 201, "delay_seconds": 2, "calls": 1})

    begun = time.monotonic()
    client.post(HOOK)

    assert time.monotonic() - begun >= 2


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"status": 999}, "status"),
        ({"status": "201"}, "status"),
        ({"delay_seconds": 61}, "delay_seconds"),
        ({"delay_seconds": True}, "delay_seconds"),
        ({"calls": -1}, "calls"),
        ({"colour": 1}, ""),
        ([], ""),
    ],
)
def test_an_answer_that_cannot_be_given_is_refused(
    catcher: Catcher, wanted: object, field: str
) -> None:
    refused = catcher.client().put("/answer.json", json=wanted)

    assert refused.status_code == 422
    assert refused.json()["field"] == field


def test_calls_are_found_by_dip_id_and_publication(catcher: Catcher) -> None:
    client = catcher.client()
    for path in (
        "/hook/2300320001/PUB-003",
        "/hook/2300320001/PUB-006",
        "/hook/2500320002/PUB-003",
    ):
        client.post(path)

    def found(query: str) -> int:
        return len(client.get(f"/calls.json?{query}").json()["calls"])

    assert found("dip_id=2300320001") == 2
    assert found("publication=pub-003") == 2
    assert found("dip_id=2300320001&publication=PUB-003") == 1
    assert found("") == 3
    assert client.get("/calls.json?limit=x").status_code == 422
    page = client.get("/?dip_id=2500320002").text
    assert "PUB-003 for 2500320002" in page
    assert "2300320001" not in page
    for junk in ("dip_id=junk", f"dip_id={'junk' * 9}", f"publication={'junk' * 9}"):
        page = client.get(f"/?{junk}").text
        assert "No call that is kept is like that." in page
        assert "Showing calls" not in page


def test_the_newest_are_kept(catcher: Catcher) -> None:
    client = catcher.client()
    for number in range(45):
        client.post(f"/hook/{number}")

    kept = client.get("/calls.json").json()["calls"]
    assert [call["url"].rpartition("/")[2] for call in kept] == [str(n) for n in range(44, 4, -1)]


def test_no_more_is_kept_than_there_is_room_for(catcher: Catcher) -> None:
    client = catcher.client()
    for number in range(4):
        client.post(f"/hook/large/{number}", content=b"x" * 1_000_000)

    kept = client.get("/calls.json").json()["calls"]

    assert [it["url"].rpartition("/")[2] for it in kept] == ["3", "2", "1"]
    client.post("/hook/larger", content=b"x" * 5_000_000)
    assert [it["url"].rpartition("/")[2] for it in client.get("/calls.json").json()["calls"]] == [
        "larger"
    ]


def test_a_call_that_is_too_large_is_answered_so(catcher: Catcher) -> None:
    assert catcher.client().post(HOOK, content=b" " * (9 * 1024 * 1024)).status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe",
        b'"\\ud800"',
        b"[" * 30000,
        b"<script>alert(1)</script>",
        b"{}",
        b"null",
        b'[{"payload": {"CommonBlock": {"D0": {"publicationID": "\\udc00"}}}}]',
    ],
)
def test_any_body_can_be_shown(catcher: Catcher, body: bytes) -> None:
    catcher.client().post("/hook/x", content=body).raise_for_status()

    page = catcher.client().get(f"/calls/{catcher.last()['key']}/")
    assert page.status_code == 200
    assert "<script>alert" not in page.text


def test_a_call_that_is_not_kept_is_not_found(catcher: Catcher) -> None:
    missing = "/calls/00000000-0000-4000-8000-000000000000"

    assert catcher.client().get(f"{missing}/").status_code == 404
    assert catcher.client().get(f"{missing}.json").status_code == 404


def test_no_other_site_can_choose_or_forget(catcher: Catcher) -> None:
    client = catcher.client()

    assert client.post("/answer/", data={"status": "503"}).status_code == 403
    assert client.post("/forget/").status_code == 403
    assert client.post("/calls.json").status_code == 405
    assert client.get("/answer.json").json()["status"] == 201


def test_a_host_that_is_not_its_own_is_refused(catcher: Catcher) -> None:
    answer = catcher.client().get("/", headers={"Host": "evil.example"})

    assert answer.status_code == 400


def test_the_form_says_what_is_wrong(catcher: Catcher) -> None:
    client = catcher.client()
    token = form_token(client)

    refused = client.post(
        "/answer/",
        data={"status": "201", "delay_seconds": "99", "calls": "0", "csrfmiddlewaretoken": token},
        headers={"Referer": catcher.url},
    )

    assert refused.status_code == 422
    assert "less than or equal to 60" in refused.text


def form_token(client: httpx.Client) -> str:
    page = client.get("/").text
    return page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
