"""The verbs of the test controls: set them all, or the clock alone from the command line."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.actors import COMMAND_LINE
from audit.services import Actor as Doer
from audit.services import record
from controls import offsets, state
from controls.models import TestControls
from organisations.actors import Actor
from organisations.policies import Action, require
from scenarios.errors import UnableToControl


@transaction.atomic
def set_controls(
    *, actor: Actor, mail: str, webhook_delay_seconds: int, clock_ahead: timedelta, now: datetime
) -> TestControls:
    """Set the test controls of this environment, from the next request and task on.

    `mail` is one of TestControls.Mail. What is so already changes nothing and records nothing.
    """
    require(actor, Action.TEST_CONTROLS_SET)
    controls = _locked()
    before = _said(controls)
    controls.mail = mail
    controls.webhook_delay_seconds = webhook_delay_seconds
    controls.clock_ahead_seconds = int(clock_ahead.total_seconds())
    return _save(actor, controls, before, now)


@transaction.atomic
def set_clock(*, clock_ahead: timedelta, now: datetime) -> TestControls:
    """Set the test clock from the command line. Raises UnableToControl where there is none."""
    if not state.are_here():
        raise UnableToControl(
            "This environment has no test controls: DIP_DEMONSTRATION is false, or it is Atlas, "
            "which stays on real time."
        )
    controls = _locked()
    before = _said(controls)
    controls.clock_ahead_seconds = int(clock_ahead.total_seconds())
    return _save(COMMAND_LINE, controls, before, now)


def _locked() -> TestControls:
    TestControls.objects.get_or_create(pk=1)
    return TestControls.objects.select_for_update().get(pk=1)


def _save(
    actor: Doer, controls: TestControls, before: dict[str, str], now: datetime
) -> TestControls:
    after = _said(controls)
    if before != after:
        controls.save()
        record(
            actor=actor,
            action="test_controls:set",
            subject=controls,
            before=before,
            after=after,
            at=now,
        )
    return controls


def _said(controls: TestControls) -> dict[str, str]:
    return {
        "mail": TestControls.Mail(controls.mail).label,
        "webhook_delay_seconds": str(controls.webhook_delay_seconds),
        "test_clock": offsets.write(controls.clock_ahead),
    }
