"""The page of a DIP ID: its details, who connects for it, and its members."""

from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from dip_portal.lib import clock
from organisations import acting, member_queries, queries
from organisations.errors import UnableToChangeMember
from organisations.http import ActionView
from organisations.listing import Column, listing, listing_of, searched
from organisations.member_queries import Wanted
from organisations.models import DipId, Membership, Organisation
from organisations.policies import Action, Stranger, decide, require
from organisations.services import members
from organisations.views.pages import dip_id_state

# The columns of the seminar's DIP ID slide, and the state.
MEMBER_COLUMNS = [
    column for column in member_queries.COLUMNS if column.label not in ("Role Codes", "Expiry Date")
]
CANDIDATE_COLUMNS = [
    Column(label="First Name", key="first", fields=("user__first_name", "user__last_name")),
    Column(label="Last Name", key="last", fields=("user__last_name", "user__first_name")),
    Column(label="Email ID", key="email", fields=("user__email",)),
    Column(label="Role"),
    Column(label="Actions"),
]


class DipIdPage(ActionView, is_base=True):
    """A page about one DIP ID of a company: `pk` and the ten digits `dip_id` in the URL."""

    organisation: Organisation
    dip_id: DipId

    def load(self, **kwargs: Any) -> None:
        """Load the DIP ID; who may not see it gets 404, who may not do this 403."""
        found = (
            DipId.objects.select_related("mpid__organisation")
            .filter(dip_id=kwargs["dip_id"])
            .first()
        )
        if found is None or found.mpid.organisation_id != kwargs["pk"]:
            raise Stranger
        require(self.actor, Action.DIP_ID_VIEW, found)
        self.dip_id, self.organisation = found, found.mpid.organisation
        require(self.actor, self.action, self.resource())
        acting.choose(self.request, self.organisation)

    def resource(self) -> DipId | Organisation:
        """Return what the page's action is asked of."""
        return self.dip_id

    def show(self, template: str, **context: Any) -> HttpResponse:
        """Render a page of templates/organisations/dip_id/."""
        return render(
            self.request,
            f"organisations/dip_id/{template}",
            {
                "company": self.organisation,
                "dip_id": self.dip_id,
                "back_url": self.address(),
                **context,
            },
        )

    def address(self) -> str:
        """Return the address of the DIP ID's page."""
        return reverse("organisations:dip_id", args=[self.organisation.pk, self.dip_id.dip_id])

    def back(self) -> HttpResponse:
        """Return to the DIP ID's page."""
        return redirect(self.address())


class DipIdView(DipIdPage):
    """The DIP ID as a whole."""

    action: ClassVar[Action] = Action.DIP_ID_VIEW

    def get(self, request: HttpRequest, pk: int, dip_id: str) -> HttpResponse:
        now = clock.now()
        wanted = Wanted(words=searched(request).split(), dip_id=self.dip_id)
        keys = member_queries.table(self.actor, self.organisation, wanted, now=now)
        may_edit = decide(self.actor, Action.MEMBER_EDIT, self.organisation)
        columns = [*MEMBER_COLUMNS, *([member_queries.ACTIONS] if may_edit else [])]
        table = listing_of(request, keys, columns=columns, identity=member_queries.IDENTITY)
        return self.show(
            "page.html",
            state=dip_id_state(self.dip_id, now.date()),
            own=self.dip_id.nominations.select_related("dcp_id__organisation").first(),
            nomination=queries.nomination_of(self.organisation),
            may_nominate=decide(self.actor, Action.NOMINATION_MAKE, self.organisation),
            may_edit=may_edit,
            may_reveal=decide(self.actor, Action.API_KEY_REVEAL, self.dip_id),
            may_regenerate=decide(self.actor, Action.API_KEY_REGENERATE, self.dip_id),
            api_keys=list(self.dip_id.api_keys.all()),
            table=table,
            rows=member_queries.rows(list(table.page), now=now),
        )


class MembersOfDipIdPage(DipIdPage, is_base=True):
    """A page that changes who the members of the DIP ID are."""

    action: ClassVar[Action] = Action.MEMBER_EDIT

    def resource(self) -> Organisation:
        """Return the company: its User Admins keep the members of each DIP ID."""
        return self.organisation

    def member(self, key: int) -> Membership:
        """Return a member of the company who is not offboarded. Raises Stranger."""
        found = (
            self.organisation.memberships.select_related("user")
            .filter(pk=key, offboarded_at__isnull=True)
            .first()
        )
        if found is None:
            raise Stranger
        found.organisation = self.organisation
        return found


class AddMemberView(MembersOfDipIdPage):
    """The company's members who are not members of this DIP ID yet; each can be added."""

    def get(self, request: HttpRequest, pk: int, dip_id: str) -> HttpResponse:
        table = listing(
            request,
            queries.members_without(self.dip_id),
            columns=CANDIDATE_COLUMNS,
            search=queries.matching_member,
        )
        return self.show("add_member.html", title="Add Member", table=table)


class AddThisMemberView(MembersOfDipIdPage):
    """Make one member of the company a member of this DIP ID too."""

    def post(self, request: HttpRequest, pk: int, dip_id: str, key: int) -> HttpResponse:
        member = self.member(key)
        try:
            members.add_to_dip_id(
                actor=self.actor, membership=member, dip_id=self.dip_id, now=clock.now()
            )
        except UnableToChangeMember as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"{member.user} is a member of DIP ID {self.dip_id} now.")
        return self.back()


class OffboardFromDipIdView(MembersOfDipIdPage):
    """Take a member off this DIP ID; asks first."""

    def get(self, request: HttpRequest, pk: int, dip_id: str, key: int) -> HttpResponse:
        member = self.member(key)
        consequence = (
            f"{member.user} stays a member of {self.organisation} and keeps its other DIP IDs."
        )
        if member.all_dip_ids:
            consequence += (
                " They are a Member of All DIP IDs: of a DIP ID that comes later they are a "
                "member only if they are added to it."
            )
        return self.show(
            "confirm.html",
            title="Offboard",
            question=f"Offboard {member.user} from DIP ID {self.dip_id}?",
            consequence=consequence,
            submit="Offboard",
            cancel_url=self.address(),
            danger=True,
        )

    def post(self, request: HttpRequest, pk: int, dip_id: str, key: int) -> HttpResponse:
        member = self.member(key)
        try:
            members.remove_from_dip_id(
                actor=self.actor, membership=member, dip_id=self.dip_id, now=clock.now()
            )
        except UnableToChangeMember as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"{member.user} is offboarded from DIP ID {self.dip_id}.")
        return self.back()
