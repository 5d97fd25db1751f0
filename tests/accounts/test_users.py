"""Creating people: by service and by command."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from accounts import services
from accounts.errors import UnableToCreateUser
from accounts.models import User


def create(
    *,
    email: str = "alice@superenergy.example",
    first_name: str = "Alice",
    last_name: str = "Admin",
    password: str = "a-long-enough-passphrase",
) -> User:
    return services.create_user(
        email=email, first_name=first_name, last_name=last_name, password=password
    )


def test_an_address_is_stored_in_lower_case(db: None) -> None:
    user = create(email=" Alice@SuperEnergy.EXAMPLE ")

    assert user.email == "alice@superenergy.example"
    assert (user.full_name, user.initials, user.is_dip_manager) == ("Alice Admin", "AA", False)


def test_two_people_cannot_share_an_address_in_any_case(alice: User) -> None:
    with pytest.raises(UnableToCreateUser, match="already has an account") as refusal:
        create(email="ALICE@superenergy.example")

    assert refusal.value.field == "email"


def test_the_database_refuses_an_address_in_capitals(alice: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=alice.pk).update(email="Alice@superenergy.example")


@pytest.mark.parametrize(
    ("field", "value"),
    [("password", "short"), ("email", "no address"), ("first_name", ""), ("last_name", "a\u202eb")],
)
def test_a_refusal_names_the_field(db: None, field: str, value: str) -> None:
    with pytest.raises(UnableToCreateUser) as refusal:
        create(**{field: value})

    assert refusal.value.field == field
    assert not User.objects.exists()


def test_nobody_has_django_permissions(dana: User) -> None:
    assert not dana.has_perm("accounts.change_user")
    assert dana.has_module_perms("accounts")
    assert dana.is_dip_manager


def test_the_command_creates_a_dip_manager(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("a-long-enough-passphrase\n"))
    out = StringIO()

    call_command(
        "create_dip_manager",
        "Dana@dip.example",
        "--first-name=Dana",
        "--last-name=Manager",
        "--password-stdin",
        stdout=out,
    )

    assert out.getvalue() == "Dana Manager (dana@dip.example) is a DIP Manager.\n"
    assert User.objects.get().is_dip_manager


def test_the_command_says_what_is_wrong(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("short\n"))

    with pytest.raises(CommandError, match="password: This password is too short"):
        call_command(
            "create_dip_manager",
            "dana@dip.example",
            "--first-name=Dana",
            "--last-name=Manager",
            "--password-stdin",
        )
