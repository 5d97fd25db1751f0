"""Customers of Atlas: anybody may register a company, as anybody may with GlobalSign."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.errors import UnableToCreateUser
from accounts.models import User
from accounts.services import create_user
from audit.services import record
from certificates.atlas.actors import AtlasActor
from certificates.atlas.errors import UnableToRegister
from certificates.atlas.models import Account, AccountUser


@transaction.atomic
def register(
    *,
    company: str,
    email: str,
    first_name: str,
    last_name: str,
    password: str,
    address: str | None,
    now: datetime,
) -> User:
    """Open an account for a company, and make the person who signs in for it.

    `password` in the clear, `address` where the request came from. Raises UnableToRegister
    with the name of the argument that is wrong.
    """
    account = Account(name=company.strip(), created_at=now)
    try:
        account.full_clean()
    except ValidationError as error:
        raise UnableToRegister("company", " ".join(error.messages)) from error
    try:
        user = create_user(
            email=email, first_name=first_name, last_name=last_name, password=password
        )
    except UnableToCreateUser as error:
        raise UnableToRegister(error.field, str(error)) from error
    account.save()
    AccountUser.objects.create(account=account, user=user)
    record(
        actor=AtlasActor(user_id=user.pk, label=str(user), address=address),
        action="atlas_account:register",
        subject=account,
        after={"company": account.name, "email": user.email},
        at=now,
    )
    return user
