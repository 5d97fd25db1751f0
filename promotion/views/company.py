"""One company on its way: where it stands, its history, what to do next."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from audit.queries import history_of
from audit.sentences import sentence
from organisations.actors import Actor
from organisations.models import Organisation
from organisations.policies import Action, visible
from promotion import queries
from promotion.models import Extract
from promotion.views.page import page, show

EVENTS_SHOWN = 50


@page(Action.PIPELINE_VIEW)
def company(request: HttpRequest, actor: Actor, key: int) -> HttpResponse:
    """Show a company's stage, its extracts or imports, and its history."""
    companies = visible(actor, Action.ORGANISATION_VIEW, Organisation.objects.all())
    found = get_object_or_404(companies.select_related("parent"), pk=key)
    staged = queries.pipeline(companies.filter(pk=key), now=timezone.now()).first()
    return show(
        request,
        "company.html",
        found.name,
        company=staged or found,
        stage=queries.STAGES[staged.stage_code] if staged else None,
        extracts=Extract.objects.filter(organisation=found).defer("file").order_by("-number")[:10],
        history=[(event, sentence(event)) for event in history_of(found.pk)[:EVENTS_SHOWN]],
    )
