"""UIT: the extracts made so far; download one, verify it again."""

import json
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from audit.services import record
from dip_portal.lib import clock
from organisations.actors import Actor
from organisations.admin_lists import page_of
from organisations.policies import Action
from promotion import document
from promotion.extract import read_extract, verify_extract
from promotion.models import Extract
from promotion.queries import IS_NEWEST
from promotion.signing import UnableToVerify
from promotion.views.page import page, searched, show


@page(Action.EXTRACT_VIEW)
def extracts(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List the extracts, newest first; `q` searches, `show=newest` leaves out superseded ones."""
    rows = Extract.objects.select_related("organisation", "made_by").defer("file")
    search = searched(request)
    if search:
        rows = rows.filter(
            Q(organisation__name__icontains=search)
            | Q(organisation__company_number__iexact=search)
            | Q(setup_digest__startswith=search.lower())
        )
    only_newest = request.GET.get("show") == "newest"
    if only_newest:
        rows = rows.filter(IS_NEWEST)
    return show(
        request,
        "extracts.html",
        "Extracts",
        search=search,
        only_newest=only_newest,
        **page_of(request, rows.order_by("-made_at", "-number", "pk")),
    )


@page(Action.EXTRACT_VIEW)
def extract(request: HttpRequest, actor: Actor, key: UUID) -> HttpResponse:
    """Show one extract: what changed since the one before, the document, the signature."""
    found = _extract(key)
    try:
        content = json.dumps(
            read_extract(found).model_dump(mode="json"), indent=2, ensure_ascii=False
        )
    except (UnableToVerify, document.UnableToRead) as error:
        content = f"This stored extract cannot be read: {error}"
    others = Extract.objects.filter(organisation=found.organisation).defer("file")
    return show(
        request,
        "extract.html",
        str(found),
        extract=found,
        content=content,
        size=len(found.file.encode()),
        others=others.order_by("-number")[:10],
    )


@page(Action.EXTRACT_VIEW)
def download(request: HttpRequest, actor: Actor, key: UUID) -> HttpResponse:
    """Give the signed file as an attachment; that somebody took it is audited."""
    found = _extract(key)
    record(
        actor=actor,
        action="extract:download",
        subject=found.organisation,
        after={"extract": found.number},
        at=clock.now(),
        organisation_id=found.organisation_id,
    )
    return HttpResponse(
        found.file,
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{found.file_name}"'},
    )


@page(Action.EXTRACT_VIEW, methods=("POST",))
def verify(request: HttpRequest, actor: Actor, key: UUID) -> HttpResponse:
    """Verify a stored extract again and say what came of it."""
    found = _extract(key)
    try:
        verify_extract(found)
    except (UnableToVerify, document.UnableToRead) as error:
        messages.error(request, f"This extract does not verify: {error}")
    else:
        messages.success(
            request, "Verified: the signature, the format and the digest of this extract are right."
        )
    return redirect("promotion:extract", key=key)


@page(Action.PIPELINE_VIEW)
def schema(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Give the JSON Schema of an extract's document."""
    return HttpResponse(
        json.dumps(document.json_schema(), indent=2, ensure_ascii=False),
        content_type="application/schema+json",
    )


def _extract(key: UUID) -> Extract:
    return get_object_or_404(Extract.objects.select_related("organisation", "made_by"), pk=key)
