"""The Members tab of a company, and what a User Admin does with its members."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode

from dip_portal.lib import clock
from dip_portal.lib.spreadsheet import csv_response
from organisations import member_queries, queries
from organisations.cover import Cover, cover_of
from organisations.errors import AlreadyThere, UnableToInvite
from organisations.forms.members import CreateMemberForm
from organisations.http import OrganisationView
from organisations.listing import Column, listing, listing_of, searched
from organisations.member_queries import MemberRow, Wanted
from organisations.models import DipId, Invitation, Membership, Organisation
from organisations.policies import Action, decide
from organisations.roles import Role
from organisations.services import domains, members
from organisations.services.domains import ASK_THE_DIP_MANAGER
from organisations.views.pages import CompanyView

OUTSIDE_COLUMNS = [
    Column(label="First Name", key="first", fields=("user__first_name", "user__last_name")),
    Column(label="Last Name", key="last", fields=("user__last_name", "user__first_name")),
    Column(label="Email ID", key="email", fields=("user__email",)),
    Column(label="Role"),
    Column(label="Actions"),
]
CSV_COLUMNS = ["First Name", "Last Name", "Email ID", "Role", "Role Codes", "DIP IDs"]
CSV_COLUMNS += ["Expiry Date", "State"]


@dataclass(frozen=True, kw_only=True)
class RowAction:
    """What can be done with a row: a link to `url`, or `reason` why not; `is_post` acts at once."""

    label: str
    url: str = ""
    reason: str = ""
    is_post: bool = False


class MembersView(CompanyView):
    """The company's members, and who is invited."""

    action: ClassVar[Action] = Action.MEMBER_VIEW
    tab = "members"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        now = clock.now()
        dip_ids = queries.dip_ids_of(self.organisation)
        wanted = _wanted(request, dip_ids)
        keys = member_queries.table(self.actor, self.organisation, wanted, now=now)
        may_edit = decide(self.actor, Action.MEMBER_EDIT, self.organisation)
        columns = [*member_queries.COLUMNS, *([member_queries.ACTIONS] if may_edit else [])]
        table = listing_of(request, keys, columns=columns, identity=member_queries.IDENTITY)
        cover = cover_of(self.organisation, now.date())
        return self.show(
            request,
            table=table,
            rows=[
                (row, self._actions(row, cover[Role.USER_ADMIN]) if may_edit else [])
                for row in member_queries.rows(list(table.page), now=now)
            ],
            may_edit=may_edit,
            ending=[it for it in cover.values() if it.ends_soon],
            thin=[it for it in cover.values() if it.is_thin],
            wanted=wanted,
            roles=Role,
            states=[(state, label) for state, (label, _) in member_queries.STATES.items()],
            dip_ids=dip_ids,
            may_create=decide(self.actor, Action.MEMBER_CREATE, self.organisation),
            may_export=decide(self.actor, Action.MEMBER_EXPORT, self.organisation),
            outside=queries.members_outside(
                self.organisation, domains.written_domains(self.organisation)
            ).count()
            if may_edit
            else 0,
            missing=members.missing_first_admins(self.organisation, now=now),
        )

    def _actions(self, row: MemberRow, user_admins: Cover) -> list[RowAction]:
        """Return what a User Admin can do with a row, and why not what they cannot."""
        if row.invitation is not None:
            return self._actions_on_invited(row.invitation)
        member = row.member
        if member is None or member.offboarded_at is not None:
            return []
        is_last = (
            user_admins.count == 1
            and member.is_user_admin
            and member.user.is_active
            and member.is_active_on(user_admins.day)
        )
        why_not_extend = members.why_not_extend(member, day=user_admins.day)
        return [
            self._action("Edit", "edit_member", member),
            RowAction(label="Extend", reason=why_not_extend)
            if why_not_extend
            else self._action("Extend", "extend_member", member),
            RowAction(label="Offboard", reason="The last active User Admin.")
            if is_last
            else self._action("Offboard", "offboard_member", member),
        ]

    def _actions_on_invited(self, invitation: Invitation) -> list[RowAction]:
        if invitation.is_primary:
            reason = member_queries.PRIMARY_IS_THE_DIP_MANAGERS
            return [RowAction(label="Edit, send again or revoke", reason=reason)]
        return [
            self._action("Edit", "edit_invitation", invitation),
            self._action("Send again", "resend_invitation", invitation, is_post=True),
            self._action("Revoke the invitation", "revoke_invitation", invitation),
        ]

    def _action(
        self, label: str, page: str, person: Membership | Invitation, *, is_post: bool = False
    ) -> RowAction:
        url = reverse(f"organisations:{page}", args=[self.organisation.pk, person.pk])
        return RowAction(label=label, url=url, is_post=is_post)


class ExportMembersView(OrganisationView):
    """The rows that the search and the filters leave, as CSV."""

    action: ClassVar[Action] = Action.MEMBER_EXPORT

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        now = clock.now()
        wanted = _wanted(request, queries.dip_ids_of(self.organisation))
        keys = member_queries.table(self.actor, self.organisation, wanted, now=now)
        found = member_queries.all_rows(keys.order_by("last", "first", "kind", "pk"), now=now)
        name = f"members-{self.organisation.company_number}"
        return csv_response(name, CSV_COLUMNS, map(_csv_row, found))


class MembersOutsideView(OrganisationView):
    """Members whose e-mail domain is not whitelisted any more: a User Admin decides about each."""

    action: ClassVar[Action] = Action.MEMBER_EDIT

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        found = queries.members_outside(
            self.organisation, domains.written_domains(self.organisation)
        )
        table = listing(request, found, columns=OUTSIDE_COLUMNS, search=queries.matching_member)
        context = {"company": self.organisation, "table": table, "title": "Members to decide about"}
        return render(request, "organisations/members/outside.html", context)


class CreateMemberView(OrganisationView):
    """Ask for a person, their roles and DIP IDs, and send the invitation.

    While the Certificate Admin or the Message Admin is missing, this leads through them.
    """

    action: ClassVar[Action] = Action.MEMBER_CREATE

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        missing = members.missing_first_admins(self.organisation, now=clock.now())
        asked = [role for role in missing or Role if role == request.GET.get("role")]
        roles = asked or missing[:1]
        form = CreateMemberForm(company=self.organisation, initial={"roles": roles})
        return self._page(request, form, missing)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = CreateMemberForm(request.POST, company=self.organisation)
        now = clock.now()
        if form.is_valid():
            try:
                invitation = members.create_member(
                    actor=self.actor,
                    organisation=self.organisation,
                    first_name=form.cleaned_data["first_name"],
                    last_name=form.cleaned_data["last_name"],
                    email=form.cleaned_data["email"],
                    roles=form.chosen_roles,
                    dip_ids=form.chosen_dip_ids,
                    now=now,
                )
            except AlreadyThere as refusal:
                form.add_error("email", _with_link(self.organisation, refusal))
            except UnableToInvite as refusal:
                form.add_error(refusal.field or None, str(refusal))
            else:
                messages.success(
                    request,
                    f"{invitation.full_name} is created: the invitation goes to "
                    f"{invitation.email}.",
                )
                is_next = members.missing_first_admins(self.organisation, now=now)
                page = "organisations:create_member" if is_next else "organisations:members"
                return redirect(page, pk=pk)
        missing = members.missing_first_admins(self.organisation, now=now)
        return self._page(request, form, missing)

    def _page(
        self, request: HttpRequest, form: CreateMemberForm, missing: list[Role]
    ) -> HttpResponse:
        context: dict[str, Any] = {
            "title": "Create Member",
            "company": self.organisation,
            "form": form,
            "missing": missing,
            "own_domains": queries.own_domains(self.organisation),
            "dcp_domains": queries.domains_through_dcps(self.organisation),
            "note": ASK_THE_DIP_MANAGER,
        }
        return render(request, "organisations/members/create.html", context)


def _with_link(organisation: Organisation, refusal: AlreadyThere) -> str:
    """Return the refusal with a link to the person in the table."""
    table = reverse("organisations:members", args=[organisation.pk])
    query = urlencode({"q": refusal.email})
    return format_html('{} <a href="{}?{}">Show in Members</a>', str(refusal), table, query)


def _wanted(request: HttpRequest, dip_ids: Sequence[DipId]) -> Wanted:
    """Return which rows the request asks for; what is unknown is not asked for."""
    asked = request.GET
    state = asked.get("state", "")
    return Wanted(
        words=searched(request).split(),
        role=next((role for role in Role if role == asked.get("role")), None),
        state=state if state in member_queries.STATES else "",
        dip_id=next((it for it in dip_ids if it.dip_id == asked.get("dip_id")), None),
    )


def _csv_row(row: MemberRow) -> list[str]:
    grant = row.grant
    dip_ids = "All" if grant.all_dip_ids else ", ".join(it.dip_id for it in grant.dip_ids.all())
    return [
        row.first_name,
        row.last_name,
        row.email,
        ", ".join(grant.role_labels),
        grant.role_codes,
        dip_ids,
        row.expires_date.isoformat(),
        row.state_label,
    ]
