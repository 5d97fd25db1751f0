"""Super Energy Co with a certificate for all and a machine that calls for its supplier."""

from typing import Any

import pytest

from organisations.models import DipId, Organisation
from tests import pki
from tests.channels.api.calling import HOST, Machine, key_of
from tests.pki import Held


@pytest.fixture(autouse=True)
def _hosts(settings: Any) -> None:
    settings.ALLOWED_HOSTS = [HOST, "testserver"]
    settings.DIP_ENVIRONMENT = "uit"


@pytest.fixture
def held(company: Organisation) -> Held:
    """The company's certificate, for mTLS and signing."""
    return pki.held(company)


@pytest.fixture
def machine(held: Held, supplier: DipId) -> Machine:
    """What the company's machine calls with, for its DIP ID as a supplier."""
    return Machine(client=held, signer=held, api_key=key_of(supplier))
