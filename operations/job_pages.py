"""Jobs: the list, and a page per job with a live progress bar and what became of each item."""

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails

from jobs import registry
from jobs.models import Job, JobItem
from jobs.operating import stalled
from jobs.standing import ITEM_TONES, is_waiting_long, standing_of, tabs
from organisations.admin_lists import ListAdmin, SearchInput, page_of
from organisations.policies import Action


class JobFilter(django_filters.FilterSet):
    """Which jobs to show."""

    q = django_filters.CharFilter(method="search", label="Search", widget=SearchInput)
    kind = django_filters.ChoiceFilter(
        choices=lambda: list(registry.titles().items()), empty_label="Any", label="Kind"
    )
    state = django_filters.ChoiceFilter(choices=Job.State.choices, empty_label="Any", label="State")
    problems = django_filters.ChoiceFilter(
        method="with_problems",
        choices=[
            ("refused", "Refused items"),
            ("failed", "Failed items"),
            ("stalled", "Nobody works at it"),
        ],
        empty_label="Any",
        label="Problems",
    )

    class Meta:
        model = Job
        fields: list[str] = []

    def search(self, rows: QuerySet[Job], name: str, text: str) -> QuerySet[Job]:
        """Find a text in the job, who started it or one of its items, or exactly its id."""
        with_item = JobItem.objects.filter(label__icontains=text).values("job")
        return rows.filter(
            Q(label__icontains=text)
            | Q(actor_label__icontains=text)
            | Q(pk__in=with_item)
            | Q(correlation_id=text)
        )

    def with_problems(self, rows: QuerySet[Job], name: str, problem: str) -> QuerySet[Job]:
        """Keep jobs with at least one such item, or those that stand still."""
        if problem == "stalled":
            return rows.filter(stalled(now=timezone.now()))
        return rows.filter(**{f"{problem}__gt": 0})


class JobAdmin(ListAdmin):
    """Jobs in the admin."""

    view_action = Action.JOB_VIEW
    template_folder = "operations"
    filter_class = JobFilter
    list_template = "jobs.html"
    list_title = "Jobs"

    def pages(self) -> list[URLPattern]:
        """Return the page of one job."""
        return [self.address("<uuid:job_id>/", self.job, "operations_job_progress")]

    def rows(self, found: list[Job]) -> list[dict[str, Any]]:
        """Return each job with how it stands."""
        return [{"job": job, "standing": standing_of(job)} for job in found]

    def job(self, request: HttpRequest, job_id: UUID) -> HttpResponse:
        """Show one job; htmx asks for the live part of it every second until it is done.

        `state` in the query string leaves only items of that state in the report.
        """
        self.allow(request)
        job = get_object_or_404(self.get_queryset(request), pk=job_id)
        state = request.GET.get("state", "")
        items = JobItem.objects.filter(job=job).defer("payload").order_by("position")
        if state in JobItem.State.values:
            items = items.filter(state=state)
        paged = page_of(request, items)
        is_live = bool(HtmxDetails(request))
        response = self.show(
            request,
            "partials/job_live.html" if is_live else "job.html",
            str(job),
            job=job,
            standing=standing_of(job),
            is_waiting_long=is_waiting_long(job, now=timezone.now()),
            tabs=tabs(job),
            state=state,
            rows=[(item, ITEM_TONES[item.state]) for item in paged["page"]],
            live_query=request.GET.urlencode(),
            **paged,
        )
        patch_vary_headers(response, ["HX-Request"])
        return response
