"""Makes what a scenario says, through the services, as the people of the business would.

In this order: companies with their identities, nominations, members, invitations, message
channels, and last what takes Atlas: certificates.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path as Folder

from django.conf import settings
from django.utils.text import slugify

from accounts.errors import UnableToCreateUser
from accounts.models import User
from channels import callback_urls, plans
from channels.errors import UnableToConfigure
from channels.services.webhooks import set_webhook
from dip_portal.lib import environment as environments
from organisations.actors import Actor, actor_for
from organisations.errors import UnableToChangeCompany, UnableToInvite
from organisations.models import DipId, Invitation, Membership, Mpid, Organisation
from organisations.queries import dip_ids_of, nominations_of_dcp
from organisations.roles import Role
from organisations.services.dip_ids import add_dcp_id, add_dip_id, add_mpid
from organisations.services.domains import whitelist_domain
from organisations.services.invitations import send_invitation
from organisations.services.members import create_member
from organisations.services.nominations import nominate
from organisations.services.organisations import create_organisation
from organisations.services.pab import record_approval
from scenarios import days, document
from scenarios.document import EVERY_PUBLICATION, Path, Placed, Scenario
from scenarios.errors import UnableToBuild, UnableToPlay
from scenarios.participants import Participant
from scenarios.people import make_person

REFUSALS = (
    UnableToChangeCompany,
    UnableToInvite,
    UnableToConfigure,
    UnableToCreateUser,
    UnableToPlay,
)
NO_CATCHER = "https://catcher.example"


def build(
    scenario: Scenario, *, actor: Actor, participants: Folder | None = None, now: datetime
) -> list[str]:
    """Make what the scenario says and is not here yet, in the transaction at hand.

    A company that is here already is passed over whole. `actor` is a DIP Manager,
    `participants` the folder for keys and certificates, which are left out without one.
    Returns what was left out and why. Raises UnableToBuild.
    """
    known = set(Organisation.objects.values_list("company_number", flat=True))
    missing = [it for it in scenario.organisations() if it.organisation.number not in known]
    return _Building(actor, participants, now).make(missing)


@contextmanager
def _at(path: Path) -> Iterator[None]:
    """Let what a service refuses name the place in the file."""
    try:
        yield
    except REFUSALS as refusal:
        raise UnableToBuild(path, str(refusal)) from refusal
    except ValueError as error:
        raise UnableToBuild(path, str(error)) from error


class _Building:
    def __init__(self, actor: Actor, participants: Folder | None, now: datetime) -> None:
        self.actor = actor
        self.participants = participants
        self.now = now
        self.today = now.date()
        self.environment = environments.current()
        self.rows: dict[Path, Organisation] = {}
        self.dip_ids: dict[Path, DipId] = {}

    def make(self, placed: list[Placed]) -> list[str]:
        for steps in (self._company, self._nominations, self._members, self._invited):
            for it in placed:
                steps(it)
        for it in placed:
            self._webhooks(it)
        for it in placed:
            self._certificates(it)
        return list(self._left_out(placed))

    def _left_out(self, placed: list[Placed]) -> Iterator[str]:
        approved = [
            it.organisation.name
            for it in placed
            if isinstance(it.organisation, document.Company) and it.organisation.approval
        ]
        if approved and not self.environment.can_extract:
            yield (
                f"The PAB approvals of {len(approved)} companies: they are recorded in the "
                "environment that extracts, and not here."
            )

        certified = sum(it.organisation.certificates is not None for it in placed)
        if certified and self.participants is None:
            yield f"The certificates of {certified} companies, and the API keys taken for them."
        patterns = [
            pattern
            for it in placed
            for _, dip_id in _dip_ids_of(it)
            for pattern in dip_id.webhooks.values()
        ]
        if not settings.CATCHER_URL and any("{catcher}" in pattern for pattern in patterns):
            yield (
                f"The webhook catcher: DIP_CATCHER_URL is not set, and the webhooks lead to "
                f"{NO_CATCHER}, which is nowhere."
            )

    def _day(self, text: str | None) -> date | None:
        return days.on(text, self.today) if text else None

    def _moment(self, text: str) -> datetime:
        """Return this time of day on the day that the text names, which is not to come."""
        day = days.on(text, self.today)
        if day > self.today:
            raise ValueError(f"{day} is yet to come. Choose today or a day before.")
        return self.now - timedelta(days=(self.today - day).days)

    # --- Companies and their identities

    def _company(self, it: Placed) -> None:
        path, wanted, parent = it
        with _at(path):
            made = create_organisation(
                actor=self.actor,
                name=wanted.name,
                company_number=wanted.number,
                description=wanted.description,
                dcp_status=wanted.dcp_status,
                parent=Organisation.objects.get(company_number=parent) if parent else None,
                now=self.now,
            )
        self.rows[path] = made
        for number, domain in enumerate(wanted.domains):
            with _at((*path, "domains", number)):
                whitelist_domain(actor=self.actor, organisation=made, domain=domain, now=self.now)
        for number, dcp_id in enumerate(wanted.dcp_ids):
            with _at((*path, "dcp_ids", number)):
                add_dcp_id(actor=self.actor, organisation=made, dcp_id=dcp_id, now=self.now)
        for number, mpid in enumerate(wanted.mpids):
            self._mpid((*path, "mpids", number), made, mpid)
        if isinstance(wanted, document.Company) and wanted.approval:
            self._approval((*path, "approval"), made, wanted.approval)

    def _mpid(self, path: Path, organisation: Organisation, wanted: document.Mpid) -> None:
        with _at((*path, "code")):
            mpid = add_mpid(
                actor=self.actor, organisation=organisation, code=wanted.code, now=self.now
            )
        for number, dip_id in enumerate(wanted.dip_ids):
            self._dip_id((*path, "dip_ids", number), mpid, dip_id)

    def _dip_id(self, path: Path, mpid: Mpid, wanted: document.DipId) -> None:
        with _at(path):
            made = add_dip_id(
                actor=self.actor,
                mpid=mpid,
                dip_role_code=wanted.role,
                mpr_role_code=wanted.market_role,
                dip_id=wanted.dip_id or "",
                effective_from_date=self._day(wanted.effective_from),
                effective_to_date=self._day(wanted.effective_to),
                now=self.now,
            )
        if not wanted.dates_set:  # as after an import: copied, and not confirmed yet
            made.effective_dates_set_at = None
            made.save(update_fields=["effective_dates_set_at"])
        self.dip_ids[path] = made

    def _approval(self, path: Path, organisation: Organisation, wanted: document.Approval) -> None:
        if self.environment.can_extract:
            with _at(path):
                record_approval(
                    actor=self.actor,
                    organisation=organisation,
                    reference=wanted.reference,
                    approved_date=days.on(wanted.date, self.today),
                    now=self.now,
                )

    # --- Nominations

    def _nominations(self, it: Placed) -> None:
        made = self.rows[it.path]
        if it.organisation.nominates:
            self._nominate((*it.path, "nominates"), made, None, it.organisation.nominates)
        for path, wanted in _dip_ids_of(it):
            if wanted.nominates:
                self._nominate((*path, "nominates"), made, self.dip_ids[path], wanted.nominates)

    def _nominate(
        self,
        path: Path,
        organisation: Organisation,
        dip_id: DipId | None,
        wanted: document.Nomination,
    ) -> None:
        with _at(path):
            nominate(
                actor=self.actor,
                organisation=organisation,
                dip_id=dip_id,
                dcp_id_code=wanted.dcp_id,
                whitelists_domains=wanted.whitelist_domains,
                now=self.now,
            )

    # --- People

    def _members(self, it: Placed) -> None:
        made = self.rows[it.path]
        joined = [
            self._member((*it.path, "members", number), made, member)
            for number, member in enumerate(it.organisation.members)
        ]
        admins = [one for one in joined if one.is_user_admin and one.offboarded_at is None]
        if not admins:
            if it.organisation.verified:
                raise UnableToBuild(
                    (*it.path, "verified"), "Only a User Admin verifies a company: add one."
                )
            return
        if it.organisation.verified is not False:
            Organisation.objects.filter(pk=made.pk).update(
                details_verified_at=self.now, details_verified_by=admins[0].user
            )
        if self.environment.can_import and not it.parent:
            self._came_by_invitation(admins[0])

    def _member(self, path: Path, company: Organisation, wanted: document.Member) -> Membership:
        with _at((*path, "email")):
            person = self._account(wanted)
            membership = Membership(
                organisation=company,
                user=person,
                all_dip_ids=not wanted.limited_to,
                expires_date=days.on(wanted.expires, self.today),
                created_at=self.now,
            )
        with _at((*path, "offboarded")):
            if wanted.offboarded:
                membership.offboarded_at = self._moment(wanted.offboarded)
        if (
            membership.offboarded_at is None
            and company.memberships.filter(user=person, offboarded_at=None).exists()
        ):
            raise UnableToBuild((*path, "email"), "This person is a member of the company already.")
        membership.roles = wanted.roles
        membership.save()
        membership.dip_ids.set(self._limit(company, wanted) or [])
        return membership

    def _account(self, wanted: document.Member) -> User:
        person = make_person(wanted.email, wanted.first_name, wanted.last_name, now=self.now)
        if person.is_staff:
            raise ValueError(
                "A DIP Manager of this environment has this address, and cannot be a member. "
                "Choose another."
            )
        return person

    def _limit(self, company: Organisation, wanted: document.Person) -> list[DipId] | None:
        if not wanted.limited_to:
            return None
        mine = DipId.objects.filter(mpid__organisation=company)
        named = mine.filter(dip_id__in=wanted.limited_to)
        return list(named | mine.filter(mpid__code__in=wanted.limited_to))

    def _came_by_invitation(self, admin: Membership) -> None:
        """Note that the first User Admin accepted the invitation that follows a promotion."""
        Invitation.objects.create(
            organisation=admin.organisation,
            is_primary=True,
            is_user_admin=True,
            first_name=admin.user.first_name,
            last_name=admin.user.last_name,
            email=admin.user.email,
            token_hash=secrets.token_hex(32),
            invited_by_id=self.actor.user_id,
            sent_at=self.now,
            expires_at=self.now + timedelta(days=1),
            accepted_at=self.now,
            accepted_by=admin.user,
        )

    def _invited(self, it: Placed) -> None:
        made = self.rows[it.path]
        for number, wanted in enumerate(it.organisation.invited):
            path: Path = (*it.path, "invited", number)
            with _at((*path, "sent")):
                sent = self._moment(wanted.sent)
            with _at(path):
                if wanted.primary:
                    send_invitation(
                        actor=self.actor,
                        organisation=made,
                        first_name=wanted.first_name,
                        last_name=wanted.last_name,
                        email=wanted.email,
                        now=sent,
                    )
                else:
                    create_member(
                        actor=self._member_with(Role.USER_ADMIN, made, path),
                        organisation=made,
                        first_name=wanted.first_name,
                        last_name=wanted.last_name,
                        email=wanted.email,
                        roles=wanted.roles,
                        dip_ids=self._limit(made, wanted),
                        now=sent,
                    )

    # --- Message channels

    def _webhooks(self, it: Placed) -> None:
        company = self.rows[it.path]
        for path, wanted in _dip_ids_of(it):
            if not wanted.webhooks:
                continue
            actor = self._member_with(Role.MESSAGE_ADMIN, company, (*path, "webhooks"))
            dip_id = self.dip_ids[path]
            for publication, pattern in _each(wanted.webhooks, dip_id.dip_role_code):
                name = publication if publication in wanted.webhooks else EVERY_PUBLICATION
                with _at((*path, "webhooks", name)):
                    set_webhook(
                        actor=actor,
                        dip_id=dip_id,
                        publication=publication,
                        callback_url=_filled(pattern, dip_id, publication),
                        now=self.now,
                    )

    # --- Certificates

    def _certificates(self, it: Placed) -> None:
        """Be the company at Atlas, on the Certificates tab, and where API keys are shown."""
        wanted = it.organisation.certificates
        if wanted is None or self.participants is None:
            return
        path: Path = (*it.path, "certificates")
        company = self.rows[it.path]
        actor = self._member_with(Role.CERTIFICATE_ADMIN, company, path)
        assert actor.user_id is not None  # a member is a person
        with _at(path):
            domain = wanted.domain.replace("{environment}", self.environment.name)
            participant = Participant(
                self.participants / slugify(company.name), organisation=company, actor=actor
            )
            participant.register_at_atlas(User.objects.get(pk=actor.user_id))
            participant.upload_credentials()
            participant.verify_domain(domain)
            for purpose in wanted.purposes:
                participant.obtain(purpose, f"dip.{domain}")
            served = [*self._connected_by(company), *dip_ids_of(company)]
            for dip_id in served:
                admin = self._member_with(Role.MESSAGE_ADMIN, dip_id.mpid.organisation, path)
                participant.take_key(admin, dip_id)
            if served:
                participant.configure(served[0])

    def _connected_by(self, company: Organisation) -> list[DipId]:
        """Return the DIP IDs for which companies nominated this one, in the order of the file."""
        return [
            dip_id
            for nomination in nominations_of_dcp(company)
            for dip_id in (
                [nomination.dip_id] if nomination.dip_id else dip_ids_of(nomination.organisation)
            )
        ]

    def _member_with(self, role: Role, company: Organisation, path: Path) -> Actor:
        """Return an active member who may do this for all DIP IDs of the company."""
        for membership in company.memberships.select_related("user").order_by("pk"):
            may = role in membership.roles and membership.all_dip_ids
            if may and membership.is_active_on(self.today):
                return actor_for(membership.user, day=self.today)
        raise UnableToBuild(
            path, f"This takes an active member of all DIP IDs with the role {role.label}: add one."
        )


def _dip_ids_of(it: Placed) -> Iterator[tuple[Path, document.DipId]]:
    for place, mpid in enumerate(it.organisation.mpids):
        for number, dip_id in enumerate(mpid.dip_ids):
            yield (*it.path, "mpids", place, "dip_ids", number), dip_id


def _each(webhooks: dict[str, str], role: str) -> Iterator[tuple[str, str]]:
    """Yield each publication with its URL pattern; `all` stands for those not named."""
    if EVERY_PUBLICATION in webhooks:
        for publication, _title in plans.receivable(role):
            yield publication, webhooks.get(publication, webhooks[EVERY_PUBLICATION])
    else:
        yield from webhooks.items()


def _filled(pattern: str, dip_id: DipId, publication: str) -> str:
    values = {
        "dip_id": dip_id.dip_id,
        "mpid": dip_id.mpid.code,
        "role": dip_id.dip_role_code,
        "publication": publication,
        "catcher": settings.CATCHER_URL or NO_CATCHER,
    }
    return callback_urls.fill(callback_urls.check_pattern(pattern, values), values)
