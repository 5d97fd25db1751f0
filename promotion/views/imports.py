"""Production: take extracts in, show their plans, import them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from dip_portal.lib import clock
from jobs.services import start
from organisations.actors import Actor
from organisations.admin_lists import page_of
from organisations.policies import Action
from promotion.apply import summary_of
from promotion.errors import UnableToFetch, UnableToReceive
from promotion.fetch import CandidateExtract, fetch_candidates, is_configured
from promotion.forms import UploadForm
from promotion.models import Import, ImportedCompany
from promotion.plan import Plan
from promotion.receive import discard, document_of, plans_for, receive_all
from promotion.views.page import page, searched, show

STATES = {"waiting": Import.State.RECEIVED, "imported": Import.State.APPLIED}


@page(Action.IMPORT_VIEW)
def imports(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List imports with their plan in short; `state` is waiting (the default) or all."""
    only_waiting = request.GET.get("state", "waiting") == "waiting"
    rows = Import.objects.select_related("received_by", "organisation")
    search = searched(request)
    if only_waiting:
        rows = rows.filter(state=Import.State.RECEIVED)
    if search:
        rows = rows.filter(Q(company_name__icontains=search) | Q(company_number__iexact=search))
    listed = page_of(request, rows.order_by("-received_at", "pk"))
    plans = _plans_of([row for row in listed["page"] if row.is_waiting])
    return show(
        request,
        "imports.html",
        "Imports",
        search=search,
        only_waiting=only_waiting,
        can_fetch=is_configured(),
        rows=[(row, *_in_short(plans.get(row.pk))) for row in listed["page"]],
        can_choose=any(not plan.conflicts for plan in plans.values()),
        **listed,
    )


@page(Action.IMPORT_RECEIVE, methods=("GET", "HEAD", "POST"))
def upload(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Take in uploaded extracts; each is taken or refused by itself."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    refused: list[tuple[str, UnableToReceive]] = []
    rows: list[Import] = []
    news = ""
    if form.is_valid():
        now = clock.now()
        files: list[UploadedFile[Any]] = form.cleaned_data["extracts"]
        outcomes = receive_all(
            actor=actor,
            # One byte past the limit is enough to be refused, however long the file is.
            files=[file.read(settings.EXTRACT_MAX_BYTES + 1) for file in files],
            via=Import.Via.UPLOAD,
            now=now,
        )
        taken = [it for it in outcomes if isinstance(it, Import)]
        rows = list({it.pk: it for it in taken}.values())
        news = _what_came_of(taken, now=now)
        refused = [
            (str(file.name), outcome)
            for file, outcome in zip(files, outcomes, strict=True)
            if isinstance(outcome, UnableToReceive)
        ]
        if not refused:
            if news:
                messages.success(request, news)
            if len(rows) == 1:
                return redirect("promotion:import", key=rows[0].pk)
            return redirect("promotion:imports")
    return show(
        request,
        "upload.html",
        "Upload extracts",
        form=form,
        refused=refused,
        rows=rows,
        news=news,
        status=422 if refused or (form.is_bound and not form.is_valid()) else 200,
    )


def _what_came_of(taken: list[Import], *, now: datetime) -> str:
    """Say what an upload at this moment has brought: an import for each file, maybe the same.

    Empty for one new extract, whose plan says all.
    """
    rows = {it.pk: it for it in taken}.values()
    new = [it for it in rows if it.received_at == now]
    superseded = sum(not it.is_waiting for it in new)
    here, again = len(rows) - len(new), len(taken) - len(rows)
    if len(rows) == 1 and again:
        was = "was taken in once" if new else "is here already"
        return f"The {len(taken)} files hold the same extract, which {was}."
    if len(taken) == 1:
        return "" if new else "This extract is here already and waits to be imported."
    told = []
    if len(new) > superseded:
        told.append(f"{_extracts(len(new) - superseded)} taken in.")
    if superseded:
        are = "is" if superseded == 1 else "are"
        told.append(f"{superseded} {are} superseded by a newer one of its company.")
    if here:
        told.append(f"{here} extract{' is' if here == 1 else 's are'} here already.")
    if again:
        what = "1 file" if again == 1 else f"{again} files"
        told.append(f"{what} held an extract that another of them held too.")
    return " ".join(told)


def _extracts(number: int) -> str:
    return "1 extract was" if number == 1 else f"{number} extracts were"


@page(Action.IMPORT_RECEIVE, methods=("GET", "HEAD", "POST"))
def candidates(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List what UIT offers and Production does not have yet; fetch what is chosen."""
    try:
        offered = fetch_candidates()
    except UnableToFetch as error:
        return show(request, "candidates.html", "Candidates in UIT", trouble=str(error))
    if request.method == "POST":
        chosen = set(request.POST.getlist("extract"))
        items = [
            (it.company_name, {"extract": str(it.extract)})
            for it in offered
            if str(it.extract) in chosen
        ]
        if items:
            job = start(
                kind="promotion.fetch",
                actor=actor,
                items=items,
                label=f"Fetch {len(items)} extract{'s' if items[1:] else ''} from UIT",
                back=reverse("promotion:imports"),
            )
            return redirect("admin:operations_job_progress", job.pk)
        messages.warning(request, "Choose one or more companies, then fetch their extracts.")
    rows = _beside_production(offered)
    search = searched(request).lower()
    show_all = request.GET.get("show") == "all"
    shown = [
        (offer, state)
        for offer, state in rows
        if (show_all or state != UP_TO_DATE)
        and (search in offer.company_name.lower() or search == offer.company_number.lower())
    ]
    return show(
        request,
        "candidates.html",
        "Candidates in UIT",
        search=searched(request),
        show_all=show_all,
        offered_count=len(offered),
        **page_of(request, shown),
    )


@page(Action.IMPORT_VIEW)
def import_(request: HttpRequest, actor: Actor, key: UUID) -> HttpResponse:
    """Show one import: its plan while it waits, else what became of it."""
    row = _import(key)
    plan, trouble = None, None
    if row.is_waiting:
        try:
            [plan] = plans_for([document_of(row)])
        except UnableToReceive as refusal:
            trouble = refusal
    return show(request, "import.html", str(row), row=row, plan=plan, trouble=trouble)


@page(Action.IMPORT_APPLY, methods=("POST",))
def apply(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Start the job that applies the chosen imports, each with the plan that was shown."""
    shown = dict(
        value.split(":", 1) for value in request.POST.getlist("import") if value.count(":") == 1
    )
    rows = [row for row in Import.objects.filter(pk__in=_keys(shown)) if str(row.pk) in shown]
    if not rows:
        messages.warning(request, "Choose one or more extracts, then import them.")
        return redirect("promotion:imports")
    what = rows[0].company_name if len(rows) == 1 else f"{len(rows)} companies"
    job = start(
        kind="promotion.import",
        actor=actor,
        items=[
            (row.company_name, {"import": str(row.pk), "plan": shown[str(row.pk)]}) for row in rows
        ],
        label=f"Import company setup: {what}",
        back=reverse("promotion:imports"),
    )
    return redirect("admin:operations_job_progress", job.pk)


@page(Action.IMPORT_RECEIVE, methods=("GET", "HEAD", "POST"))
def discard_import(request: HttpRequest, actor: Actor, key: UUID) -> HttpResponse:
    """Ask, then discard an extract that waits."""
    row = _import(key)
    if request.method == "POST":
        try:
            discard(actor=actor, received=row, now=clock.now())
        except UnableToReceive as refusal:
            messages.error(request, str(refusal))
            return redirect("promotion:import", key=key)
        messages.success(request, f"{row} was discarded. Nothing was imported.")
        return redirect("promotion:imports")
    return show(request, "discard.html", "Discard this extract?", row=row)


UP_TO_DATE, OUT_OF_DATE, NOT_YET, WAITING = "up to date", "out of date", "not yet", "waiting here"


def _beside_production(offered: list[CandidateExtract]) -> list[tuple[CandidateExtract, str]]:
    numbers = [offer.company_number for offer in offered]
    imported = dict(
        ImportedCompany.objects.filter(organisation__company_number__in=numbers).values_list(
            "organisation__company_number", "last_import__setup_digest"
        )
    )
    waiting = set(
        Import.objects.filter(company_number__in=numbers, state=Import.State.RECEIVED).values_list(
            "company_number", "setup_digest"
        )
    )

    def state(offer: CandidateExtract) -> str:
        if (offer.company_number, offer.setup_digest) in waiting:
            return WAITING
        known = imported.get(offer.company_number)
        if known is None:
            return NOT_YET
        return UP_TO_DATE if known == offer.setup_digest else OUT_OF_DATE

    return [(offer, state(offer)) for offer in offered]


def _plans_of(rows: list[Import]) -> dict[UUID, Plan]:
    readable = []
    for row in rows:
        try:
            readable.append((row.pk, document_of(row)))
        except UnableToReceive:
            continue
    plans = plans_for([content for _, content in readable])
    return {key: plan for (key, _), plan in zip(readable, plans, strict=True)}


def _in_short(plan: Plan | None) -> tuple[Plan | None, str]:
    if plan is None:
        return None, ""
    return plan, "" if plan.conflicts else summary_of(plan)


def _keys(shown: dict[str, str]) -> list[UUID]:
    keys = []
    for text in shown:
        try:
            keys.append(UUID(text))
        except ValueError:
            continue
    return keys


def _import(key: UUID) -> Import:
    return get_object_or_404(
        Import.objects.select_related("received_by", "decided_by", "organisation"), pk=key
    )
