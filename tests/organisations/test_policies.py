"""The access table: what is listed is what may be touched, and strangers learn nothing."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import Model
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from audit.services import record
from channels.models import WebhookConfiguration
from organisations.actors import (
    SYSTEM,
    Actor,
    AnonymousActor,
    DipIdActor,
    DipManagerActor,
    OtherEnvironmentActor,
    SystemActor,
    actor_for,
)
from organisations.models import ApiKey, DipId, Membership, Organisation
from organisations.policies import (
    ORGANISATION_PATHS,
    RULES,
    Action,
    Refused,
    Stranger,
    decide,
    require,
    visible,
)
from organisations.roles import DipRoleCode, Role
from tests import factories

MODELS: list[type[Model]] = [
    *(Organisation, DipId, ApiKey, Membership, Event, WebhookConfiguration)
]


@pytest.fixture
def company(db: None) -> Organisation:
    return factories.company(name="Super Energy Co", roles=[DipRoleCode.SUP, DipRoleCode.MDR])


@pytest.fixture
def actors(company: Organisation, settings: Any) -> dict[str, Actor]:
    """Everybody who can be somewhere in the table."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    other = factories.company(name="Bright Grid Ltd")
    day = timezone.now().date()
    one = DipId.objects.order_by("dip_id").first()
    assert one is not None

    for dip_id in DipId.objects.all():
        factories.webhook(dip_id=dip_id)
    for thing in (company, other, *DipId.objects.select_related("mpid")):
        owner = thing.mpid.organisation_id if isinstance(thing, DipId) else thing.pk
        record(actor=SYSTEM, action="test:do", subject=thing, organisation_id=owner)
    record(actor=SYSTEM, action="test:do", subject=company)

    def member(**how: Any) -> Actor:
        person = factories.user()
        factories.membership(
            **{"user": person, "organisation": company, "roles": [Role.USER_ADMIN], **how}
        )
        return actor_for(person, day=day)

    both = factories.user()
    factories.membership(user=both, organisation=company, roles=[Role.MESSAGE_ADMIN], dip_ids=[one])
    factories.membership(user=both, organisation=other, roles=[Role.ANALYTICS_READER])
    return {
        **{str(role): member(roles=[role]) for role in Role},
        "limited": member(roles=[Role.MESSAGE_ADMIN], dip_ids=[one]),
        "of two companies": actor_for(both, day=day),
        "outsider": member(organisation=other),
        "expired": member(expires_date=day),
        "offboarded": member(offboarded=True),
        "no member": actor_for(factories.user(), day=day),
        "DIP Manager": actor_for(factories.user(is_dip_manager=True), day=day),
        "other environment": OtherEnvironmentActor(label="Production", environment="production"),
        "DIP ID": DipIdActor(dip_id_key=one.pk, organisation_id=company.pk),
        "system": SystemActor(),
        "nobody": AnonymousActor(),
    }


def test_every_action_has_a_rule() -> None:
    assert set(RULES) == set(Action)


@pytest.mark.parametrize("environment", ["uit", "production"])
@pytest.mark.parametrize("model", MODELS)
def test_what_is_visible_is_what_is_allowed(
    actors: dict[str, Actor], settings: Any, model: type[Model], environment: str
) -> None:
    settings.DIP_ENVIRONMENT = environment
    rows: list[Any] = list(model._default_manager.all())

    for action, (name, actor) in itertools.product(Action, actors.items()):
        listed = set(visible(actor, action, model._default_manager.all()))
        allowed = {row for row in rows if decide(actor, action, row)}
        assert listed == allowed, f"{name}, {action}"


def test_strangers_are_told_nothing(actors: dict[str, Actor], company: Organisation) -> None:
    strangers = ("outsider", "expired", "offboarded", "no member", "nobody", "system")
    for action, name in itertools.product(Action, strangers):
        decision = decide(actors[name], action, company)
        assert (decision.allowed, decision.reason, decision.is_stranger) == (False, "", True), name
        with pytest.raises(Stranger):
            require(actors[name], action, company)


def test_a_member_without_the_right_is_told_who_has_it(
    actors: dict[str, Actor], company: Organisation
) -> None:
    with pytest.raises(Refused) as refusal:
        require(actors[Role.ANALYTICS_READER], Action.ORGANISATION_VERIFY, company)

    assert str(refusal.value) == "Only a person with the role MP User Admin can do this."


def test_what_the_other_environment_does_is_nobodys_here(
    actors: dict[str, Actor], company: Organisation, settings: Any
) -> None:
    for environment, elsewhere in (
        ("uit", [Action.IMPORT_VIEW, Action.IMPORT_RECEIVE, Action.IMPORT_APPLY]),
        (
            "production",
            [
                Action.PAB_APPROVAL_RECORD,
                Action.PAB_APPROVAL_WITHDRAW,
                Action.EXTRACT_VIEW,
                Action.EXTRACT_MAKE,
                Action.EXTRACT_FETCH,
            ],
        ),
    ):
        settings.DIP_ENVIRONMENT = environment
        for action in elsewhere:
            for actor in actors.values():
                assert decide(actor, action, company).is_stranger


def test_a_right_ends_with_the_day_before_the_expiry_date(company: Organisation) -> None:
    person = factories.user()
    today = datetime(2026, 3, 31, tzinfo=UTC).date()
    factories.membership(
        user=person, organisation=company, roles=[Role.USER_ADMIN], expires_date=today
    )

    yesterday = today - timedelta(days=1)
    assert decide(actor_for(person, day=yesterday), Action.ORGANISATION_VIEW, company)
    assert not decide(actor_for(person, day=today), Action.ORGANISATION_VIEW, company)


def test_a_closed_account_is_nobody(alice: User, dana: User) -> None:
    for person in (alice, dana):
        person.is_active = False
        assert isinstance(actor_for(person, day=timezone.now().date()), AnonymousActor)


def test_a_dip_manager_who_is_a_member_too_acts_as_dip_manager(company: Organisation) -> None:
    manager = factories.user(is_dip_manager=True)
    factories.membership(user=manager, organisation=company, roles=[Role.USER_ADMIN])

    assert isinstance(actor_for(manager, day=timezone.now().date()), DipManagerActor)


def test_it_takes_one_query_to_know_an_actor_and_none_to_decide(
    actors: dict[str, Actor],
    company: Organisation,
    django_assert_num_queries: Callable[..., Any],
) -> None:
    with django_assert_num_queries(0):
        for actor in actors.values():
            for action in Action:
                if not RULES[action].dcp_roles:
                    decide(actor, action, company)


def test_it_takes_one_query_to_ask_for_a_nomination_and_none_for_the_role(
    actors: dict[str, Actor],
    company: Organisation,
    django_assert_max_num_queries: Callable[..., Any],
) -> None:
    for actor in actors.values():
        with django_assert_max_num_queries(1):
            decide(actor, Action.CERTIFICATE_MANAGE, company)


def test_every_model_of_a_company_is_on_the_map() -> None:
    from django.apps import apps

    models = {
        model._meta.label_lower
        for app in ("organisations", "certificates", "channels")
        for model in apps.get_app_config(app).get_models()
        if not model._meta.auto_created
    }

    # A draft is read by the person alone who made it.
    nobodys = {"channels.seensignature", "certificates.credentialdraft"}
    assert set(ORGANISATION_PATHS) - {"audit.event"} == models - nobodys


def test_a_dip_id_by_api_has_its_own_channels_and_nothing_else(company: Organisation) -> None:
    own, other = DipId.objects.select_related("mpid").order_by("pk")
    webhooks = [factories.webhook(dip_id=one) for one in (own, other)]
    actor = DipIdActor(dip_id_key=own.pk, organisation_id=company.pk)

    for action in Action:
        is_its_own = action in {Action.CHANNEL_VIEW, Action.CHANNEL_CONFIGURE}
        assert decide(actor, action, own).allowed == is_its_own, action
        assert decide(actor, action, webhooks[0]).allowed == is_its_own, action
        for resource in (other, webhooks[1], company, None):
            assert decide(actor, action, resource).is_stranger, action
        seen = visible(actor, action, WebhookConfiguration.objects.all())
        assert list(seen) == ([webhooks[0]] if is_its_own else []), action
        assert not visible(actor, action, Organisation.objects.all()).exists()
