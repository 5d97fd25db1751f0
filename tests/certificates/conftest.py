"""A company of the DIP, its Certificate Admin, and the real Atlas beside them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from certificates.services import credentials
from organisations.actors import Actor, actor_for
from organisations.models import Organisation
from organisations.roles import Role
from tests import factories
from tests.certificates.real_atlas import PASSWORD, Atlas, Customer, running
from tests.conftest import signed_in


@pytest.fixture(scope="session")
def started_atlas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Atlas]:
    """Atlas, started once for all tests of a process."""
    with running(tmp_path_factory.mktemp("atlas")) as atlas:
        yield atlas


@pytest.fixture
def real_atlas(started_atlas: Atlas, settings: Any, uit: None) -> Atlas:
    """Be UIT beside Atlas: trust it, and know where it is."""
    settings.AUTHORITY_DIR = started_atlas.authority_dir
    settings.HVCA_URL = started_atlas.hvca_url
    settings.HVCA_CA_FILE = str(started_atlas.ca_file)
    settings.ATLAS_SITE_URL = started_atlas.site
    return started_atlas


@pytest.fixture
def cara(company: Organisation) -> User:
    """The Certificate Admin of Super Energy Co."""
    user = factories.user(email="cara@superenergy.example", first_name="Cara")
    factories.membership(user=user, organisation=company, roles=[Role.CERTIFICATE_ADMIN])
    return user


@pytest.fixture
def cara_client(cara: User) -> Client:
    return signed_in(cara)


@dataclass(frozen=True, kw_only=True)
class AtAtlas:
    """Super Energy Co with its credentials saved, and what it has at Atlas."""

    atlas: Atlas
    customer: Customer
    company: Organisation
    actor: Actor


@pytest.fixture
def ready(real_atlas: Atlas, company: Organisation, cara: User) -> AtAtlas:
    """Super Energy Co after Step 4.2."""
    customer = real_atlas.customer()
    actor = actor_for(cara, day=timezone.now().date())
    outcome = credentials.validate_credentials(
        actor=actor,
        organisation=company,
        api_key=customer.uit.api_key,
        api_secret=customer.uit.api_secret,
        pfx=customer.uit.pfx(),
        password=PASSWORD,
        now=timezone.now(),
    )
    assert outcome.login is not None, outcome.checks
    credentials.save_credentials(actor=actor, organisation=company, now=timezone.now())
    return AtAtlas(atlas=real_atlas, customer=customer, company=company, actor=actor)
