"""Invitations: sent, with the link that stands in the e-mail."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from mail.models import OutgoingMail
from organisations.actors import actor_for
from organisations.models import Invitation, Organisation
from organisations.services import invitations

LINK = re.compile(r"/invitations/accept/([\w-]+)/")


def token_in(mail: OutgoingMail) -> str:
    """Return the token of the link in this e-mail; both parts have the same one."""
    tokens = set(LINK.findall(mail.text)) | set(LINK.findall(mail.html))
    assert len(tokens) == 1
    return tokens.pop()


@pytest.fixture
def now() -> datetime:
    return timezone.now().astimezone(UTC)


@pytest.fixture
def as_dana(dana: User, now: datetime) -> Any:
    """Dana, as the actor of a service."""
    return actor_for(dana, day=now.date())


@pytest.fixture
def invite(company: Organisation, as_dana: Any, now: datetime) -> Callable[..., Invitation]:
    """Invite Priya to Super Energy Co, unless told otherwise."""

    def send(**changes: Any) -> Invitation:
        return invitations.send_invitation(
            **{
                "actor": as_dana,
                "organisation": company,
                "first_name": "Priya",
                "last_name": "Admin",
                "email": "priya@superenergy.example",
                "now": now,
                **changes,
            }
        )

    return send


@pytest.fixture
def token_of() -> Callable[[Invitation], str]:
    """Return the token in the newest e-mail about an invitation."""

    def find(invitation: Invitation) -> str:
        mail = invitations.mail_state_of(invitation)
        assert mail is not None
        return token_in(mail)

    return find
