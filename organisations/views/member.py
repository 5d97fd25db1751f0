"""What a User Admin does with one member or invited person: edit, extend, offboard, send again."""

from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from dip_portal.lib import clock
from organisations import member_queries
from organisations.errors import ChangedMeanwhile, UnableToChangeMember, UnableToInvite
from organisations.forms.members import EditMemberForm, ExtendMemberForm
from organisations.http import OrganisationView
from organisations.models import Invitation, Membership
from organisations.policies import Action, Stranger
from organisations.services import invitations, members
from organisations.services.invitations import UnableToChangeInvitation


class PersonView(OrganisationView, is_base=True):
    """A page about one person of the Members table; it comes back to the table."""

    def back(self) -> HttpResponse:
        """Return to the table."""
        return redirect("organisations:members", pk=self.organisation.pk)

    def refuse(self, reason: object) -> HttpResponse:
        """Return to the table and say there why nothing was done."""
        messages.error(self.request, str(reason))
        return self.back()

    def done(self, text: str) -> HttpResponse:
        """Return to the table and say there what was done."""
        messages.success(self.request, text)
        return self.back()

    def show(self, template: str, **context: Any) -> HttpResponse:
        """Render a page of templates/organisations/members/."""
        context = {
            "company": self.organisation,
            "cancel_url": reverse("organisations:members", args=[self.organisation.pk]),
            **context,
        }
        return render(self.request, f"organisations/members/{template}", context)


class MemberView(PersonView, is_base=True):
    """A page about one member, `key` in the URL: `membership`, of this company."""

    membership: Membership

    def load(self, **kwargs: Any) -> None:
        """Load the company, require the action on it, and load its member or raise Stranger."""
        super().load(**kwargs)
        found = self.organisation.memberships.select_related("user").filter(pk=kwargs["key"])
        self.membership = _first(found)
        self.membership.organisation = self.organisation


class InvitedView(PersonView, is_base=True):
    """A page about one invited person, `key` in the URL: `invitation`, of this company."""

    invitation: Invitation

    def load(self, **kwargs: Any) -> None:
        """Load the company, require the action, and load the invitation or raise Stranger."""
        super().load(**kwargs)
        self.invitation = _first(self.organisation.invitations.filter(pk=kwargs["key"]))
        self.invitation.organisation = self.organisation


class EditView(PersonView, is_base=True):
    """Change roles and DIP IDs. Who comes second sees what the first did, and loses nothing."""

    person: Membership | Invitation
    name: str
    email: str

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if self.reason_against():
            return self.refuse(self.reason_against())
        return self._page(EditMemberForm(company=self.organisation, grant=self.person))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if self.reason_against():
            return self.refuse(self.reason_against())
        form = EditMemberForm(request.POST, company=self.organisation, grant=self.person)
        if not form.is_valid():
            return self._page(form)
        try:
            self.save(form)
        except ChangedMeanwhile as refusal:
            return self._compare(form, refusal)
        except UnableToChangeMember as refusal:
            form.add_error(refusal.field or None, str(refusal))
            return self._page(form)
        except UnableToChangeInvitation as refusal:
            return self.refuse(refusal)
        return self.done(f"{self.name} is changed.")

    def reason_against(self) -> str:
        """Return why the person can no longer be edited; empty if they can."""
        raise NotImplementedError

    def save(self, form: EditMemberForm) -> None:
        """Make the change; raises what the services raise."""
        raise NotImplementedError

    def _compare(self, form: EditMemberForm, refusal: ChangedMeanwhile) -> HttpResponse:
        """Show the form once more as it was entered, beside what is new since it was shown."""
        current = self.person = refusal.current
        entered = self.request.POST.copy()
        entered["revision"] = str(current.revision)
        again = EditMemberForm(entered, company=self.organisation, grant=current)
        again.add_error(None, str(refusal))
        since = current.revision - form.cleaned_data["revision"]
        return self._page(again, current=current, changes=member_queries.changes(current, since))

    def _page(self, form: EditMemberForm, **context: Any) -> HttpResponse:
        return self.show(
            "edit.html",
            title=f"Edit {self.name}",
            form=form,
            email=self.email,
            is_oneself=getattr(self.person, "user_id", None) == self.actor.user_id,
            **context,
        )


class EditMemberView(EditView, MemberView):
    """Change the roles and DIP IDs of a member."""

    action: ClassVar[Action] = Action.MEMBER_EDIT

    def load(self, **kwargs: Any) -> None:
        """Load the member."""
        super().load(**kwargs)
        user = self.membership.user
        self.person, self.name, self.email = self.membership, str(user), user.email

    def reason_against(self) -> str:
        """Refuse somebody who was offboarded."""
        return f"{self.name} was offboarded." if self.membership.offboarded_at else ""

    def save(self, form: EditMemberForm) -> None:
        """Edit the member."""
        members.edit_member(
            actor=self.actor,
            membership=self.membership,
            revision=form.cleaned_data["revision"],
            roles=form.chosen_roles,
            dip_ids=form.chosen_dip_ids,
            now=clock.now(),
        )


class EditInvitationView(EditView, InvitedView):
    """Change what a person with an open invitation will be."""

    action: ClassVar[Action] = Action.MEMBER_EDIT

    def load(self, **kwargs: Any) -> None:
        """Load the invitation."""
        super().load(**kwargs)
        invited = self.invitation
        self.person, self.name, self.email = invited, invited.full_name, invited.email

    def reason_against(self) -> str:
        """Refuse what is no longer open, and what is the DIP Manager's."""
        return _why_not_ours(self.invitation)

    def save(self, form: EditMemberForm) -> None:
        """Edit the invitation."""
        members.edit_invitation(
            actor=self.actor,
            invitation=self.invitation,
            revision=form.cleaned_data["revision"],
            roles=form.chosen_roles,
            dip_ids=form.chosen_dip_ids,
            now=clock.now(),
        )


class ExtendMemberView(MemberView):
    """Choose a later expiry date for a membership."""

    action: ClassVar[Action] = Action.MEMBER_EXTEND

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self._reason_against() or self._page(self._form())

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        refusal = self._reason_against()
        if refusal:
            return refusal
        form = self._form(request.POST)
        if not form.is_valid():
            return self._page(form)
        until = form.cleaned_data["expires_date"]
        try:
            members.extend_member(
                actor=self.actor,
                membership=self.membership,
                revision=form.cleaned_data["revision"],
                expires_date=until,
                now=clock.now(),
            )
        except ChangedMeanwhile:
            messages.warning(
                request,
                f"Somebody else has changed {self.membership.user} since you opened the page: "
                "it now shows the membership as it is.",
            )
            return redirect(request.path)
        except UnableToChangeMember as error:
            form.add_error(error.field or None, str(error))
            return self._page(form)
        return self.done(f"The membership of {self.membership.user} lasts until {until}.")

    def _reason_against(self) -> HttpResponse | None:
        member = self.membership
        if member.offboarded_at is not None:
            return self.refuse(f"{member.user} was offboarded.")
        reason = members.why_not_extend(member, day=clock.today())
        return self.refuse(reason) if reason else None

    def _form(self, data: Any = None) -> ExtendMemberForm:
        bounds = members.extension(self.membership, day=clock.today())
        return ExtendMemberForm(data, bounds=bounds, revision=self.membership.revision)

    def _page(self, form: ExtendMemberForm) -> HttpResponse:
        return self.show(
            "extend.html", title=f"Extend {self.membership.user}", form=form, member=self.membership
        )


class OffboardMemberView(MemberView):
    """Ask, then end a membership at once."""

    action: ClassVar[Action] = Action.MEMBER_OFFBOARD

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        member = self.membership
        if member.offboarded_at is not None:
            return self.refuse(f"{member.user} was offboarded already.")
        reason = members.why_not_without(member, now=clock.now())
        if reason:
            return self.refuse(reason)
        return self.show(
            "ask.html",
            title=f"Offboard {member.user}",
            question=f"Offboard {member.user}?",
            consequence=f"{member.user} ({member.user.email}) loses access to "
            f"{self.organisation} at once, and is signed out everywhere if it is their only "
            "company. What they did stays in the history. They can be created again later.",
            is_oneself=member.user_id == self.actor.user_id,
            submit="Offboard",
            danger=True,
        )

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        user = self.membership.user
        try:
            members.offboard_member(actor=self.actor, membership=self.membership, now=clock.now())
        except UnableToChangeMember as refusal:
            return self.refuse(refusal)
        if user.pk == self.actor.user_id:
            return self._leave(request)
        return self.done(f"{user} is offboarded.")

    def _leave(self, request: HttpRequest) -> HttpResponse:
        """Go on as who has just offboarded themselves: signed out, or to their other company."""
        if not request.session.exists(request.session.session_key or ""):
            logout(request)
        messages.success(request, f"You are no longer a member of {self.organisation}.")
        return redirect("home")


class ResendInvitationView(InvitedView):
    """Send an open invitation again, with a new link."""

    action: ClassVar[Action] = Action.MEMBER_CREATE

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        reason = _why_not_ours(self.invitation)
        if reason:
            return self.refuse(reason)
        try:
            invitations.resend(actor=self.actor, invitation=self.invitation, now=clock.now())
        except (UnableToInvite, UnableToChangeInvitation) as refusal:
            return self.refuse(refusal)
        return self.done(
            f"The invitation goes to {self.invitation.email} again; the earlier link is dead."
        )


class RevokeInvitationView(InvitedView):
    """Ask, then revoke an open invitation: what offboarding is for who has not come yet."""

    action: ClassVar[Action] = Action.MEMBER_OFFBOARD

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        reason = _why_not_ours(self.invitation)
        if reason:
            return self.refuse(reason)
        name = self.invitation.full_name
        return self.show(
            "ask.html",
            title=f"Revoke the invitation of {name}",
            question=f"Revoke the invitation of {name}?",
            consequence=f"The link that went to {self.invitation.email} no longer works. "
            "They can be created again later.",
            submit="Revoke the invitation",
            danger=True,
        )

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        reason = _why_not_ours(self.invitation)
        if reason:
            return self.refuse(reason)
        try:
            invitations.revoke(actor=self.actor, invitation=self.invitation, now=clock.now())
        except UnableToChangeInvitation as refusal:
            return self.refuse(refusal)
        return self.done(f"The invitation of {self.invitation.email} is revoked.")


def _first(found: Any) -> Any:
    person = found.first()
    if person is None:
        raise Stranger
    return person


def _why_not_ours(invitation: Invitation) -> str:
    """Return why a User Admin can do nothing with an invitation; empty if they can."""
    if invitation.is_primary:
        return member_queries.PRIMARY_IS_THE_DIP_MANAGERS
    if invitation.accepted_at:
        return "This invitation was accepted already."
    return "This invitation was revoked already." if invitation.revoked_at else ""


class KeepMemberView(MemberView):
    """Keep a member whose e-mail domain is not whitelisted any more."""

    action: ClassVar[Action] = Action.MEMBER_EDIT

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            members.keep_member(actor=self.actor, membership=self.membership, now=clock.now())
        except UnableToChangeMember as refusal:
            return self.refuse(refusal)
        messages.success(request, f"{self.membership.user} is kept.")
        return redirect("organisations:members_outside", pk=self.organisation.pk)
