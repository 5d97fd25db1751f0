"""The command `demonstrate_promotion --step extract|import|invite`, as `make run` calls it."""

import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from jobs.models import Job, JobItem
from jobs.services import start
from mail.models import OutgoingMail
from organisations.models import DipId, Organisation
from organisations.services.dip_ids import set_effective_dates
from organisations.services.invitations import mail_state_of, send_invitation
from promotion import queries
from promotion.apply import summary_of
from promotion.errors import UnableToFetch
from promotion.fetch import CandidateExtract, fetch_candidates
from promotion.models import Import
from promotion.receive import document_of, plans_for
from scenarios.demonstration import shown
from scenarios.people import manager_actor

WAIT_SECONDS = 60
COMPANY, INVITED = shown()


class Command(BaseCommand):
    """Carries one company through one of the DIP Manager's three tasks, and says what happens.

    The work itself is done by this environment's worker. A second time there is nothing
    left to do, and it says so.
    """

    help = "Carry the demonstration company through one step of the promotion."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the step."""
        parser.add_argument("--step", required=True, choices=["extract", "import", "invite"])

    def handle(self, *args: Any, **options: Any) -> None:
        """Take the step."""
        {"extract": self._extract, "import": self._import, "invite": self._invite}[
            options["step"]
        ]()

    def _extract(self) -> None:
        company = Organisation.objects.get(company_number=COMPANY.number)
        self._say(f"1. Extract the setup of {company} from UIT")
        item = self._run("promotion.extract", str(company), {"organisation": company.pk})
        self._say(f"   {item.message} {settings.PUBLIC_URL}{item.link}")

    def _import(self) -> None:
        self._say("2. Import the extract into Production")
        offer = self._offer()
        here = Organisation.objects.filter(company_number=offer.company_number).first()
        if here is not None and here.imports.filter(setup_digest=offer.setup_digest).exists():
            self._say(f"   {here} is in Production already, as the extract says.")
            return
        item = self._run("promotion.fetch", offer.company_name, {"extract": str(offer.extract)})
        self._say(f"   Fetched from UIT. {item.message}")
        row = Import.objects.get(company_number=offer.company_number, state=Import.State.RECEIVED)
        [plan] = plans_for([document_of(row)])
        self._say(f"   Plan: {summary_of(plan)}.")
        for step in plan.notes:
            self._say(f"   {step.text}. {step.remedy}")
        item = self._run(
            "promotion.import", str(row), {"import": str(row.pk), "plan": plan.fingerprint}
        )
        self._say(f"   Imported: {item.message}.")
        self._set_effective_dates()

    def _set_effective_dates(self) -> None:
        now = timezone.now()
        dip_ids = list(
            DipId.objects.filter(
                mpid__organisation__company_number=COMPANY.number,
                effective_dates_set_at__isnull=True,
            )
        )
        set_effective_dates(
            actor=manager_actor(),
            dip_ids=dip_ids,
            effective_from_date=now.date(),
            effective_to_date=None,
            now=now,
        )
        self._say(
            f"   Effective from {date_format(now.date())} set for {len(dip_ids)} DIP IDs, "
            "each with two fresh API keys."
        )

    def _invite(self) -> None:
        company = Organisation.objects.get(company_number=COMPANY.number)
        self._say(f"3. Invite {INVITED.first_name} {INVITED.last_name} as Primary User Admin")
        page = settings.PUBLIC_URL + reverse("promotion:company", args=[company.pk])
        staged = queries.pipeline(
            Organisation.objects.filter(pk=company.pk), now=timezone.now()
        ).get()
        if staged.stage_code != queries.IMPORTED.code:
            stage = queries.STAGES[staged.stage_code]
            self._say(f"   {stage.meaning} {stage.next_step} {page}")
            return
        invitation = send_invitation(
            actor=manager_actor(),
            organisation=company,
            first_name=INVITED.first_name,
            last_name=INVITED.last_name,
            email=INVITED.email,
            now=timezone.now(),
        )
        mail = self._wait_for_mail(mail_state_of(invitation))
        self._say(f"   E-mail to {INVITED.email}: {mail.get_state_display().lower()}.")
        if settings.SHOW_SENT_MAIL:
            mails = settings.PUBLIC_URL + reverse("admin:operations_sent_mails")
            self._say(f"   Read it as DIP Manager and follow its link: {mails}")

    def _offer(self) -> CandidateExtract:
        try:
            offers = fetch_candidates()
        except UnableToFetch as error:
            raise CommandError(str(error)) from error
        for offer in offers:
            if offer.company_number == COMPANY.number:
                return offer
        raise CommandError(f"UIT does not offer an extract of {COMPANY.name}.")

    def _run(self, kind: str, label: str, payload: dict[str, Any]) -> JobItem:
        """Let the worker do a job of one item, wait for it, and return the item."""
        job = start(kind=kind, actor=manager_actor(), items=[(label, payload)])
        deadline = time.monotonic() + WAIT_SECONDS
        while not Job.objects.filter(pk=job.pk, state=Job.State.DONE).exists():
            if time.monotonic() > deadline:
                raise CommandError("The worker did not do the job in time. Does it run?")
            time.sleep(0.2)
        item = JobItem.objects.get(job=job)
        if item.state != JobItem.State.DONE:
            raise CommandError(item.message)
        return item

    def _wait_for_mail(self, mail: OutgoingMail | None) -> OutgoingMail:
        assert mail is not None
        deadline = time.monotonic() + WAIT_SECONDS
        while mail.state == OutgoingMail.State.QUEUED and time.monotonic() < deadline:
            time.sleep(0.2)
            mail.refresh_from_db()
        return mail

    def _say(self, line: str) -> None:
        self.stdout.write(line)
