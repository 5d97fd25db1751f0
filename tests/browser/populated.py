"""Rows for the pages: enough of each to fill a page of a list, and what makes a cell long."""

from datetime import timedelta
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from accounts.actors import UserActor
from audit.services import record
from dip_portal.lib.environment import PORTALS
from jobs.models import Job, JobItem
from mail.services import queue
from organisations.actors import actor_for
from organisations.roles import DipRoleCode, Role
from promotion.extract import extract_companies
from promotion.models import Extract, Import
from promotion.receive import receive_all
from tests import factories
from tests.access.walk import World

LONG = "Anne-Sophie-Wilhelmina Featherstonehaugh-Cholmondeley"


def fill(world: World) -> None:
    """Fill the company, and what the DIP Manager sees."""
    company = world.company
    today = timezone.now().date()
    mpid = company.mpids.get()
    for role in list(DipRoleCode)[:12]:
        if not mpid.dip_ids.filter(dip_role_code=role).exists():
            factories.dip_id(mpid=mpid, role=role, dates_set=role != DipRoleCode.REGS)
    for number, days in enumerate([0, 5, 20, *[300] * 10]):
        factories.membership(
            user=factories.user(
                first_name=LONG.split(maxsplit=1)[0], last_name=f"{LONG.split()[1]} {number}",
                email=f"a.rather.long.address.of.number.{number}@superenergy.example",
            ),
            organisation=company,
            roles=list(Role),
            expires_date=today + timedelta(days=days),
        )  # fmt: skip
    for dip_id in list(mpid.dip_ids.all())[:3]:
        factories.webhook(dip_id=dip_id, url=f"https://hooks.example/{'a-long-path/' * 12}")
    finish_test_event(world)
    factories.invitation(organisation=company, expires_at=timezone.now() + timedelta(seconds=1))
    factories.company(name="Super Energy Child Ltd", parent=company)
    person = world.people["user_admin"]
    for number in range(30):
        factories.company(name=f"Company of the Rather Long Name Number {number} plc")
        record(
            actor=UserActor(user_id=person.pk, label=str(person), address="2001:db8::ff00:42:8329"),
            action="organisation:edit",
            subject=company,
            before={"name": "Old", "description": "An unbreakableword" * 8},
            after={"name": "New", "description": "Text " * 60},
            organisation_id=company.pk,
        )
        queue(to=f"person{number}@superenergy.example", template="security_notice", context={})
        factories.failed_call(dip_id=world.dip_id)
    job = Job.objects.create(
        kind="promotion.extract", label="30 companies", total=30, done=20, refused=5, failed=1,
        state=Job.State.RUNNING, created_at=timezone.now(), actor_label=LONG, correlation_id="a",
        outcomes={"extracted": 14, "unchanged": 1},
    )  # fmt: skip
    JobItem.objects.bulk_create(
        JobItem(
            job=job, position=number, label=f"Company {number}",
            state=list(JobItem.State)[number % 4], outcome="extracted", message="Text " * 20,
        )
        for number in range(30)
    )  # fmt: skip


def finish_test_event(world: World) -> None:
    """Let the test event of the world be done, with everything that a page can show of one."""
    test = world.webhook_test
    test.state, test.finished_at = "FAILED", timezone.now()
    test.result = {
        "advice": "The webhook answered 404: the DIP would not send the messages again by itself.",
        "address": "2001:db8::ff00:42:8329",
        "timing": {"name": 1.2, "connection": 3.4, "tls": 56.7, "answer": 89.1},
        "tls": {"protocol": "TLSv1.3", "names": "hooks.example, " * 20, "valid to": "2027-01-01"},
        "request_headers": {"X-DIP-Signature": "A" * 344, "Content-Type": "application/json"},
        "status": 404,
        "answer_headers": {"Server": "a server"},
        "answer": "Not here. " * 40,
    }
    test.save()


def promote(world: World, settings: Any) -> None:
    """Extract the company in UIT, and take the extract in in Production."""
    actor = actor_for(world.people["dip_manager"], day=timezone.now().date())
    here = settings.DIP_ENVIRONMENT
    for settings.DIP_ENVIRONMENT in PORTALS:
        call_command("publish_key", stdout=StringIO())
    settings.DIP_ENVIRONMENT = "uit"
    with transaction.atomic():
        extract_companies(actor=actor, organisations=[world.company.pk], now=timezone.now())
    settings.DIP_ENVIRONMENT = "production"
    with transaction.atomic():
        receive_all(
            actor=actor,
            files=[Extract.objects.get().file.encode()],
            via=Import.Via.UPLOAD,
            now=timezone.now(),
        )
    settings.DIP_ENVIRONMENT = here


def further_pages(world: World, who: str, environment: str) -> list[str]:
    """Return pages that no row of the access tables asks for in this state."""
    company = f"/organisations/{world.company.pk}/"
    if who == "dip_manager":
        job = Job.objects.get(label="30 companies")
        lists = ["/organisations/?show=all", "/organisations/?q=nothing-like-this", "/audit/"]
        keys = (
            [f"extracts/{Extract.objects.get().pk}/"]
            if environment == "uit"
            else [f"imports/{Import.objects.get().pk}/{page}" for page in ("", "discard/")]
        )
        promotion = [f"/admin/promotion/{key}" for key in keys]
        return [f"/admin/jobs/job/{job.pk}/", *promotion, *lists, company, f"{company}members/"]
    if who == "user_admin":
        return [
            f"{company}members/?q=nothing-like-this",
            f"{company}members/?show=all",
            f"{company}failed-calls/?q=nothing-like-this",
            f"{company}failed-calls/{world.failed_call.pk}/?signed=POST;https://uit",
            "/nowhere/",
        ]
    if who == "message_admin":
        return [f"{company}channels/?show=all", f"{company}channels/?q=nothing-like-this"]
    return ["/nowhere/"]
