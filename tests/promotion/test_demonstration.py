"""The demonstration: companies of every kind, loaded once, and people who can sign in."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Count
from django.test import Client
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from organisations.models import Organisation, PabApproval
from scenarios import people
from scenarios.demonstration import SHOWN

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_secrets(settings: Any, tmp_path: Any) -> None:
    settings.DIP_SECRETS_DIR = tmp_path / "secrets"


def printed(command: str) -> str:
    out = StringIO()
    call_command(command, stdout=out)
    return out.getvalue()


def test_uit_has_companies_of_every_kind(be: Callable[[str], None]) -> None:
    be("uit")

    printed("load_demonstration")

    companies = Organisation.objects.all()
    assert {role for company in companies for role in company.role_codes} > {"SUP", "LDSO", "DCP"}
    assert companies.filter(parent__isnull=False).count() == 2
    assert companies.filter(dcp_ids__nominations__isnull=False).exists()
    unapproved = companies.filter(parent=None).exclude(
        pk__in=PabApproval.objects.values("organisation")
    )
    assert [company.name for company in unapproved] == ["Tidepool Power Ltd"]
    assert SHOWN in {company.name for company in companies}


def test_the_members_of_a_company_are_of_every_kind(be: Callable[[str], None]) -> None:
    be("uit")

    printed("load_demonstration")

    shown = Organisation.objects.get(name=SHOWN)
    today = timezone.now().date()
    expiry = [member.expires_date for member in shown.memberships.all()]
    assert any(day <= today for day in expiry)
    assert any(today < day < today + timedelta(days=30) for day in expiry)
    assert shown.memberships.filter(all_dip_ids=False, dip_ids__isnull=False).exists()
    assert shown.invitations.get().is_open
    [engineer] = User.objects.annotate(companies=Count("memberships")).filter(companies=2)
    assert shown.memberships.filter(user=engineer).exists()


def test_production_has_its_dip_manager_alone(be: Callable[[str], None]) -> None:
    be("production")

    printed("load_demonstration")

    assert not Organisation.objects.exists()
    assert [user.is_dip_manager for user in User.objects.all()] == [True]


def test_loading_twice_changes_nothing(be: Callable[[str], None]) -> None:
    be("uit")
    printed("load_demonstration")
    events, shown = Event.objects.count(), [it.password for it in people.sign_ins()]

    printed("load_demonstration")

    assert Event.objects.count() == events
    assert [it.password for it in people.sign_ins()] == shown


def test_nothing_is_loaded_where_it_is_not_wanted(be: Callable[[str], None], settings: Any) -> None:
    be("uit")
    settings.DEMONSTRATION = False

    assert "no demonstration data" in printed("load_demonstration")
    assert "No demonstration sign-ins" in printed("show_sign_ins")
    assert not User.objects.exists()


def test_the_people_shown_can_sign_in(be: Callable[[str], None], client: Client) -> None:
    be("uit")
    printed("load_demonstration")
    shown = printed("show_sign_ins")
    [dana] = [it for it in people.sign_ins() if it.email.startswith("dana")]
    assert dana.password in shown

    client.post("/accounts/login/", {"login": dana.email, "password": dana.password})
    client.post("/accounts/2fa/authenticate/", {"code": dana.code})

    assert client.get("/admin/promotion/").status_code == 200


def test_passwords_are_kept_where_only_the_owner_reads(
    be: Callable[[str], None], settings: Any
) -> None:
    be("uit")

    printed("load_demonstration")

    kept = settings.DIP_SECRETS_DIR / "demonstration.json"
    assert kept.stat().st_mode & 0o077 == 0
