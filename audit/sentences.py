"""Events as sentences: 'Dana Manager created the company Super Energy Co'."""

from collections.abc import Mapping

from audit.models import Event

_predicates: dict[str, str] = {}


def register(predicates: Mapping[str, str]) -> None:
    """Say how actions are told: code to what stands between the actor and the subject.

    Each app registers its own when it is ready. Raises ValueError if an action is told
    in two ways.
    """
    for action, predicate in predicates.items():
        if _predicates.setdefault(action, predicate) != predicate:
            raise ValueError(f"The audit action {action} already has another sentence.")


def predicate(action: str) -> str:
    """Return what an action is called between actor and subject; its code if nobody said."""
    return _predicates.get(action, action)


def actions() -> dict[str, str]:
    """Return every registered action with its predicate."""
    return dict(_predicates)


def sentence(event: Event) -> str:
    """Return the event in words: who, did what, to which."""
    return f"{event.actor_label} {predicate(event.action)} {event.subject_label}"
