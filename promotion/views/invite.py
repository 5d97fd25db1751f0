"""Invite the Primary User Admin of a company, the third of the DIP Manager's three tasks."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from dip_portal.lib import clock
from organisations.actors import Actor
from organisations.errors import UnableToInvite
from organisations.models import Invitation, Membership, Organisation
from organisations.policies import Action, visible
from organisations.services import invitations
from organisations.services.domains import own_and_dcp_domains
from promotion.forms import InvitationForm, ReplacementForm
from promotion.views.page import page, show

GET_AND_POST = ("GET", "HEAD", "POST")


@page(Action.INVITATION_SEND, methods=GET_AND_POST)
def invite(request: HttpRequest, actor: Actor, key: int) -> HttpResponse:
    """Ask for the person, and send the invitation."""
    company = _company(actor, key)

    def send(first_name: str, last_name: str, email: str) -> Invitation:
        return invitations.send_invitation(
            actor=actor,
            organisation=company,
            first_name=first_name,
            last_name=last_name,
            email=email,
            now=clock.now(),
        )

    return _ask_for_a_person(request, company, "Invite Primary User Admin", send)


@page(Action.INVITATION_SEND, methods=GET_AND_POST)
def replace_user_admin(
    request: HttpRequest, actor: Actor, key: int, membership: int
) -> HttpResponse:
    """Ask for a person in place of an active User Admin, and say what happens to the latter."""
    company = _company(actor, key)
    admins = invitations.user_admins(company, now=clock.now())
    former = get_object_or_404(admins, pk=membership)

    def send(first_name: str, last_name: str, email: str) -> Invitation:
        return invitations.send_invitation(
            actor=actor,
            organisation=company,
            first_name=first_name,
            last_name=last_name,
            email=email,
            replaces=former,
            now=clock.now(),
        )

    return _ask_for_a_person(
        request,
        company,
        f"Replace the User Admin {former.user}",
        send,
        form_class=ReplacementForm,
        former=former,
    )


@page(Action.INVITATION_SEND, methods=GET_AND_POST)
def replace(request: HttpRequest, actor: Actor, key: int) -> HttpResponse:
    """Ask for another person in place of the one invited, whose link is dead then."""
    company = _company(actor, key)
    invitation = _open_invitation(company)

    def send(first_name: str, last_name: str, email: str) -> Invitation:
        return invitations.replace(
            actor=actor,
            invitation=invitation,
            first_name=first_name,
            last_name=last_name,
            email=email,
            now=clock.now(),
        )

    return _ask_for_a_person(
        request, company, f"Invite somebody in place of {invitation.full_name}", send
    )


@page(Action.INVITATION_SEND, methods=("POST",))
def resend(request: HttpRequest, actor: Actor, key: int) -> HttpResponse:
    """Send the open invitation again, with a new link."""
    company = _company(actor, key)
    invitation = _open_invitation(company)
    try:
        invitations.resend(actor=actor, invitation=invitation, now=clock.now())
    except (UnableToInvite, invitations.UnableToChangeInvitation) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, f"The invitation goes to {invitation.email} again; the earlier link is dead."
        )
    return redirect("promotion:company", key=key)


@page(Action.INVITATION_REVOKE, methods=GET_AND_POST)
def revoke(request: HttpRequest, actor: Actor, key: int) -> HttpResponse:
    """Ask, then revoke the open invitation."""
    company = _company(actor, key)
    invitation = _open_invitation(company)
    if request.method == "POST":
        try:
            invitations.revoke(actor=actor, invitation=invitation, now=clock.now())
        except invitations.UnableToChangeInvitation as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"The invitation of {invitation.email} is revoked.")
        return redirect("promotion:company", key=key)
    return show(
        request, "revoke.html", "Revoke this invitation?", company=company, invitation=invitation
    )


def _ask_for_a_person(
    request: HttpRequest,
    company: Organisation,
    title: str,
    send: Callable[[str, str, str], Invitation],
    *,
    form_class: type[InvitationForm] = InvitationForm,
    former: Membership | None = None,
) -> HttpResponse:
    form = form_class(request.POST) if request.method == "POST" else form_class()
    if form.is_valid():
        try:
            invitation = send(
                form.cleaned_data["first_name"],
                form.cleaned_data["last_name"],
                form.cleaned_data["email"],
            )
        except UnableToInvite as refusal:
            form.add_error(refusal.field or None, str(refusal))
        except invitations.UnableToChangeInvitation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"The invitation goes to {invitation.email}.")
            return redirect("promotion:company", key=company.pk)
    own, through_dcp = own_and_dcp_domains(company)
    return show(
        request,
        "invite.html",
        title,
        status=422 if form.is_bound else 200,
        company=company,
        form=form,
        former=former,
        own_domains=own,
        dcp_domains=through_dcp,
    )


def _company(actor: Actor, key: int) -> Organisation:
    companies = visible(actor, Action.ORGANISATION_VIEW, Organisation.objects.all())
    return get_object_or_404(companies, pk=key)


def _open_invitation(company: Organisation) -> Invitation:
    return get_object_or_404(
        company.invitations, is_primary=True, accepted_at=None, revoked_at=None
    )
