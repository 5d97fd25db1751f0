"""The promotion as the DIP Manager does it: through the pages, and the jobs they start."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from jobs.models import Job, JobItem
from jobs.runner import run
from mail.models import OutgoingMail
from organisations.models import Invitation, Organisation
from organisations.roles import Role
from promotion.models import Extract, Import
from tests import factories
from tests.promotion import setups

pytestmark = pytest.mark.django_db
PIPELINE = "/admin/promotion/"


def finish(answer: Any) -> Job:
    """Do the job whose progress page an answer leads to, as a worker would."""
    assert answer.status_code == 302, answer.content.decode()
    [key] = re.findall(r"[0-9a-f-]{36}", answer["Location"])
    run(key)
    return Job.objects.get(pk=key)


@pytest.fixture
def in_uit(be: Callable[[str], None]) -> None:
    be("uit")


@pytest.fixture
def in_production(be: Callable[[str], None]) -> None:
    be("production")


@pytest.fixture
def upload(dana_client: Client) -> Callable[..., Any]:
    """Send the upload form with these files."""

    def send(*files: bytes) -> Any:
        named = []
        for n, content in enumerate(files, start=1):
            file = BytesIO(content)
            file.name = f"extract-{n}.json"
            named.append(file)
        return dana_client.post("/admin/promotion/imports/upload/", {"extracts": named})

    return send


def test_the_admin_begins_at_the_pipeline(dana_client: Client) -> None:
    answer = dana_client.get("/admin/")

    assert answer.status_code == 302
    assert answer["Location"] == "/admin/promotion/"


def test_companies_are_extracted_and_what_cannot_be_is_told(
    in_uit: None, dana_client: Client
) -> None:
    approved = factories.company(name="Zephyr Energy")
    factories.pab_approval(organisation=approved)
    other = factories.company(name="Tidepool")

    job = finish(
        dana_client.post("/admin/promotion/extract/", {"company": [approved.pk, other.pk]})
    )

    assert (job.succeeded, job.refused) == (1, 1)
    refused = JobItem.objects.get(state=JobItem.State.REFUSED)
    assert (refused.label, "no PAB approval" in refused.message) == ("Tidepool", True)
    page = dana_client.get(JobItem.objects.get(label="Zephyr Energy").link).content.decode()
    assert "First extract of this company." in page


def test_a_right_that_is_lost_ends_a_job_that_waits(
    in_uit: None, dana: User, dana_client: Client
) -> None:
    company = factories.company(name="Zephyr Energy")
    factories.pab_approval(organisation=company)
    answer = dana_client.post("/admin/promotion/extract/", {"company": company.pk})
    User.objects.filter(pk=dana.pk).update(is_active=False)

    job = finish(answer)

    assert job.refused == 1
    assert "may not do it any more" in JobItem.objects.get().message
    assert not Extract.objects.exists()


def test_choosing_no_company_says_what_to_do(in_uit: None, dana_client: Client) -> None:
    answer = dana_client.post("/admin/promotion/extract/", {"company": ["x"]}, follow=True)

    assert "Choose one or more companies" in answer.content.decode()
    assert not Job.objects.exists()


@pytest.fixture
def extract(in_uit: None, dana_client: Client) -> Extract:
    company = factories.company(name="Zephyr Energy", company_number="01234567")
    factories.pab_approval(organisation=company)
    finish(dana_client.post("/admin/promotion/extract/", {"company": company.pk}))
    return Extract.objects.get()


def test_an_extract_is_downloaded_as_the_signed_file(extract: Extract, dana_client: Client) -> None:
    answer = dana_client.get(f"/admin/promotion/extracts/{extract.pk}/download/")

    assert answer["Content-Disposition"] == 'attachment; filename="01234567-extract-1.json"'
    assert set(json.loads(answer.content)) == {"payload", "protected", "signature"}


def test_an_extract_is_verified_again(extract: Extract, dana_client: Client) -> None:
    where = f"/admin/promotion/extracts/{extract.pk}/verify/"
    assert "Verified:" in dana_client.post(where, follow=True).content.decode()

    Extract.objects.update(file=extract.file.replace('"signature": "', '"signature": "AAAA'))

    assert "does not verify" in dana_client.post(where, follow=True).content.decode()


def test_the_pipeline_of_uit_shows_stages_and_what_is_next(
    in_uit: None, dana_client: Client, extract: Extract
) -> None:
    factories.company(name="Tidepool")
    candidate = factories.company(name="Larkfield")
    factories.pab_approval(organisation=candidate)
    stale = extract.organisation
    Organisation.objects.filter(pk=stale.pk).update(
        setup_changed_at=timezone.now() + timedelta(seconds=1)
    )

    page = dana_client.get(PIPELINE)

    assert {it.name: it.stage_code for it in page.context["page"]} == {
        "Larkfield": "candidate",
        "Tidepool": "not-approved",
        "Zephyr Energy": "out-of-date",
    }
    only = dana_client.get(PIPELINE, {"stage": "candidate"})
    assert [it.name for it in only.context["page"]] == ["Larkfield"]
    assert "Extract the company setup." in only.content.decode()


def test_a_change_of_a_child_makes_the_parents_extract_out_of_date(
    extract: Extract, dana_client: Client
) -> None:
    factories.company(name="Little Zephyr", parent=extract.organisation)

    [row] = dana_client.get(PIPELINE).context["page"]

    assert row.stage_code == "out-of-date"
    finish(dana_client.post("/admin/promotion/extract/", {"company": row.pk}))
    [row] = dana_client.get(PIPELINE).context["page"]
    assert (row.stage_code, row.last_extract_number) == ("extracted", 2)


@pytest.mark.parametrize("search", ["zeph", "01234567", "{mpid}", "{dip_id}"])
def test_companies_are_found_by_name_number_and_identity(
    extract: Extract, dana_client: Client, search: str
) -> None:
    factories.company(name="Somebody Else")
    mpid = extract.organisation.mpids.get()
    text = search.format(mpid=mpid.code, dip_id=mpid.dip_ids.get())

    page = dana_client.get(PIPELINE, {"q": text})

    assert [it.name for it in page.context["page"]] == ["Zephyr Energy"]
    assert "No company found" in dana_client.get(PIPELINE, {"q": "nobody"}).content.decode()


def test_an_uploaded_extract_shows_its_plan_and_is_imported(
    in_production: None, upload: Any, signed: Callable[..., bytes], dana_client: Client
) -> None:
    answer = upload(signed(setups.setup(nomination=setups.nomination())))

    page = dana_client.get(answer["Location"])
    text = page.content.decode()
    assert "DIP ID 2312345678 of MPID SUPR" in text
    assert "/setup/company/whitelisted_domains/0" in text
    assert "completes by itself" in text
    assert not Organisation.objects.exists()
    row = Import.objects.get()
    plan = page.context["plan"].fingerprint
    job = finish(
        dana_client.post("/admin/promotion/imports/apply/", {"import": f"{row.pk}:{plan}"})
    )
    assert job.outcomes == {"imported": 1}
    company = Organisation.objects.get()
    text = dana_client.get(f"/admin/promotion/companies/{company.pk}/").content.decode()
    assert "1 of 1 DIP ID not operational" in text
    assert "Dana Doe imported the company setup of Super Energy Co" in text
    again = dana_client.get(f"/admin/promotion/imports/{row.pk}/").content.decode()
    assert "What the import did" in again


def test_a_conflict_is_shown_with_its_place_and_cannot_be_imported(
    in_production: None, upload: Any, signed: Callable[..., bytes], dana_client: Client
) -> None:
    factories.company(name="Bright Grid", roles=[]).mpids.create(code="SUPR")

    page = dana_client.get(upload(signed(setups.setup()))["Location"]).content.decode()

    assert "1 conflict: this extract cannot be imported" in page
    assert "MPID SUPR is held by Bright Grid" in page
    assert "/setup/company/mpids/0/mpid" in page
    assert "/imports/apply/" not in page
    assert "Choose all" not in dana_client.get("/admin/promotion/imports/").content.decode()


def test_several_files_are_taken_or_refused_one_by_one(
    in_production: None, upload: Any, signed: Callable[..., bytes]
) -> None:
    good = signed(setups.setup())

    answer = upload(good, b"PK\x03\x04 a zip", good.replace(b"a", b"b"))

    text = answer.content.decode()
    assert answer.status_code == 422
    assert "2 files refused" in text
    assert "extract-2.json" in text
    assert "1 extract is here" in text
    assert f'href="/admin/promotion/imports/{Import.objects.get().pk}/"' in text


def test_an_extract_that_is_uploaded_three_times_is_taken_in_once(
    in_production: None, upload: Any, signed: Callable[..., bytes], dana_client: Client
) -> None:
    same = signed(setups.setup())

    answer = upload(same, same, same)

    row = Import.objects.get()
    assert answer["Location"] == f"/admin/promotion/imports/{row.pk}/"
    page = dana_client.get(answer["Location"]).content.decode()
    assert "The 3 files hold the same extract, which was taken in once." in page


def test_an_extract_that_waits_already_is_not_taken_in_again(
    in_production: None, upload: Any, signed: Callable[..., bytes], dana_client: Client
) -> None:
    first = signed(setups.setup())
    upload(first)

    page = dana_client.get(upload(first)["Location"]).content.decode()

    assert "This extract is here already and waits to be imported." in page
    assert Import.objects.count() == 1


def test_of_several_files_it_says_what_is_new_what_is_here_and_what_is_twice(
    in_production: None, upload: Any, signed: Callable[..., bytes], dana_client: Client
) -> None:
    first = signed(setups.setup())
    other = signed(setups.setup(company_number="00000001", name="Other Ltd", mpids=[]))
    upload(first)

    answer = upload(first, other, other, b"nonsense")

    text = " ".join(answer.content.decode().split())
    new = Import.objects.get(company_number="00000001")
    assert "2 extracts are here" in text
    assert "1 extract was taken in. 1 extract is here already." in text
    assert f'<a href="/admin/promotion/imports/{new.pk}/">Extract of Other Ltd' in text
    assert "1 file held an extract that another of them held too." in text
    page = dana_client.get(upload(first, other)["Location"]).content.decode()
    assert "2 extracts are here already." in page


def test_an_older_extract_of_the_same_upload_is_said_to_be_superseded(
    in_production: None, upload: Any, signed: Callable[..., bytes], dana_client: Client
) -> None:
    now = timezone.now()
    older = signed(setups.setup(), at=now - timedelta(hours=1))
    newer = signed(setups.setup(description="Newer."), at=now)

    page = dana_client.get(upload(older, newer)["Location"]).content.decode()

    assert "1 extract was taken in. 1 is superseded by a newer one of its company." in page


@pytest.mark.parametrize("content", [b"", None])
def test_an_upload_of_nothing_says_what_to_do(
    in_production: None, upload: Any, dana_client: Client, content: bytes | None
) -> None:
    answer = upload() if content is None else upload(content)

    assert answer.status_code == 422
    assert re.search("Choose the file|This file is empty", answer.content.decode())


def test_a_batch_goes_on_past_a_bad_company(
    in_production: None, upload: Any, signed: Callable[..., bytes], dana_client: Client
) -> None:
    def one(n: int) -> bytes:
        return signed(
            setups.setup(
                company_number=f"{n:08d}",
                name=f"Company {n}",
                mpids=[setups.mpid("SAME" if n > 2 else f"MP0{n}", setups.dip_id(f"23{n:08d}"))],
            )
        )

    upload(*(one(n) for n in range(1, 5)))  # 3 and 4 want the same MPID
    listed = dana_client.get("/admin/promotion/imports/")
    assert "Choose all" in listed.content.decode()
    rows = listed.context["rows"]
    chosen = [f"{row.pk}:{plan.fingerprint}" for row, plan, _ in rows]

    job = finish(dana_client.post("/admin/promotion/imports/apply/", {"import": chosen}))

    assert job.outcomes == {"imported": 3, "refused": 1}
    assert Organisation.objects.count() == 3
    assert "MPID SAME is held by" in JobItem.objects.get(state="REFUSED").message


def test_discarding_asks_first(
    in_production: None, upload: Any, signed: Callable[..., bytes], dana_client: Client
) -> None:
    upload(signed(setups.setup()))
    where = f"/admin/promotion/imports/{Import.objects.get().pk}/discard/"

    assert "Keep it" in dana_client.get(where).content.decode()
    assert Import.objects.get().is_waiting
    dana_client.post(where)

    assert Import.objects.get().state == Import.State.DISCARDED
    answer = dana_client.post(where, follow=True)
    assert "decided already" in answer.content.decode()


@pytest.fixture
def company(in_production: None) -> Organisation:  # the tests' usual company, in Production
    return factories.company(name="Super Energy Co", domains=["superenergy.example"])


def invitation_form(**changes: str) -> dict[str, str]:
    return {
        "first_name": "Priya",
        "last_name": "Nair",
        "email": "priya@superenergy.example",
        **changes,
    }


def test_the_primary_user_admin_is_invited_sent_again_replaced_and_revoked(
    company: Organisation, dana_client: Client
) -> None:
    where = f"/admin/promotion/companies/{company.pk}/"
    assert "superenergy.example" in dana_client.get(f"{where}invite/").content.decode()

    dana_client.post(f"{where}invite/", invitation_form())
    page = dana_client.get(where).content.decode()
    assert "Priya Nair, priya@superenergy.example" in page
    assert "Send again" in page

    dana_client.post(f"{where}invitation/resend/")
    assert OutgoingMail.objects.filter(to="priya@superenergy.example").count() == 2
    dana_client.post(
        f"{where}invitation/replace/", invitation_form(email="omar@superenergy.example")
    )
    assert Invitation.objects.get(revoked_at=None).email == "omar@superenergy.example"
    assert "Keep it" in dana_client.get(f"{where}invitation/revoke/").content.decode()
    dana_client.post(f"{where}invitation/revoke/")

    assert not Invitation.objects.filter(revoked_at=None).exists()
    assert dana_client.post(f"{where}invitation/resend/").status_code == 404
    history = dana_client.get(where).content.decode()
    for words in ("sent an invitation to", "sent the invitation again", "replaced", "revoked"):
        assert words in history


def test_an_address_outside_the_whitelist_is_refused_beside_the_field(
    company: Organisation, dana_client: Client
) -> None:
    answer = dana_client.post(
        f"/admin/promotion/companies/{company.pk}/invite/",
        invitation_form(email="priya@evil.example"),
    )

    assert answer.status_code == 422
    assert "email" in answer.context["form"].errors
    assert "Whitelist the domain first" in answer.content.decode()
    assert "contact the DIP Manager" not in answer.content.decode()
    assert not Invitation.objects.exists()


def test_the_pipeline_of_production_shows_stages(
    company: Organisation, dana_client: Client
) -> None:
    now = timezone.now()

    def invited(name: str, **fields: Any) -> Organisation:
        other = factories.company(name=name)
        factories.invitation(
            organisation=other, is_primary=True, sent_at=now - timedelta(days=9), **fields
        )
        factories.invitation(organisation=other)  # of another member: counts for nothing
        return other

    invited("Invited")
    invited("Expired", expires_at=now - timedelta(days=1))
    factories.membership(
        user=factories.user(),
        organisation=invited("Accepted", accepted_at=now),
        roles=[Role.USER_ADMIN],
    )
    invited("Revoked", revoked_at=now)

    page = dana_client.get(PIPELINE)

    assert {it.name: it.stage_code for it in page.context["page"]} == {
        "Super Energy Co": "imported",
        "Invited": "invited",
        "Expired": "expired",
        "Accepted": "accepted",
        "Revoked": "imported",
    }
    assert [(stage.code, n) for stage, n in page.context["stages"]] == [
        ("imported", 2), ("invited", 1), ("undelivered", 0), ("expired", 1),
        ("accepted", 1), ("left", 0), ("onboarded", 0),
    ]  # fmt: skip


def test_a_company_tells_when_its_invitation_expired(
    company: Organisation, dana_client: Client
) -> None:
    page = f"/admin/promotion/companies/{company.pk}/"
    ends = datetime(2026, 1, 4, 10, 6, tzinfo=UTC)
    invited = factories.invitation(organisation=company, is_primary=True)
    assert "until" in dana_client.get(page).content.decode()

    Invitation.objects.filter(pk=invited.pk).update(sent_at=ends - timedelta(7), expires_at=ends)

    shown = " ".join(dana_client.get(page).content.decode().split())
    assert "Expired</span> on 4 January 2026, 10:06 UTC" in shown


@pytest.mark.parametrize("name", ["uit", "production"])
@pytest.mark.parametrize("path", [PIPELINE, "/admin/promotion/{list}/"])
def test_lists_ask_the_same_number_of_queries_for_many_rows(
    be: Callable[[str], None],
    dana_client: Client,
    signed: Callable[..., bytes],
    upload: Any,
    django_assert_num_queries: Any,
    name: str,
    path: str,
) -> None:
    be(name)
    path = path.format(list="extracts" if name == "uit" else "imports")

    def add(first: int, last: int) -> None:
        for _ in range(first, last):
            company = factories.company(domains=["a.example"])
            factories.pab_approval(organisation=company)
        if name == "uit":
            keys = list(Organisation.objects.values_list("pk", flat=True))
            finish(dana_client.post("/admin/promotion/extract/", {"company": keys}))
        else:
            upload(
                *(
                    signed(setups.setup(company_number=f"{n:08d}", name=f"New {n}", mpids=[]))
                    for n in range(first + 500_000, last + 500_000)
                )
            )

    add(0, 2)
    with CountQueries() as few:
        dana_client.get(path)
    add(2, 20)

    with django_assert_num_queries(few.count):
        dana_client.get(path)


class CountQueries:
    """Counts the queries of a block."""

    def __enter__(self) -> "CountQueries":
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        self._capture = CaptureQueriesContext(connection)
        self._capture.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._capture.__exit__(*error)
        self.count = len(self._capture)
