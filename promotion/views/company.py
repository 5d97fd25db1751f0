"""One company on its way: where it stands, its history, what to do next."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from audit.queries import history_of
from audit.sentences import sentence
from dip_portal.lib import environment as environments
from organisations.actors import Actor
from organisations.models import DipId, Organisation
from organisations.policies import Action, visible
from organisations.services.invitations import mail_state_of
from promotion import queries
from promotion.models import Extract, Import
from promotion.views.page import page, show

EVENTS_SHOWN = 50
ROWS_SHOWN = 10


@page(Action.PIPELINE_VIEW)
def company(request: HttpRequest, actor: Actor, key: int) -> HttpResponse:
    """Show a company's stage, its extracts or imports, its invitation, and its history."""
    companies = visible(actor, Action.ORGANISATION_VIEW, Organisation.objects.all())
    found = get_object_or_404(companies.select_related("parent"), pk=key)
    now = timezone.now()
    staged = queries.pipeline(companies.filter(pk=key), now=now).first()
    invitation = found.invitations.select_related("accepted_by").order_by("-sent_at", "-pk").first()
    dip_ids = DipId.objects.filter(mpid__organisation=found)
    environment = environments.current()
    return show(
        request,
        "company.html",
        found.name,
        company=found,
        children=found.children.order_by("name"),
        stage=queries.STAGES[staged.stage_code] if staged else None,
        stages=[(it, it.code == getattr(staged, "stage_code", "")) for it in queries.stages()],
        can_extract=environment.can_extract,
        extracts=Extract.objects.filter(organisation=found).defer("file")[:ROWS_SHOWN],
        imports=Import.objects.filter(company_number=found.company_number).defer("file")[
            :ROWS_SHOWN
        ],
        dip_id_count=dip_ids.count(),
        undated_count=dip_ids.filter(effective_dates_set_at__isnull=True).count(),
        invitation=invitation,
        invitation_state=invitation.state_at(now) if invitation else "",
        mail=mail_state_of(invitation) if invitation else None,
        history=[(event, sentence(event)) for event in history_of(found.pk)[:EVENTS_SHOWN]],
    )
