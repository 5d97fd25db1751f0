"""`manage.py reset`: the database as the scenario has it, and nothing else of before."""

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from channels.models import WebhookConfiguration
from jobs import registry, runner
from jobs.models import Job, JobItem
from jobs.services import start
from mail.models import OutgoingMail
from organisations.models import (
    DipId,
    Invitation,
    Membership,
    Nomination,
    Organisation,
    PabApproval,
)
from organisations.services.bulk_members import members_page
from promotion import queries
from scenarios import emptying, people, reading
from tests import factories

pytestmark = pytest.mark.django_db

OTHERS = [name for name in reading.shipped() if name != "fresh"]


@pytest.fixture(autouse=True)
def _own_secrets(settings: Any, tmp_path: Path) -> None:
    settings.DIP_SECRETS_DIR = tmp_path / "secrets"
    settings.DIP_HOME = tmp_path / "home"


def reset(scenario: str) -> str:
    out = StringIO()
    call_command("reset", scenario, yes=True, without_certificates=True, stdout=out)
    return out.getvalue()


def signed_in(first_name: str) -> Client:
    """Return a browser in which one of the scenario's people signed in as `reset` says."""
    [person] = [it for it in people.sign_ins() if it.email.startswith(first_name)]
    client = Client()
    client.post("/accounts/login/", {"login": person.email, "password": person.password})
    client.post("/accounts/2fa/authenticate/", {"code": person.code})
    return client


def counts() -> dict[str, int]:
    """Return how many rows each table has; of the trail, no reset ever has the same."""
    return {
        model._meta.label: model._default_manager.count()
        for model in apps.get_models(include_auto_created=True)
        if model._meta.label_lower not in emptying.KEPT
    }


def test_certificates_without_atlas_change_nothing(uit: None, settings: Any) -> None:
    settings.HVCA_URL = "https://127.0.0.1:9"  # where nobody listens
    settings.HVCA_CA_FILE = ""
    reset("demonstration")
    before = counts()

    with pytest.raises(CommandError, match=r"certificates: .*--without-certificates"):
        call_command("reset", "fully-onboarded", yes=True, stdout=StringIO())

    assert counts() == before
    assert list((settings.DIP_HOME).iterdir()) == []


def test_what_is_left_out_is_said(uit: None, settings: Any) -> None:
    said = reset("fully-onboarded")

    assert "Left out: The certificates of 4 companies" in said
    assert "DIP_CATCHER_URL is not set" in said


@pytest.mark.parametrize("name", reading.shipped())
@pytest.mark.parametrize("environment", ["uit", "production"])
def test_every_shipped_scenario_can_be_made(name: str, environment: str, settings: Any) -> None:
    settings.DIP_ENVIRONMENT = environment

    said = reset(name)

    wanted = list(reading.load(name).scenario.organisations())
    assert Organisation.objects.count() == len(wanted)
    assert "DIP Manager" in said
    assert ("Left out: The PAB approvals" in said) == (environment != "uit" and name != "fresh")
    assert PabApproval.objects.exists() == (environment == "uit" and name != "fresh")


@pytest.mark.parametrize("name", OTHERS)
def test_nothing_of_before_is_left(name: str, uit: None) -> None:
    reset(name)
    first = counts()

    reset("fully-onboarded" if name != "fully-onboarded" else "demonstration")
    reset(name)

    assert counts() == first


def test_fresh_leaves_the_dip_managers_alone(uit: None) -> None:
    own = factories.user(email="eve@dip.example", is_dip_manager=True)
    factories.pass_gates(own)
    reset("demonstration")

    reset("fresh")

    assert {label for label, count in counts().items() if count} == {
        "accounts.User", "account.EmailAddress", "mfa.Authenticator", "accounts.TermsAcceptance",
    }  # fmt: skip
    assert [user.email for user in User.objects.all()] == ["eve@dip.example"]


def test_a_dip_manager_stays_signed_in_and_others_do_not(uit: None) -> None:
    reset("fully-onboarded")
    dana, somebody = signed_in("dana"), signed_in("idris")

    reset("fully-onboarded")

    assert dana.get("/admin/promotion/").status_code == 200
    assert somebody.get("/").status_code == 302
    assert Session.objects.count() == 1


def test_the_trail_stays_and_tells_of_the_reset(uit: None) -> None:
    reset("demonstration")
    before = set(Event.objects.values_list("pk", flat=True))

    reset("fresh")

    assert before < set(Event.objects.values_list("pk", flat=True))
    event = Event.objects.filter(action="environment:reset").first()
    assert event is not None
    assert event.after["scenario"] == "fresh"


def test_what_the_trail_tells_of_a_company_is_never_another_ones(uit: None) -> None:
    reset("demonstration")
    former = set(Organisation.objects.values_list("pk", flat=True))

    reset("demonstration")

    assert former.isdisjoint(Organisation.objects.values_list("pk", flat=True))


def test_a_job_that_runs_meanwhile_comes_to_an_end(
    uit: None, dana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker finds its job gone, and does nothing more."""
    handled: list[str] = []

    def handler(job: Job, items: list[JobItem]) -> None:
        handled.extend(item.label for item in items)
        for item in items:
            item.finish("done")

    kind = registry.Kind(name="test.reset", title="Test", handler=handler, chunk_size=1)
    monkeypatch.setitem(registry._kinds, kind.name, kind)
    job = start(
        kind=kind.name,
        actor=people.make_manager(now=timezone.now()),
        items=[("first", {}), ("second", {})],
    )
    save = runner._save

    def save_then_reset(job: Job, items: list[JobItem]) -> bool:
        finished = save(job, items)
        reset("fresh")
        return finished

    monkeypatch.setattr(runner, "_save", save_then_reset)

    assert runner.run(job.pk) is False
    assert handled == ["first"]
    assert not Job.objects.exists()


def test_a_scenario_that_cannot_be_made_changes_nothing(uit: None, tmp_path: Path) -> None:
    reset("demonstration")
    before = counts()
    file = tmp_path / "mine.yaml"
    file.write_text(
        "scenario: 1\ntitle: Mine\ndescription: D\ncompanies:\n"
        "  - name: Lone Ltd\n    number: '99999999'\n    description: D\n"
        "    domains: [lone.example]\n"
        "    invited:\n"
        "      - {email: a@elsewhere.example, first_name: A, last_name: B, primary: true}\n"
    )

    with pytest.raises(
        CommandError, match=r"mine, line 10, companies\[0\].invited\[0\]: .*whitelist"
    ):
        reset(str(file))

    assert counts() == before


def test_it_asks_first(uit: None, monkeypatch: pytest.MonkeyPatch) -> None:
    reset("demonstration")
    asked: list[str] = []

    def answer(question: str) -> str:
        asked.append(question)
        return "production"

    monkeypatch.setattr("builtins.input", answer)

    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("reset", "fresh", stdout=StringIO())
    assert Organisation.objects.exists()
    assert "uit" in asked[0]


def test_without_anybody_to_ask_it_says_how_to_go_on(
    uit: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO())

    with pytest.raises(CommandError, match=r"Nothing was changed: .* use --yes"):
        call_command("reset", "fresh", stdout=StringIO())


def test_an_environment_in_earnest_is_not_reset(uit: None, settings: Any) -> None:
    reset("demonstration")
    settings.DEMONSTRATION = False

    with pytest.raises(CommandError, match="DIP_DEMONSTRATION is false"):
        reset("fresh")

    assert Organisation.objects.exists()


def test_atlas_is_not_reset(atlas: None) -> None:
    with pytest.raises(CommandError, match="reset UIT or Production"):
        reset("fresh")


def test_the_shipped_ones_are_listed() -> None:
    out = StringIO()

    call_command("scenarios", stdout=out)

    assert all(f"{name}\n" in out.getvalue() for name in reading.shipped())


def test_half_onboarded_stops_at_every_step(production: None) -> None:
    reset("half-onboarded")

    staged = queries.pipeline(Organisation.objects.all(), now=timezone.now())
    assert {company.stage_code for company in staged} == {"invited", "expired", "accepted"}
    assert Organisation.objects.filter(memberships__isnull=False, details_verified_at=None).exists()
    assert DipId.objects.filter(effective_dates_set_at=None).exists()
    assert Membership.objects.filter(offboarded_at__isnull=False).exists()
    assert OutgoingMail.objects.count() == Invitation.objects.exclude(accepted_by__gt=0).count()


def test_fully_onboarded_has_all_in_place(production: None) -> None:
    reset("fully-onboarded")

    today = timezone.now().date()
    assert all(dip_id.is_operational_on(today) for dip_id in DipId.objects.all())
    assert not DipId.objects.filter(webhooks=None).exists()
    soon = timezone.now().date() + timedelta(days=30)
    assert Membership.objects.filter(expires_date__lte=soon).exists()
    hook = WebhookConfiguration.objects.filter(dip_id__dip_id="2300320001").first()
    assert hook is not None
    assert "/2300320001/" in hook.callback_url


def test_the_dcp_serves_ten(uit: None) -> None:
    reset("dcp-with-ten")

    assert Nomination.objects.filter(dcp_id__isnull=False).count() == 10
    assert Nomination.objects.values("organisation").distinct().count() == 10
    assert Nomination.objects.filter(dip_id__isnull=False).count() == 3
    engineers = Membership.objects.filter(user__email__endswith="@junction-connect.example")
    assert engineers.count() == 2 + 7


def test_the_people_of_a_scenario_sign_in(uit: None) -> None:
    reset("fully-onboarded")

    company = Organisation.objects.get(name="Ashgrove Energy Ltd")
    assert signed_in("idris").get(members_page(company)).status_code == 200
