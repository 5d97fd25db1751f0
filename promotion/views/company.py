"""One company on its way: where it stands, its history, what to do next."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from audit.queries import history_of
from audit.sentences import sentence
from dip_portal.lib import clock
from dip_portal.lib import environment as environments
from organisations.actors import Actor
from organisations.models import DipId, Organisation
from organisations.policies import Action, visible
from organisations.services.invitations import mail_state_of, user_admins
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
    now = clock.now()
    staged = queries.pipeline(companies.filter(pk=key), now=now).first()
    primary = found.invitations.filter(is_primary=True).select_related(
        "accepted_by", "replaces__user"
    )
    invitation = primary.order_by("-sent_at", "-pk").first()
    dip_ids = DipId.objects.filter(mpid__organisation=found)
    environment = environments.current()
    return show(
        request,
        "company.html",
        found.name,
        company=found,
        children=found.children.order_by("name"),
        staged=staged,
        stage=queries.STAGES[staged.stage_code] if staged else None,
        steps=_steps(getattr(staged, "stage_code", "")),
        can_extract=environment.can_extract,
        extracts=Extract.objects.filter(organisation=found).defer("file")[:ROWS_SHOWN],
        imports=Import.objects.filter(company_number=found.company_number).defer("file")[
            :ROWS_SHOWN
        ],
        dip_id_count=dip_ids.count(),
        undated_count=dip_ids.filter(effective_dates_set_at__isnull=True).count(),
        invitation=invitation,
        invitation_state=invitation.state_at(now) if invitation else "",
        user_admins=user_admins(found, now=now),
        mail=mail_state_of(invitation) if invitation else None,
        history=[(event, sentence(event)) for event in history_of(found.pk)[:EVENTS_SHOWN]],
    )


def _steps(here: str) -> list[tuple[queries.Stage, bool]]:
    """Return the stages on the way, and whether the company stands there.

    Those off the way (out of date, not delivered, expired, nobody left) are shown in place
    of the one they lead back to.
    """
    detours = {
        queries.OUT_OF_DATE: queries.EXTRACTED,
        queries.UNDELIVERED: queries.INVITED,
        queries.EXPIRED: queries.INVITED,
        queries.LEFT: queries.ACCEPTED,
    }
    shown = [
        it
        for it in queries.stages()
        if (it not in detours or it.code == here)
        and not any(detour.code == here and it == back for detour, back in detours.items())
    ]
    return [(it, it.code == here) for it in shown]
