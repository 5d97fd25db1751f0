"""Members created in bulk, as a User Admin does it: a table, its plan, the job, the report."""

import csv
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from jobs.models import Job, JobItem
from jobs.runner import run
from mail.models import OutgoingMail
from organisations.member_table import read_table
from organisations.models import DipId, Organisation
from organisations.roles import DipRoleCode, Role
from organisations.services import bulk_members
from tests import factories
from tests.conftest import signed_in

HEAD = "First Name,Last Name,Email Address,Roles,DIP IDs\n"
ADMINS = HEAD + "Cora,Cert,cora@superenergy.example,Certificate Admin; Message Admin,ALL\n"


def row(name: str, roles: str = "MP Analytics Reader", dip_ids: str = "ALL") -> str:
    return f"{name},Baker,{name.lower()}@superenergy.example,{roles},{dip_ids}\n"


@pytest.fixture
def url(company: Organisation) -> str:
    return f"/organisations/{company.pk}/members/bulk/"


@pytest.fixture
def plan(alice_client: Client, url: str) -> Callable[..., Any]:
    """Send a table; return the page that answers."""

    def send(text: str, **more: Any) -> Any:
        return alice_client.post(url, {"text": text, **more})

    return send


@pytest.fixture
def create(plan: Any) -> Callable[[str], Job]:
    """Confirm a table, and do the job as a worker would."""

    def go(text: str) -> Job:
        answer = plan(text, confirm="yes")
        assert answer.status_code == 302, answer.content.decode()
        job = Job.objects.latest("created_at")
        assert answer["Location"].endswith(f"/members/bulk/{job.pk}/")
        run(job.pk)
        return Job.objects.get(pk=job.pk)

    return go


@pytest.fixture
def covered(company: Organisation) -> Organisation:
    """Super Energy Co past its first task."""
    factories.membership(
        user=factories.user(email="first@superenergy.example"),
        organisation=company,
        roles=[Role.CERTIFICATE_ADMIN, Role.MESSAGE_ADMIN],
    )
    return company


def refusals(answer: Any) -> dict[int, str]:
    """Return the refusal of each line of a plan; empty for those that can be created."""
    return {one.line.number: one.refusal for one in answer.context["page"]}


def outcomes(job: Job) -> list[tuple[str, str]]:
    return [(item.payload["first_name"], item.state) for item in job.items.order_by("position")]


def test_the_plan_tells_of_each_row_and_does_nothing(
    plan: Any, covered: Organisation, dana: User
) -> None:
    member = factories.user(email="mia@superenergy.example")
    factories.membership(user=member, organisation=covered, roles=[Role.ANALYTICS_READER])
    factories.invitation(organisation=covered, email="ina@superenergy.example")
    factories.user(email="dan@superenergy.example", is_dip_manager=True)
    other = factories.dip_id(mpid=factories.company().mpids.get(), role=DipRoleCode.MDR)
    own = DipId.objects.get(mpid__organisation=covered)

    answer = plan(
        HEAD
        + row("Ben", dip_ids=str(own))
        + row("Mia")
        + row("Ina")
        + row("BEN")
        + row("Eve").replace("superenergy", "elsewhere")
        + row("Dan")
        + row("Odd", roles="Boss")
        + row("Far", dip_ids=str(other))
        + row("x" * 101)
        + row("Nul").replace("nul@", "nul at ")
        + row("Zoe")
    )

    found = refusals(answer)
    assert [number for number, reason in found.items() if not reason] == [2, 12]
    for line, says in {
        3: "is a member of Super Energy Co already",
        4: "has an open invitation already",
        5: "Line 2 has the same e-mail address",
        6: "is not a whitelisted domain",
        7: "A DIP Manager cannot be a member",
        8: "“Boss” is no role",
        9: f"{other} is no DIP ID of Super Energy Co",
        10: "at most 100 characters",
        11: "Enter a valid e-mail address",
    }.items():
        assert says in found[line], line
    page = answer.content.decode()
    assert "Create 2 members" in page
    assert "<strong>9</strong> are refused" in page
    assert not Job.objects.exists()
    assert covered.invitations.count() == 1


def test_confirmed_rows_are_invited_and_bad_ones_stop_nobody(
    create: Any, covered: Organisation, alice: User
) -> None:
    own = DipId.objects.get(mpid__organisation=covered)

    job = create(HEAD + row("Ben", "User Admin", str(own)) + row("Odd", "Boss") + row("Zoë"))

    assert (job.succeeded, job.refused, job.failed) == (1, 2, 0)
    [invitation] = covered.invitations.all()
    assert invitation.email == "ben@superenergy.example"
    assert invitation.roles == {Role.USER_ADMIN}
    assert list(invitation.dip_ids.all()) == [own]
    assert OutgoingMail.objects.get().to == "ben@superenergy.example"
    assert OutgoingMail.objects.get().text.count("Alice Doe") == 1
    trail = Event.objects.filter(organisation_id=covered.pk).order_by("pk")
    assert [str(event) for event in trail] == [
        "Alice Doe member:create_in_bulk Super Energy Co",
        "Alice Doe member:create Ben Baker <ben@superenergy.example>",
    ]


def test_the_first_two_admins_are_created_before_the_others(
    create: Any, plan: Any, company: Organisation
) -> None:
    text = HEAD + row("Ann") + row("Cora", "Cert Admin") + row("Max", "Message Admin")

    assert set(refusals(plan(text)).values()) == {""}
    job = create(text)

    assert outcomes(job) == [("Cora", "DONE"), ("Max", "DONE"), ("Ann", "DONE")]


def test_others_wait_for_an_admin_whom_nobody_brings(plan: Any, company: Organisation) -> None:
    answer = plan(HEAD + row("Ann") + row("Cora", "Cert Admin") + row("Cleo", "Cert Admin"))

    found = refusals(answer)
    assert found[3] == ""
    for line in (2, 4):
        assert found[line].startswith("A MP Message Admin is to be created first")


def test_a_table_confirmed_twice_invites_nobody_twice(create: Any, covered: Organisation) -> None:
    text = HEAD + row("Ben") + row("Zoe")
    planned = read_table(text)
    alice = User.objects.get(email="alice@superenergy.example")

    first = create(text)
    second = start_past_the_plan(alice, covered, planned)

    assert (first.succeeded, second.succeeded, second.refused) == (2, 0, 2)
    assert covered.invitations.count() == 2
    assert "open invitation" in JobItem.objects.filter(job=second)[0].message


def start_past_the_plan(alice: User, company: Organisation, lines: Any) -> Job:
    """Start a job whose rows the other click has created meanwhile."""
    from jobs import services
    from organisations.actors import actor_for

    rows = [bulk_members.Planned(line=line, email=line.email) for line in lines]
    job = services.start(
        kind=bulk_members.KIND,
        actor=actor_for(alice, day=timezone.now().date()),
        items=[(row.email, bulk_members._payload(company, row)) for row in rows],
        back=bulk_members.members_page(company),
    )
    run(job.pk)
    return Job.objects.get(pk=job.pk)


def test_nothing_left_to_create_shows_the_plan_again(plan: Any, covered: Organisation) -> None:
    text = HEAD + row("Ben")
    plan(text)
    factories.invitation(organisation=covered, email="ben@superenergy.example")

    answer = plan(text, confirm="yes")

    assert "Nobody in this table can be created." in answer.content.decode()
    assert not Job.objects.exists()


def test_a_right_lost_meanwhile_ends_the_job(
    plan: Any, covered: Organisation, alice: User, now: Any
) -> None:
    plan(HEAD + row("Ben") + row("Zoe"), confirm="yes")
    alice.memberships.update(offboarded_at=now)

    run(Job.objects.get().pk)

    assert not covered.invitations.exists()
    assert Job.objects.get().refused == 2
    assert "may not do it any more" in JobItem.objects.all()[0].message


def test_progress_and_report_are_for_whoever_started_it(
    create: Any, alice_client: Client, dana_client: Client, covered: Organisation
) -> None:
    job = create(HEAD + row("Zoe", "Boss") + row("Ben") + row("Max"))
    page = f"/organisations/{covered.pk}/members/bulk/{job.pk}/"
    second = factories.user()
    factories.membership(user=second, organisation=covered, roles=[Role.USER_ADMIN])

    text = alice_client.get(page).content.decode()
    assert "2 invited, 1 refused." in text
    assert "hx-get" not in text
    only = alice_client.get(f"{page}?state=REFUSED").content.decode()
    assert "zoe@superenergy.example" in only
    assert "ben@superenergy.example" not in only
    live = alice_client.get(page, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in live
    rows = list(csv.DictReader(b"".join(alice_client.get(f"{page}report/")).decode().splitlines()))
    assert [(one["Line"], one["First Name"], one["Outcome"]) for one in rows] == [
        ("2", "Zoe", "refused"),
        ("3", "Ben", "invited"),
        ("4", "Max", "invited"),
    ]
    assert "“Boss” is no role" in rows[0]["Reason"]

    for client in (signed_in(second), signed_in(factories.user())):
        for url in (page, f"{page}report/"):
            assert client.get(url).status_code == 404
    assert dana_client.get(page).status_code == 403
    assert dana_client.get(f"/admin/jobs/job/{job.pk}/").status_code == 200


def test_a_job_of_another_company_is_not_there(
    create: Any, alice_client: Client, alice: User, covered: Organisation
) -> None:
    job = create(HEAD + row("Ben"))
    second = factories.company(name="Second Ltd")
    factories.membership(user=alice, organisation=second, roles=[Role.USER_ADMIN])
    factories.pass_gates(alice)

    assert alice_client.get(f"/organisations/{second.pk}/members/bulk/{job.pk}/").status_code == 404


def test_a_running_job_asks_for_itself_again(
    plan: Any, alice_client: Client, covered: Organisation
) -> None:
    address = plan(HEAD + row("Ben"), confirm="yes")["Location"]

    text = alice_client.get(address).content.decode()

    assert f'hx-get="{address}"' in text
    assert "0 of 1 finished" in text
    assert "load this page again" in text


@pytest.mark.parametrize("name", ["members.csv", "x.txt"])
def test_a_file_is_as_good_as_a_pasted_table(
    alice_client: Client, url: str, covered: Organisation, name: str
) -> None:
    file = BytesIO(b"\xef\xbb\xbf" + (HEAD + row("Zoë", dip_ids="all")).encode())
    file.name = name

    page = alice_client.post(url, {"file": file}).content.decode()

    assert "Zoë Baker" in page
    assert '<input type="hidden" name="text" value="First Name,Last Name' in page


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({}, "Paste a table, or choose a file."),
        ({"text": "x", "file": b"y"}, "Paste a table or choose a file, not both."),
        ({"file": b""}, "There is nothing in this table."),
        ({"file": b"\xff\xfea"}, "UTF-16"),
        ({"file": b"a,\xe9"}, "not in UTF-8"),
        ({"file": b"\x00\x01"}, "This is no text"),
        ({"file": b"x" * (1024 * 1024 + 1)}, "more than 1 MiB"),
        ({"text": "Name,Role\nBen,Boss"}, "not found: First Name"),
    ],
    ids=range(8),
)
def test_what_is_no_table_is_refused_beside_its_field(
    alice_client: Client, url: str, said: dict[str, Any], says: str
) -> None:
    if "file" in said:
        said["file"] = BytesIO(said["file"])
        said["file"].name = "members.csv"

    answer = alice_client.post(url, said)

    assert answer.status_code == 200
    assert says in answer.content.decode()


def test_the_plan_comes_in_pages_and_by_verdict(plan: Any, covered: Organisation) -> None:
    text = HEAD + "".join(row(f"P{number}") for number in range(60)) + row("Odd", "Boss")

    assert len(refusals(plan(text))) == 50
    assert len(refusals(plan(text, page="2"))) == 11
    assert list(refusals(plan(text, show="refused"))) == [62]
    assert len(refusals(plan(text, shown="valid", page="2"))) == 10
    assert len(refusals(plan(text, show="nonsense", page="x"))) == 50


def test_the_plan_of_many_rows_takes_as_few_queries_as_that_of_one(
    covered: Organisation, now: Any, django_assert_num_queries: Any
) -> None:
    for number in (1, 300):
        lines = read_table(HEAD + "".join(row(f"P{one}") for one in range(number)))
        with django_assert_num_queries(8):
            bulk_members.plan(organisation=covered, lines=lines, now=now)


def test_the_template_can_be_sent_back(alice_client: Client, url: str, plan: Any) -> None:
    text = b"".join(alice_client.get(f"{url}template/")).decode()

    found = refusals(plan(text))

    assert all("not a whitelisted domain" in reason for reason in list(found.values())[:1])


def test_an_export_of_members_is_a_table_too(
    alice_client: Client, covered: Organisation, plan: Any
) -> None:
    text = b"".join(alice_client.get(f"/organisations/{covered.pk}/members/export/")).decode()

    found = refusals(plan(text))

    assert len(found) == 2
    assert all("is a member of Super Energy Co already" in reason for reason in found.values())


def test_members_leads_there_whoever_may(
    alice_client: Client, dana_client: Client, covered: Organisation, url: str
) -> None:
    members = f"/organisations/{covered.pk}/members/"

    assert f'href="{url}"' in alice_client.get(members).content.decode()
    assert url not in dana_client.get(members).content.decode()
    assert dana_client.get(url).status_code == 403
