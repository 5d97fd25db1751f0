"""The test clock: what it moves, what stays on real time, and who asks which."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import User
from audit.models import Event
from certificates.recognition import NotRecognised, recognise
from controls import state
from controls.models import TestControls
from dip_portal.lib import clock
from mail.models import OutgoingMail
from organisations.actors import actor_for
from organisations.models import DipId, Membership, Organisation
from organisations.roles import Role
from organisations.services.members import extend_member
from organisations.tasks import remind_of_expiry
from tests import factories, pki
from tests.channels.api.calling import BODY, HOST, Machine, key_of, pubconfig

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]

# Who proves identities or runs the machinery, and stays on real time (dip_portal/lib/clock.py).
REAL = {
    "accounts/models.py": "when an account was made",
    "accounts/views.py": "the Terms of Use, a gate of the sign-in",
    "audit/services.py": "the trail",
    "catcher/": "a receiver in the outside world",
    "certificates/atlas/": "the outside world",
    "certificates/platform.py": "the DIP's own certificate, which Atlas renews",
    "certificates/services/": "what waits for Atlas",
    "certificates/tasks.py": "revocation lists of Atlas, and drafts that are forgotten",
    "certificates/views/": "what waits for Atlas",
    "channels/api/arrival.py": "the date of a signature",
    "channels/tasks.py": "calls on the wire",
    "channels/views/tests.py": "calls on the wire",
    "channels/views/webhooks.py": "until when a call on the wire is held back",
    "dip_portal/heartbeat.py": "machinery",
    "dip_portal/lib/": "machinery",
    "dip_portal/metrics.py": "machinery",
    "jobs/": "machinery",
    "mail/": "machinery",
    "operations/": "a look at the machinery",
    "organisations/admin_views/user.py": "sessions",
    "organisations/views/bulk_members.py": "a job",
    "promotion/fetch.py": "the signature of a request",
    "promotion/service.py": "the signature of a request",
    "scenarios/": "commands at the terminal, and the clock itself",
}


def ahead(**time: int) -> None:
    TestControls.objects.update_or_create(
        pk=1, defaults={"clock_ahead_seconds": int(timedelta(**time).total_seconds())}
    )


def test_a_membership_expires_without_waiting(
    alice: User, alice_client: Client, company: Organisation
) -> None:

    page = reverse("organisations:members", args=[company.pk])
    assert alice_client.get(page).status_code == 200

    ahead(days=366)
    assert alice_client.get(page).status_code == 404  # a stranger now, still signed in
    assert alice_client.get("/").status_code == 200

    ahead()
    assert alice_client.get(page).status_code == 200


def test_the_api_goes_by_it_in_all_but_the_signature(
    uit: None, company: Organisation, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = [HOST]
    held, dip_id = pki.held(company), DipId.objects.get()
    machine = Machine(client=held, signer=held, api_key=key_of(dip_id))
    day = timezone.now().date() + timedelta(days=20)
    DipId.objects.update(effective_from_date=day, effective_dates_set_at=timezone.now())

    def code() -> str:
        answer = machine.call("POST", pubconfig(dip_id), BODY)
        return "" if answer.status_code == 201 else json.loads(answer.content)["code"]

    assert code() == "dip_id_not_operational"
    ahead(days=20)
    assert code() == ""
    ahead(days=400)
    assert code() == "client_certificate_expired"


def test_reminders_go_out_ahead_of_time(alice: User, uit: None) -> None:
    remind_of_expiry.apply()
    assert not OutgoingMail.objects.exists()

    ahead(days=340)
    remind_of_expiry.apply()

    assert OutgoingMail.objects.get().to == alice.email
    assert clock.ahead() == timedelta()  # and nothing of it is left behind the task


def test_certificates_expire_without_waiting(uit: None, company: Organisation) -> None:
    held = pki.held(company)
    ahead(days=400)

    assert recognise(held.certificate, now=clock.now())  # no request, no task: real time
    with state.following(), pytest.raises(NotRecognised) as refused:
        recognise(held.certificate, now=clock.now())
    assert refused.value.code == "expired_certificate"


def test_dates_are_noted_by_the_clock_and_the_trail_is_in_real_time(
    dana: User, alice: User, company: Organisation
) -> None:

    ahead(days=30)
    membership = Membership.objects.get(user=alice)
    with state.following():
        now = clock.now()
        other = factories.user(email="una@superenergy.example")
        factories.membership(user=other, organisation=company, roles=[Role.USER_ADMIN])
        extend_member(
            actor=actor_for(other, day=now.date()),
            membership=membership,
            revision=membership.revision,
            expires_date=now.date() + timedelta(days=700),
            now=now,
        )

    event = Event.objects.get(action="member:extend")
    assert abs(event.at - timezone.now()) < timedelta(minutes=5)
    membership.refresh_from_db()
    assert membership.expires_date == timezone.now().date() + timedelta(days=730)


def test_the_command_sets_and_tells(uit: None) -> None:
    def said(*words: str) -> str:
        out = StringIO()
        call_command("test_clock", *words, stdout=out)
        return out.getvalue()

    assert said().startswith("The test clock is off:")
    assert said("+30d").startswith("The test clock is +30d:")
    assert date_format(timezone.now() + timedelta(days=30), "j M Y") in said()
    assert said("off").startswith("The test clock is off:")
    assert [event.actor_label for event in Event.objects.all()] == ["Command line"] * 2
    with pytest.raises(CommandError, match="This is no time ahead"):
        said("soon")


def test_it_is_asked_for_once_in_a_request(
    alice_client: Client, django_assert_num_queries: Callable[..., Any]
) -> None:
    ahead(days=1)
    with state.following(), django_assert_num_queries(1):
        first, second = clock.now(), clock.now()

    assert timedelta() <= second - first < timedelta(seconds=5)


def test_whoever_asks_for_the_real_time_has_a_reason() -> None:
    """Business goes by `dip_portal.lib.clock`; a new place of real time belongs into REAL."""
    apps = {path.parent for path in ROOT.glob("*/apps.py")} | {ROOT / "catcher"}
    asking = {
        str(path.relative_to(ROOT))
        for app in apps
        for path in app.rglob("*.py")
        if re.search(r"\btimezone\.now\b", path.read_text(encoding="utf-8"))
        and "migrations" not in path.parts
    }

    without = {path for path in asking if not any(path.startswith(known) for known in REAL)}
    assert not without, f"Ask dip_portal.lib.clock instead, or give a reason: {sorted(without)}"
    assert not {it for it in REAL if not any(path.startswith(it) for path in asking)}
