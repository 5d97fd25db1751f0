"""Customers of Atlas to rehearse with: the companies of the portals' demonstration.

Loading a second time changes nothing. The passwords are made at random for each
installation and kept in DIP_SECRETS_DIR/demonstration.json.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.demonstration import keep, kept
from accounts.models import User
from certificates.atlas.models import AccountUser
from certificates.atlas.services.accounts import register

PEOPLE = (
    ("Brightwater Energy Ltd", "priya.nair@brightwater-energy.example", "Priya", "Nair"),
    ("Conduit Connect Ltd", "owen.pryce@conduit-connect.example", "Owen", "Pryce"),
)


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """How one of the demonstration's people signs in to Atlas; there is no second factor."""

    company: str
    email: str
    password: str


@transaction.atomic
def load(*, now: datetime) -> None:
    """Register the companies, each with one person."""
    for company, email, first_name, last_name in PEOPLE:
        if not User.objects.filter(email=email).exists():
            register(
                company=company,
                email=email,
                first_name=first_name,
                last_name=last_name,
                password=keep(email)["password"],
                address=None,
                now=now,
            )


def sign_ins() -> list[SignIn]:
    """Return how the people that are loaded sign in."""
    passwords = kept()
    seats = AccountUser.objects.filter(user__email__in=passwords).select_related("account", "user")
    return [
        SignIn(
            company=seat.account.name,
            email=seat.user.email,
            password=passwords[seat.user.email]["password"],
        )
        for seat in seats.order_by("user__email")
    ]
