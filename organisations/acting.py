"""Which company a member of several acts for: the one chosen, or looked at last.

The choice says what the pages show first and where the navigation leads. Rights never
follow from it: the policies ask the membership in the company that a thing belongs to.
"""

from django.http import HttpRequest

from organisations.actors import Actor, MemberActor, actor_of
from organisations.models import Organisation
from organisations.policies import Action, Decision, decide, decide_anywhere, visible

CHOSEN = "company"  # session key


def acting_id(request: HttpRequest) -> int | None:
    """Return the key of the company the person acts for: no query beyond the actor's own.

    It is the only one, or the chosen one while the membership is active. None for who is
    in several and chose none, in no company, or no member at all.
    """
    actor = actor_of(request)
    if not isinstance(actor, MemberActor):
        return None
    own = [membership.organisation_id for membership in actor.memberships]
    if len(own) == 1:
        return own[0]
    chosen = request.session.get(CHOSEN)
    return chosen if chosen in own else None


def companies_of(request: HttpRequest) -> list[Organisation]:
    """Return the companies between which the person can choose, by name: one query a request."""
    known: list[Organisation] | None = getattr(request, "dip_companies", None)
    if known is None:
        companies = Organisation.objects.order_by("name", "pk")
        known = list(visible(actor_of(request), Action.ORGANISATION_VIEW, companies))
        request.dip_companies = known  # type: ignore[attr-defined]
    return known


def has_choice(actor: Actor) -> bool:
    """Tell whether this is a member of several companies."""
    return isinstance(actor, MemberActor) and len(actor.memberships) > 1


def acting_company(request: HttpRequest) -> Organisation | None:
    """Return the company the person acts for, as `acting_id` tells."""
    key = acting_id(request)
    return next((one for one in companies_of(request) if one.pk == key), None) if key else None


def decide_here(request: HttpRequest, action: Action) -> Decision:
    """Tell whether the person may do this in the company they act for; no query.

    Before one is chosen, whether they may in any of them.
    """
    key = acting_id(request)
    if key is None:
        return decide_anywhere(actor_of(request), action)
    # The policies ask for the company's key alone.
    return decide(actor_of(request), action, Organisation(pk=key))


def choose(request: HttpRequest, organisation: Organisation) -> None:
    """Let somebody in several companies act for this one from now on, if they are in it."""
    actor = actor_of(request)
    if not has_choice(actor) or acting_id(request) == organisation.pk:
        return
    if isinstance(actor, MemberActor) and actor.membership_in(organisation.pk):
        request.session[CHOSEN] = organisation.pk


def forget(request: HttpRequest) -> None:
    """Let the person choose anew."""
    request.session.pop(CHOSEN, None)


def switcher(request: HttpRequest) -> tuple[Organisation | None, list[Organisation]]:
    """Return the company acted for and all there are to choose; nothing for who has no choice."""
    actor = actor_of(request)
    if not isinstance(actor, MemberActor) or len(actor.memberships) < 2:
        return None, []
    return acting_company(request), companies_of(request)
