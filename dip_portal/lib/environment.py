"""Which environment this process is, and what that environment can do.

UIT and Production are the same code deployed twice, and the simulated GlobalSign Atlas
is the same code once more. Code asks for an ability (`current().can_extract`), never for
a name, so that a rule reads as what it means.
"""

from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

# What the names of the DIP lie under: an example's, for nobody's real domain is ours.
DIP_DOMAIN = "dip.example"


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One deployment of the code.

    `name` is the value of DIP_ENVIRONMENT, `label` what people call it, `product` what its
    site is, `tag` the environmentTag of its messages. `can_extract` and `can_import` are
    the two sides of the promotion (seminar, 'The DIP manager has three tasks').
    `is_certificate_authority` is true of Atlas, which is no portal: it stands for the
    outside world and serves both.
    """

    name: str
    label: str
    long_label: str
    product: str = "DIP Portal simulator"
    tag: str = ""
    can_extract: bool = False
    can_import: bool = False
    is_certificate_authority: bool = False

    @property
    def domain(self) -> str:
        """The name of this deployment of the DIP, in its own certificate and as a mail sender."""
        return f"{self.name}.{DIP_DOMAIN}"


UIT = Environment(
    name="uit",
    label="UIT",
    long_label="User Integration Testing",
    tag="UIT",
    can_extract=True,
)
PRODUCTION = Environment(
    name="production",
    label="Production",
    long_label="Production",
    tag="PRD",
    can_import=True,
)
ATLAS = Environment(
    name="atlas",
    label="Atlas",
    long_label="Simulated GlobalSign Atlas",
    product="Simulated GlobalSign",
    is_certificate_authority=True,
)

PORTALS = {environment.name: environment for environment in (UIT, PRODUCTION)}
ENVIRONMENTS = {**PORTALS, ATLAS.name: ATLAS}


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
