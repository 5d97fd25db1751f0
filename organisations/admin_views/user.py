"""The DIP Manager's page of one person's account, and what can be done to it: each asks first."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern
from django.utils import timezone

from accounts.freshness import require_recent_authentication
from accounts.models import User
from accounts.second_factor import factor_names
from accounts.services import count_sessions, has_accepted_terms
from audit import sentences
from audit.models import Event
from audit.queries import about_person
from dip_portal.lib import clock
from organisations import queries
from organisations.actors import Actor
from organisations.admin_lists import ListAdmin
from organisations.errors import UnableToChangeUser
from organisations.policies import Action, decide
from organisations.services import users

CHANGE = "admin:accounts_user_change"
RECENT_EVENTS = 10


class Run(Protocol):
    """A verb of `organisations.services.users`."""

    def __call__(self, *, actor: Actor, user: User, now: datetime) -> None: ...


@dataclass(frozen=True, kw_only=True)
class AccountVerb:
    """One page that asks before something is done to an account.

    `question` and `done` are told with `it`, the person. `why_not` gives the reason if it
    cannot be done, `run` is the service. `needs_proof` asks who is there for a password or
    second factor that is no older than five minutes.
    """

    action: Action
    why_not: Callable[[Actor, User], str]
    run: Run
    question: str
    consequence: str
    button: str
    done: str
    is_dangerous: bool = True
    needs_proof: bool = False


VERBS = {
    "reset_second_factor": AccountVerb(
        action=Action.USER_RESET_SECOND_FACTOR,
        why_not=users.why_no_second_factor_reset,
        run=users.reset_second_factor,
        question="Reset the second factor of {it}?",
        consequence="Their authenticator app, passkeys and recovery codes stop working, and they "
        "are signed out everywhere. At the next sign-in, whoever knows the password sets up a "
        "new second factor: make sure that it is this person who asks. They are told by e-mail.",
        button="Reset second factor",
        done="The second factor of {it} is reset.",
        needs_proof=True,  # whoever found a browser open would open other people's accounts
    ),
    "deactivate": AccountVerb(
        action=Action.USER_DEACTIVATE,
        why_not=users.why_no_deactivation,
        run=users.deactivate,
        question="Deactivate the account of {it}?",
        consequence="They are signed out everywhere at once, and can neither sign in nor reset "
        "their password. Memberships stay, and give no access meanwhile. They are told by e-mail. "
        "You can reactivate the account.",
        button="Deactivate",
        done="The account of {it} is deactivated.",
    ),
    "reactivate": AccountVerb(
        action=Action.USER_REACTIVATE,
        why_not=users.why_no_reactivation,
        run=users.reactivate,
        question="Reactivate the account of {it}?",
        consequence="They can sign in again, with the password, the second factor and the "
        "memberships that they have. They are told by e-mail.",
        button="Reactivate",
        done="The account of {it} is active again.",
        is_dangerous=False,
    ),
}


class UserPages(ListAdmin):
    """The pages of one person, for the admin of users to inherit."""

    def user_addresses(self) -> list[URLPattern]:
        """Return the person's page, and the pages that ask first."""
        page = self.address("<int:pk>/change/", self.user, "accounts_user_change")
        return [
            page,
            *(
                self.address(
                    f"<int:pk>/{name.replace('_', '-')}/",
                    self._asking(verb),
                    f"accounts_user_{name}",
                    method="GET POST",
                )
                for name, verb in VERBS.items()
            ),
        ]

    def user(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show one person: memberships, second factors, sessions, and what happened of late."""
        actor = self.allow(request)
        person = get_object_or_404(self.get_queryset(request), pk=pk)
        now = clock.now()
        return self.show(
            request,
            "user.html",
            str(person),
            person=person,
            factors=factor_names(Authenticator.objects.filter(user=person)),
            sessions=count_sessions(person, now=timezone.now()),
            has_accepted_terms=has_accepted_terms(person),
            memberships=[
                (own, _state(own.offboarded_at, is_active=own.is_active_on(now.date())))
                for own in person.memberships.select_related("organisation").order_by("-pk")
            ],
            verbs=[
                (verb, f"admin:accounts_user_{name}", verb.why_not(actor, person))
                for name, verb in _offered(actor, person)
            ],
            events=[
                (event, sentences.predicate(event.action))
                for event in Event.objects.filter(about_person(person.pk))[:RECENT_EVENTS]
            ],
        )

    def _asking(self, verb: AccountVerb) -> Any:
        """Return the view that asks by GET and does by POST."""

        def view(request: HttpRequest, pk: int) -> HttpResponse:
            actor = self.allow(request, verb.action)
            person = get_object_or_404(self.get_queryset(request), pk=pk)
            reason = verb.why_not(actor, person)
            if request.method != "POST" and reason:
                messages.error(request, reason)
                return redirect(CHANGE, pk)
            if verb.needs_proof and not reason:
                require_recent_authentication(request)
            if request.method == "POST":
                try:
                    verb.run(actor=actor, user=person, now=clock.now())
                except UnableToChangeUser as refusal:
                    messages.error(request, str(refusal))
                else:
                    messages.success(request, verb.done.format(it=person))
                return redirect(CHANGE, pk)
            return self.show(
                request,
                "user_ask.html",
                verb.question.format(it=person),
                person=person,
                verb=verb,
                left_alone=queries.companies_left_without(person, clock.today())
                if verb.action == Action.USER_DEACTIVATE
                else [],
            )

        return view


def _offered(actor: Actor, person: User) -> list[tuple[str, AccountVerb]]:
    """Return the verbs that make sense for this person and that the actor may do."""
    left_out = "deactivate" if not person.is_active else "reactivate"
    return [
        (name, verb)
        for name, verb in VERBS.items()
        if name != left_out and decide(actor, verb.action)
    ]


def _state(offboarded_at: datetime | None, *, is_active: bool) -> tuple[str, str]:
    """Return the state of a membership, and the tone of its badge."""
    if offboarded_at:
        return "Offboarded", "neutral"
    return ("Active", "success") if is_active else ("Expired", "warning")
