"""The pipeline: where each company stands, and what to do next."""

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from dip_portal.lib import clock
from dip_portal.lib import environment as environments
from dip_portal.lib.keys import keys_of
from jobs.services import start
from organisations.actors import Actor
from organisations.admin_lists import page_of
from organisations.models import Organisation
from organisations.policies import Action, visible
from promotion import queries
from promotion.fetch import is_configured
from promotion.views.page import page, searched, show

SORTS = {"name": ("name", "pk"), "-name": ("-name", "-pk"), "newest": ("-setup_changed_at", "-pk")}


@page(Action.PIPELINE_VIEW)
def pipeline(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the companies by stage (`stage`), searched by name, number, MPID or DIP ID (`q`)."""
    companies = queries.pipeline(
        visible(actor, Action.ORGANISATION_VIEW, Organisation.objects.all()), now=clock.now()
    )
    search = searched(request)
    if search:
        companies = _found(companies, search)
    by_stage = queries.counts(companies)
    stage = queries.STAGES.get(request.GET.get("stage", ""))
    sort = request.GET.get("sort", "name")
    chosen = companies.filter(stage_code=stage.code) if stage else companies
    environment = environments.current()
    return show(
        request,
        "pipeline_uit.html" if environment.can_extract else "pipeline_production.html",
        "Promotion to Production",
        stages=[(it, by_stage.get(it.code, 0)) for it in queries.stages()],
        stage_labels=queries.STAGES,
        all_count=sum(by_stage.values()),
        stage=stage,
        search=search,
        sort=sort,
        waiting_count=queries.waiting_imports().count() if environment.can_import else 0,
        can_fetch=is_configured(),
        **page_of(request, chosen.order_by(*SORTS.get(sort, SORTS["name"]))),
    )


@page(Action.EXTRACT_MAKE, methods=("POST",))
def extract(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Start the job that extracts the chosen companies, and lead to its progress."""
    keys = keys_of(request.POST.getlist("company"))
    chosen = visible(actor, Action.ORGANISATION_VIEW, Organisation.objects.filter(pk__in=keys))
    items = [(str(company), {"organisation": company.pk}) for company in chosen]
    if not items:
        messages.warning(request, "Choose one or more companies, then extract them.")
        return redirect("promotion:pipeline")
    job = start(
        kind="promotion.extract",
        actor=actor,
        items=items,
        label=f"Extract company setup: {_summary(items)}",
        back=reverse("promotion:pipeline"),
    )
    return redirect("admin:operations_job_progress", job.pk)


def _found(companies: queries.Companies, search: str) -> queries.Companies:
    by_name = Q(name__icontains=search) | Q(company_number__iexact=search)
    by_identity = Q(
        pk__in=Organisation.objects.filter(
            Q(mpids__code__iexact=search)
            | Q(mpids__dip_ids__dip_id=search)
            | Q(dcp_ids__dcp_id=search)
        ).values("pk")
    )
    return companies.filter(by_name | by_identity)


def _summary(items: list[tuple[str, dict[str, int]]]) -> str:
    return items[0][0] if len(items) == 1 else f"{len(items)} companies"
