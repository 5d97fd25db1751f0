"""No user, key, certificate or webhook may ever cross, and no field added later unnoticed.

COPIED names every field whose value may stand in an extract. What an extract says must come
from there, and a field or member that is added later fails a test until somebody decides.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone
from pydantic import BaseModel

from organisations.actors import DipManagerActor
from organisations.models import Organisation
from organisations.roles import DcpStatus, DipRoleCode, Role
from promotion import document
from promotion.extract import extract_companies, read_extract
from promotion.models import Extract
from tests import factories

pytestmark = pytest.mark.django_db

# What an extract says, and where it comes from: the whole of it.
COPIED = {
    "organisations.organisation": {
        "name", "company_number", "description", "dcp_status", "parent",
    },
    "organisations.whitelisteddomain": {"organisation", "domain"},
    "organisations.mpid": {"organisation", "code"},
    "organisations.dipid": {
        "mpid", "dip_id", "mpr_role_code", "dip_role_code", "effective_from_date",
        "effective_to_date",
    },
    "organisations.dcpid": {"organisation", "dcp_id"},
    "organisations.nomination": {"organisation", "dip_id", "dcp_id_code", "whitelists_domains"},
}  # fmt: skip
MEMBERS = {
    "Document": {
        "format", "version", "environment", "extracted_at", "extracted_by", "digest", "setup",
    },
    "Digest": {"algorithm", "value"},
    "Setup": {"company", "children"},
    "Company": {
        "company_number", "name", "description", "dcp_status", "whitelisted_domains", "mpids",
        "dcp_ids", "nomination",
    },
    "Mpid": {"mpid", "dip_ids"},
    "DipId": {
        "dip_id", "dip_role_code", "mpr_role_code", "effective_from_date", "effective_to_date",
        "nomination",
    },
    "Nomination": {"dcp_id", "whitelists_domains"},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _in_uit(be: Callable[[str], None]) -> None:
    be("uit")


def everything(manager: DipManagerActor) -> Organisation:
    """Make a company with a row of every model that can hang on it."""
    dcp = factories.dcp(name="Conduit Connect")
    company = factories.company(
        name="Zephyr Energy",
        domains=["zephyr.example"],
        roles=[DipRoleCode.SUP],
        dcp_status=DcpStatus.REQUESTED,
    )
    person = factories.user(email="secret.person@zephyr.example", first_name="Secretia")
    factories.pass_gates(person)
    factories.membership(user=person, organisation=company, roles=[Role.USER_ADMIN])
    factories.nomination(organisation=company, of=dcp, domains=True)
    factories.company(name="Little Zephyr", parent=company, roles=[DipRoleCode.MDR])
    factories.pab_approval(organisation=company)
    company.invitations.create(
        first_name="Invitia",
        last_name="Invitanski",
        email="invitia@zephyr.example",
        is_user_admin=True,
        token_hash="f" * 64,
        sent_at=timezone.now(),
        expires_at=timezone.now() + timedelta(days=7),
    )
    factories.webhook(
        dip_id=company.mpids.get().dip_ids.get(), url="https://hooks.zephyr.example/secret-path"
    )
    return company


def extracted(manager: DipManagerActor, company: Organisation) -> Extract:
    outcome, _ = extract_companies(actor=manager, organisations=[company.pk], now=timezone.now())[
        company.pk
    ]
    assert isinstance(outcome, Extract)
    return outcome


def strings_in(content: Any) -> set[str]:
    """Return every text and number in a JSON document."""
    if isinstance(content, dict):
        return set().union(*(strings_in(value) for value in content.values()))
    if isinstance(content, list):
        return set().union(*(strings_in(value) for value in content))
    return {str(content)}


def fields_not_copied() -> set[str]:
    return {
        f"{model._meta.label_lower}.{field.name}"
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if field.name not in COPIED.get(model._meta.label_lower, set())
    }


def values_copied() -> set[str]:
    """Return every value, as text, that stands in a field that is copied."""
    return {
        str(value)
        for label, names in COPIED.items()
        for row in apps.get_model(label)._default_manager.values(*names)
        for value in row.values()
    }


def test_all_that_is_said_comes_from_a_field_that_is_copied(manager: DipManagerActor) -> None:
    company = everything(manager)
    extracted(manager, company)  # rows of audit, and an earlier extract
    Organisation.objects.filter(pk=company.pk).update(description="Changed since.")

    setup = read_extract(extracted(manager, company)).setup

    assert strings_in(setup.model_dump(mode="json")) <= values_copied()


def test_the_rest_of_the_document_is_the_envelope_alone(manager: DipManagerActor) -> None:
    content = read_extract(extracted(manager, everything(manager))).model_dump(mode="json")
    digest = content.pop("digest")
    del content["setup"], content["extracted_at"]

    assert content == {
        "format": "dip-company-setup",
        "version": 1,
        "environment": "uit",
        "extracted_by": "Dana Doe",
    }
    assert digest["algorithm"] == "sha-256"


def test_no_webhook_is_in_the_file(manager: DipManagerActor) -> None:
    """Slide 5, 'Message Channel Set-up': Production URLs need to be defined."""
    content = read_extract(extracted(manager, everything(manager)))

    assert "hooks.zephyr.example" not in content.model_dump_json()


def test_every_field_that_is_copied_exists() -> None:
    for label, names in COPIED.items():
        known = {field.name for field in apps.get_model(label)._meta.concrete_fields}
        assert names <= known, label


def test_a_new_field_of_a_company_is_noticed() -> None:
    """Whoever adds a field to what is promoted decides here whether it is copied."""
    not_copied = {name for name in fields_not_copied() if name.rpartition(".")[0] in COPIED}

    assert not_copied == {
        "organisations.dcpid.id",
        "organisations.dipid.effective_dates_set_at",
        "organisations.dipid.id",
        "organisations.mpid.id",
        "organisations.nomination.dcp_id",
        "organisations.nomination.id",
        "organisations.organisation.created_at",
        "organisations.organisation.details_verified_at",
        "organisations.organisation.details_verified_by",
        "organisations.organisation.id",
        "organisations.organisation.revision",
        "organisations.organisation.setup_changed_at",
        "organisations.whitelisteddomain.id",
    }


def test_the_format_has_these_members_and_no_other() -> None:
    assert {
        name: set(part.model_fields)
        for name, part in vars(document).items()
        if isinstance(part, type) and issubclass(part, BaseModel) and part.model_fields
    } == MEMBERS


def test_rows_are_there_of_what_must_not_cross(manager: DipManagerActor) -> None:
    """The test above would pass on an empty database: make sure that it is not."""
    everything(manager)

    for label in ("accounts.User", "organisations.ApiKey", "organisations.Membership",
                  "organisations.Invitation", "mfa.Authenticator",
                  "channels.WebhookConfiguration"):  # fmt: skip
        assert apps.get_model(label)._default_manager.exists(), label
