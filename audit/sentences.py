"""Events as sentences: 'Dana Manager created the company Super Energy Co'."""

from collections.abc import Mapping

from audit.models import Event

_predicates: dict[str, str] = {}
_of_companies: set[str] = set()


def register(predicates: Mapping[str, str], *, of_companies: bool = False) -> None:
    """Say how actions are told: code to what stands between the actor and the subject.

    `of_companies` are those that may stand in the trail of a company. Each app registers its
    own when it is ready. Raises ValueError if an action is told in two ways.
    """
    for action, predicate in predicates.items():
        if _predicates.setdefault(action, predicate) != predicate:
            raise ValueError(f"The audit action {action} already has another sentence.")
    if of_companies:
        _of_companies.update(predicates)


def predicate(action: str) -> str:
    """Return what an action is called between actor and subject; its code if nobody said."""
    return _predicates.get(action, action)


def actions() -> dict[str, str]:
    """Return every registered action with its predicate."""
    return dict(_predicates)


def actions_of_companies() -> dict[str, str]:
    """Return every registered action that may stand in the trail of a company."""
    return {action: told for action, told in _predicates.items() if action in _of_companies}


def sentence(event: Event) -> str:
    """Return the event in words: who, did what, to which."""
    return f"{event.actor_label} {predicate(event.action)} {event.subject_label}"
