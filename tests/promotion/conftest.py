"""UIT and Production in one database, one after the other, and extracts between them."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from dip_portal.lib import environment as environments
from organisations.actors import DipManagerActor
from promotion import document, signing


@pytest.fixture
def manager(dana: User) -> DipManagerActor:
    """Dana, as the policies see her."""
    return DipManagerActor(user_id=dana.pk, label=str(dana), address="192.0.2.1")


@pytest.fixture
def be(settings: Any) -> Callable[[str], None]:
    """Let the rest of the test happen in `uit` or `production`; both pin the other's key."""
    folder: Path = settings.SIGNING_KEY_FILE.parent

    def go(name: str) -> None:
        settings.DIP_ENVIRONMENT = name
        settings.SIGNING_KEY_FILE = folder / f"{name}-signing-key.jwk.json"
        call_command("publish_key", stdout=StringIO())

    for environment in environments.PORTALS:
        go(environment)
    return go


@pytest.fixture
def signed(be: Callable[[str], None], settings: Any) -> Callable[..., bytes]:
    """Sign an extract of a setup as UIT does, whichever environment the test is in."""

    def sign(setup: document.Setup, *, at: Any = None, environment: str = "uit") -> bytes:
        here = settings.DIP_ENVIRONMENT
        be("uit")
        made = document.make(
            setup=setup,
            environment=environment,
            extracted_at=at or timezone.now(),
            extracted_by="Dana Manager",
        )
        file = signing.sign(document.to_bytes(made))
        be(here)
        return file

    return sign
