"""Mike is the Message Admin of Super Energy Co, which has DIP IDs as supplier and data service."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from accounts.models import User
from organisations.actors import Actor, actor_for
from organisations.models import DipId, Organisation
from organisations.roles import DipRoleCode, Role
from tests import factories
from tests.conftest import signed_in

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def supplier(company: Organisation) -> DipId:
    """The DIP ID of Super Energy Co as a supplier."""
    return DipId.objects.select_related("mpid__organisation").get(mpid__organisation=company)


@pytest.fixture
def retriever(supplier: DipId) -> DipId:
    """The DIP ID of Super Energy Co as a meter data retriever."""
    return factories.dip_id(mpid=supplier.mpid, role=DipRoleCode.MDR)


@pytest.fixture
def second_supplier(company: Organisation) -> DipId:
    """A DIP ID of Super Energy Co as a supplier under another MPID."""
    mpid = company.mpids.create(code="ZZZ2")
    return factories.dip_id(mpid=mpid, role=DipRoleCode.SUP)


@pytest.fixture
def mike(company: Organisation) -> User:
    """The Message Admin of Super Energy Co."""
    user = factories.user(email="mike@superenergy.example", first_name="Mike")
    factories.membership(user=user, organisation=company, roles=[Role.MESSAGE_ADMIN])
    return user


@pytest.fixture
def mike_client(mike: User) -> Client:
    return signed_in(mike)


def acting(user: User) -> Actor:
    return actor_for(user, day=datetime.now(UTC).date(), address="192.0.2.7")
