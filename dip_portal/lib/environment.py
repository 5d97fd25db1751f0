"""Which environment this process is, and what that environment can do.

UIT and Production are the same code deployed twice. Code asks for an ability
(`current().can_extract`), never for a name, so that a rule reads as what it means.
"""

from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One deployment of the portal.

    `name` is the value of DIP_ENVIRONMENT, `label` what people call it, `tag` the
    environmentTag of its messages. `can_extract` and `can_import` are the two sides of
    the promotion (seminar, 'The DIP manager has three tasks').
    """

    name: str
    label: str
    long_label: str
    tag: str
    can_extract: bool
    can_import: bool


UIT = Environment(
    name="uit",
    label="UIT",
    long_label="User Integration Testing",
    tag="UIT",
    can_extract=True,
    can_import=False,
)
PRODUCTION = Environment(
    name="production",
    label="Production",
    long_label="Production",
    tag="PRD",
    can_extract=False,
    can_import=True,
)

ENVIRONMENTS = {environment.name: environment for environment in (UIT, PRODUCTION)}


def named(name: str) -> Environment:
    """Return the environment of this name. Raises ImproperlyConfigured for an unknown one."""
    try:
        return ENVIRONMENTS[name]
    except KeyError:
        known = " or ".join(ENVIRONMENTS)
        raise ImproperlyConfigured(f"DIP_ENVIRONMENT is {name!r}; it must be {known}.") from None


def current() -> Environment:
    """Return the environment of this process (setting DIP_ENVIRONMENT)."""
    return named(settings.DIP_ENVIRONMENT)
