"""Create members in bulk: a table, the plan of it row by row, and the progress of the job."""

from typing import Any, ClassVar

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails

from dip_portal.lib import clock
from dip_portal.lib.spreadsheet import csv_response
from jobs.models import Job, JobItem
from jobs.standing import ITEM_TONES, is_waiting_long, standing_of, tabs
from organisations.forms.bulk_members import MemberTableForm
from organisations.http import OrganisationView
from organisations.member_table import HEADINGS, TEMPLATE_ROWS, UnableToReadTable
from organisations.policies import Action, Stranger
from organisations.roles import Role
from organisations.services import bulk_members

PAGE_SIZE = 50
REPORT_COLUMNS = ["Line", *HEADINGS, "Outcome", "Reason"]


class BulkMembersView(OrganisationView):
    """Ask for a table, show its plan, and start the job once that is confirmed.

    Nothing is kept between the steps: each page of the plan carries the table along.
    """

    action: ClassVar[Action] = Action.MEMBER_CREATE

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._ask(request, MemberTableForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = MemberTableForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._ask(request, form)
        if "confirm" not in request.POST:
            return self._show_plan(request, form)
        try:
            job = bulk_members.start(
                actor=self.actor,
                organisation=self.organisation,
                lines=form.lines,
                now=clock.now(),
            )
        except UnableToReadTable:  # what could be created when it was shown, cannot any more
            return self._show_plan(request, form)
        return redirect("organisations:bulk_members_progress", pk=pk, job_id=job.pk)

    def _ask(self, request: HttpRequest, form: MemberTableForm) -> HttpResponse:
        context = {
            "title": "Create members in bulk",
            "company": self.organisation,
            "form": form,
            "headings": HEADINGS,
            "roles": [role.label for role in Role],
        }
        return render(request, "organisations/members/bulk.html", context)

    def _show_plan(self, request: HttpRequest, form: MemberTableForm) -> HttpResponse:
        rows = bulk_members.plan(organisation=self.organisation, lines=form.lines, now=clock.now())
        refused = [row for row in rows if row.refusal]
        shown = {"refused": refused, "valid": [row for row in rows if not row.refusal]}
        state = request.POST.get("show", request.POST.get("shown", ""))
        paginator = Paginator(shown.get(state, rows), PAGE_SIZE)
        page = paginator.get_page(request.POST.get("page"))
        context = {
            "title": "Create members in bulk",
            "company": self.organisation,
            "table": form.table,
            "valid": len(rows) - len(refused),
            "refused": len(refused),
            "state": state if state in shown else "",
            "tabs": [
                ("", "All", len(rows)),
                ("valid", "Can be created", len(rows) - len(refused)),
                ("refused", "Refused", len(refused)),
            ],
            "page": page,
            "numbers": paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        }
        return render(request, "organisations/members/bulk_plan.html", context)


class TemplateView(OrganisationView):
    """A table to fill in, with the headings and two people as an example."""

    action: ClassVar[Action] = Action.MEMBER_CREATE

    def get(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        headings, *people = TEMPLATE_ROWS
        return csv_response("members-template", headings, people)


class StartedJobView(OrganisationView, is_base=True):
    """A job of creating members of this company that the person started themselves."""

    job: Job

    def load(self, **kwargs: Any) -> None:
        """Load company and job; another's job is not there."""
        super().load(**kwargs)
        job = Job.objects.filter(
            pk=kwargs["job_id"],
            kind=bulk_members.KIND,
            back=bulk_members.members_page(self.organisation),
            actor_user_id=self.actor.user_id,
        ).first()
        if job is None:
            raise Stranger
        self.job = job


class ProgressView(StartedJobView):
    """How far the job is, and what became of each row; htmx asks again every second."""

    action: ClassVar[Action] = Action.MEMBER_CREATE

    def get(self, request: HttpRequest, pk: int, job_id: object) -> HttpResponse:
        state = request.GET.get("state", "")
        items = JobItem.objects.filter(job=self.job).defer("payload").order_by("position")
        if state in JobItem.State.values:
            items = items.filter(state=state)
        page = Paginator(items, PAGE_SIZE).get_page(request.GET.get("page"))
        is_live = bool(HtmxDetails(request))
        context = {
            "title": "Create members in bulk",
            "company": self.organisation,
            "job": self.job,
            "standing": standing_of(self.job),
            "is_waiting_long": is_waiting_long(self.job, now=timezone.now()),
            "tabs": tabs(self.job),
            "state": state,
            "page": page,
            "rows": [(item, ITEM_TONES[item.state]) for item in page],
            "live_query": request.GET.urlencode(),
        }
        name = "partials/bulk_live.html" if is_live else "bulk_progress.html"
        response = render(request, f"organisations/members/{name}", context)
        patch_vary_headers(response, ["HX-Request"])
        return response


class ReportView(StartedJobView):
    """What became of each row, as CSV, in the order of the table."""

    action: ClassVar[Action] = Action.MEMBER_CREATE

    def get(self, request: HttpRequest, pk: int, job_id: object) -> StreamingHttpResponse:
        items = sorted(self.job.items.all(), key=lambda item: int(item.payload["line"]))
        return csv_response("members-report", REPORT_COLUMNS, map(_report_row, items))


def _report_row(item: JobItem) -> list[Any]:
    said = item.payload
    return [
        said["line"],
        said["first_name"],
        said["last_name"],
        said["email"],
        "; ".join(str(Role(code).label) for code in said["roles"]),
        "ALL" if said["dip_ids"] is None else "; ".join(said["dip_ids"]),
        item.outcome or item.get_state_display().lower(),
        item.message,
    ]
