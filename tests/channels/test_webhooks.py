"""Setting, copying and removing webhooks: what the services do and refuse."""

import threading
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from audit.models import Event
from channels.errors import ChangedMeanwhile, PlanChanged, UnableToConfigure
from channels.models import STATUS_MESSAGES, WebhookConfiguration
from channels.plans import Copy, Pattern
from channels.services import webhooks
from organisations.models import DipId, Organisation
from organisations.policies import Refused, Stranger
from organisations.roles import DipRoleCode, Role
from tests import factories
from tests.channels.conftest import NOW, acting

pytestmark = pytest.mark.django_db
URL = "https://hooks.superenergy.example/dip"
PATTERN = "https://hooks.superenergy.example/{dip_id}/{publication}"


def set_one(
    who: User, dip_id: DipId, publication: str = "PUB-036", url: str = URL, **more: Any
) -> WebhookConfiguration:
    return webhooks.set_webhook(
        actor=acting(who),
        dip_id=dip_id,
        publication=publication,
        callback_url=url,
        now=NOW,
        **more,
    )


def by_pattern(who: User, company: Organisation, wanted: Any) -> webhooks.Plan:
    plan = webhooks.plan_many(actor=acting(who), organisation=company, wanted=wanted)
    return webhooks.set_many(
        actor=acting(who),
        organisation=company,
        wanted=wanted,
        fingerprint=plan.fingerprint,
        now=NOW,
    )


def urls_of(dip_id: DipId) -> dict[str, str]:
    return dict(dip_id.webhooks.values_list("publication", "callback_url"))


# --- One ------------------------------------------------------------------------------------


def test_a_message_admin_sets_a_webhook(mike: User, supplier: DipId) -> None:
    made = set_one(mike, supplier, max_message_count=10, max_payload_size=5000)

    assert made.callback_url == URL
    assert made.configured_by == "Mike Doe"
    assert made.configured_at == NOW
    assert (made.max_message_count, made.max_payload_size) == (10, 5000)
    event = Event.objects.get(action="webhook:set")
    assert event.subject_label == supplier.dip_id
    assert event.organisation_id == supplier.mpid.organisation_id
    assert event.after["PUB-036"] == URL


def test_the_status_messages_have_a_webhook_of_their_own(mike: User, supplier: DipId) -> None:
    assert set_one(mike, supplier, STATUS_MESSAGES).is_for_status_messages


def test_to_set_the_same_twice_is_harmless(mike: User, supplier: DipId) -> None:
    first = set_one(mike, supplier)
    second = set_one(mike, supplier, url=f" {URL} ")

    assert second.pk == first.pk
    assert second.revision == 1
    assert Event.objects.filter(action="webhook:set").count() == 1


def test_another_url_replaces_the_first_and_its_test_is_forgotten(
    mike: User, supplier: DipId
) -> None:
    first = set_one(mike, supplier)
    first.test_state, first.tested_at = "PASSED", NOW
    first.save()

    second = set_one(mike, supplier, url=URL + "/2")

    assert (second.pk, second.revision) == (first.pk, 2)
    assert second.test_state == "UNTESTED"
    assert second.tested_at is None
    event = Event.objects.filter(action="webhook:set").latest("pk")
    assert event.before == {"PUB-036": URL}
    assert event.after == {"PUB-036": URL + "/2"}


def test_other_limits_leave_the_test_as_it_is(mike: User, supplier: DipId) -> None:
    first = set_one(mike, supplier)
    first.test_state, first.tested_at = "PASSED", NOW
    first.save()

    assert set_one(mike, supplier, max_message_count=3).test_state == "PASSED"


def test_what_may_be_secret_in_a_url_is_not_in_the_trail(mike: User, supplier: DipId) -> None:
    set_one(mike, supplier, url=URL + "?token=s3cret")

    assert "s3cret" not in str(Event.objects.get(action="webhook:set").after)


@pytest.mark.parametrize(
    ("publication", "url", "field"),
    [
        ("PUB-031", URL, "publication"),  # goes to REGS
        ("PUB-999", URL, "publication"),
        ("IF-036", URL, "publication"),
        ("pub-036", URL, "publication"),
        ("", URL, "publication"),
        ("PUB-036", "http://hooks.superenergy.example", "callback_url"),
        ("PUB-036", "https://127.0.0.1/", "callback_url"),
    ],
)
def test_what_cannot_be_is_refused_and_says_which_field(
    mike: User, supplier: DipId, publication: str, url: str, field: str
) -> None:
    with pytest.raises(UnableToConfigure) as refused:
        set_one(mike, supplier, publication, url)

    assert refused.value.field == field
    assert not WebhookConfiguration.objects.exists()


@pytest.mark.parametrize("limit", ["max_message_count", "max_payload_size"])
@pytest.mark.parametrize("value", [-1, 2**31])
def test_a_limit_that_no_column_keeps_is_refused(
    mike: User, supplier: DipId, limit: str, value: int
) -> None:
    with pytest.raises(UnableToConfigure) as refused:
        set_one(mike, supplier, "PUB-036", URL, **{limit: value})

    assert refused.value.field == limit


def test_a_testers_environment_may_deliver_to_itself(
    mike: User, supplier: DipId, settings: Any
) -> None:
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8"]

    assert set_one(mike, supplier, url="https://127.0.0.1:9443/hook")


def test_who_comes_second_is_told(mike: User, supplier: DipId) -> None:
    set_one(mike, supplier, version="")
    with pytest.raises(ChangedMeanwhile) as refused:
        set_one(mike, supplier, url=URL + "/late", version="")

    assert refused.value.current is not None
    assert refused.value.current.callback_url == URL


def test_a_form_for_a_webhook_that_was_removed_and_set_anew_is_out_of_date(
    mike: User, supplier: DipId
) -> None:
    seen = set_one(mike, supplier).version
    webhooks.remove_webhook(actor=acting(mike), dip_id=supplier, publication="PUB-036", now=NOW)
    set_one(mike, supplier, url=URL + "/new")

    with pytest.raises(ChangedMeanwhile):
        set_one(mike, supplier, url=URL + "/late", version=seen)


# --- Who may ------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [r for r in Role if r != Role.MESSAGE_ADMIN])
def test_no_other_role_configures(company: Organisation, supplier: DipId, role: Role) -> None:
    other = factories.user()
    factories.membership(user=other, organisation=company, roles=[role])

    with pytest.raises(Refused, match="MP Message Admin"):
        set_one(other, supplier)


def test_the_dip_manager_views_and_does_not_configure(dana: User, supplier: DipId) -> None:
    with pytest.raises(Refused):
        set_one(dana, supplier)


def test_a_stranger_learns_nothing(charlie: User, supplier: DipId) -> None:
    with pytest.raises(Stranger):
        set_one(charlie, supplier)


def test_who_is_limited_to_a_dip_id_configures_this_one_alone(
    company: Organisation, supplier: DipId, retriever: DipId
) -> None:
    limited = factories.user()
    factories.membership(
        user=limited, organisation=company, roles=[Role.MESSAGE_ADMIN], dip_ids=[retriever]
    )

    set_one(limited, retriever, "PUB-061")
    with pytest.raises(Stranger):
        set_one(limited, supplier)
    both = frozenset({supplier.dip_id, retriever.dip_id})
    plan = by_pattern(limited, company, Pattern(text=PATTERN, dip_ids=both))
    assert {change.dip_id for change in plan.changes} == {retriever}
    webhooks.remove_all(actor=acting(limited), organisation=company, name=company.name, now=NOW)
    assert not retriever.webhooks.exists()


# --- Many -----------------------------------------------------------------------------------


def test_a_pattern_sets_all_that_are_missing(
    mike: User, company: Organisation, supplier: DipId, retriever: DipId
) -> None:
    set_one(mike, retriever, "PUB-061")
    both = frozenset({supplier.dip_id, retriever.dip_id})

    plan = by_pattern(mike, company, Pattern(text=PATTERN, dip_ids=both))

    assert len(plan.made) == 34 + 9 - 1
    assert urls_of(supplier)["PUB-036"] == PATTERN.format(
        dip_id=supplier.dip_id, publication="PUB-036"
    )
    assert urls_of(supplier)["STATUS"].endswith("/STATUS")
    assert urls_of(retriever)["PUB-061"] == URL
    events = Event.objects.filter(action="webhook:set").order_by("pk")[1:]
    assert {event.subject_label: len(event.after) for event in events} == {
        supplier.dip_id: 34,
        retriever.dip_id: 8,
    }


def test_a_pattern_overwrites_if_one_says_so(
    mike: User, company: Organisation, retriever: DipId
) -> None:
    set_one(mike, retriever, "PUB-061")
    wanted = Pattern(text=PATTERN, dip_ids=frozenset({retriever.dip_id}), overwrites=True)

    by_pattern(mike, company, wanted)

    changed = retriever.webhooks.get(publication="PUB-061")
    assert changed.callback_url.endswith("/PUB-061")
    assert changed.revision == 2


def test_the_number_of_queries_does_not_grow_with_the_webhooks(
    mike: User,
    company: Organisation,
    supplier: DipId,
    retriever: DipId,
    django_assert_max_num_queries: Any,
) -> None:
    both = frozenset({supplier.dip_id, retriever.dip_id})
    wanted = Pattern(text=PATTERN, dip_ids=both)
    plan = webhooks.plan_many(actor=acting(mike), organisation=company, wanted=wanted)
    who = acting(mike)

    with django_assert_max_num_queries(14):
        webhooks.set_many(
            actor=who, organisation=company, wanted=wanted, fingerprint=plan.fingerprint, now=NOW
        )


def test_one_url_that_cannot_be_stops_all_of_them(
    mike: User, company: Organisation, retriever: DipId
) -> None:
    chosen = frozenset({retriever.dip_id})
    wanted = Pattern(text="https://{publication}.local/", dip_ids=chosen)

    plan = webhooks.plan_many(actor=acting(mike), organisation=company, wanted=wanted)
    assert not plan.is_possible
    assert "no public host" in plan.changes[0].error
    with pytest.raises(UnableToConfigure):
        by_pattern(mike, company, wanted)
    assert not retriever.webhooks.exists()


def test_a_bad_pattern_names_its_field(mike: User, company: Organisation) -> None:
    with pytest.raises(UnableToConfigure) as refused:
        by_pattern(mike, company, Pattern(text="https://x.example/{nothing}", dip_ids=frozenset()))

    assert refused.value.field == "text"


def test_a_preview_that_is_out_of_date_is_refused(
    mike: User, company: Organisation, retriever: DipId
) -> None:
    wanted = Pattern(text=PATTERN, dip_ids=frozenset({retriever.dip_id}))
    shown = webhooks.plan_many(actor=acting(mike), organisation=company, wanted=wanted)
    set_one(mike, retriever, "PUB-061")

    with pytest.raises(PlanChanged):
        webhooks.set_many(
            actor=acting(mike),
            organisation=company,
            wanted=wanted,
            fingerprint=shown.fingerprint,
            now=NOW,
        )
    assert retriever.webhooks.count() == 1


def test_another_dip_ids_webhooks_are_copied_where_the_role_receives_the_same(
    mike: User, company: Organisation, supplier: DipId, retriever: DipId, second_supplier: DipId
) -> None:
    set_one(mike, supplier, "PUB-036", f"https://hooks.example/{supplier}/036")
    set_one(mike, supplier, "PUB-047", "https://hooks.example/isd")
    targets = frozenset({retriever.dip_id, second_supplier.dip_id, supplier.dip_id})

    by_pattern(mike, company, Copy(source=supplier.dip_id, dip_ids=targets))

    assert urls_of(second_supplier) == {
        "PUB-036": f"https://hooks.example/{second_supplier}/036",
        "PUB-047": "https://hooks.example/isd",
    }
    assert urls_of(retriever) == {"PUB-047": "https://hooks.example/isd"}


def test_a_copy_may_keep_the_urls_as_they_are(
    mike: User, company: Organisation, supplier: DipId, second_supplier: DipId
) -> None:
    url = f"https://hooks.example/{supplier}/036"
    set_one(mike, supplier, "PUB-036", url)
    chosen = frozenset({second_supplier.dip_id})

    by_pattern(mike, company, Copy(source=supplier.dip_id, dip_ids=chosen, adapts=False))

    assert urls_of(second_supplier) == {"PUB-036": url}


def test_nothing_is_copied_from_another_company(
    mike: User, charlie: User, company: Organisation, supplier: DipId
) -> None:
    theirs = DipId.objects.select_related("mpid").get(mpid__organisation__name="Bright Grid Ltd")
    factories.webhook(dip_id=theirs)
    wanted = Copy(source=theirs.dip_id, dip_ids=frozenset({supplier.dip_id}))

    plan = webhooks.plan_many(actor=acting(mike), organisation=company, wanted=wanted)

    assert plan.changes == []


# --- Removing -----------------------------------------------------------------------------


def test_a_webhook_is_removed_once(mike: User, supplier: DipId) -> None:
    set_one(mike, supplier)
    again = partial(
        webhooks.remove_webhook,
        actor=acting(mike),
        dip_id=supplier,
        publication="PUB-036",
        now=NOW,
    )

    assert again()
    assert not again()
    event = Event.objects.get(action="webhook:remove")
    assert event.before == {"PUB-036": URL}


def test_a_webhook_that_was_changed_meanwhile_is_not_removed(mike: User, supplier: DipId) -> None:
    seen = set_one(mike, supplier).version
    set_one(mike, supplier, url=URL + "/2")

    with pytest.raises(ChangedMeanwhile):
        webhooks.remove_webhook(
            actor=acting(mike), dip_id=supplier, publication="PUB-036", version=seen, now=NOW
        )


def test_all_webhooks_go_if_the_companys_name_is_typed(
    mike: User, company: Organisation, supplier: DipId, retriever: DipId, charlie: User
) -> None:
    theirs = DipId.objects.get(mpid__organisation__name="Bright Grid Ltd")
    factories.webhook(dip_id=theirs)
    both = frozenset({supplier.dip_id, retriever.dip_id})
    by_pattern(mike, company, Pattern(text=PATTERN, dip_ids=both))
    who = acting(mike)

    with pytest.raises(UnableToConfigure, match=company.name):
        webhooks.remove_all(actor=who, organisation=company, name="super energy co", now=NOW)
    assert WebhookConfiguration.objects.count() == 44

    assert webhooks.remove_all(actor=who, organisation=company, name="Super Energy Co ", now=NOW)
    assert WebhookConfiguration.objects.get().dip_id == theirs
    events = Event.objects.filter(action="webhook:remove")
    assert {event.subject_label: len(event.before) for event in events} == {
        supplier.dip_id: 34,
        retriever.dip_id: 9,
    }


# --- The database is the last guard -----------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"publication": "IF-036"},
        {"publication": "PUB-36"},
        {"publication": ""},
        {"callback_url": "http://hooks.example"},
        {"test_state": "PASSED"},
        {"tested_at": NOW},
        {"test_state": "BROKEN", "tested_at": NOW},
        {"max_message_count": -1},
    ],
)
def test_the_database_keeps_no_webhook_like_this(supplier: DipId, wrong: dict[str, Any]) -> None:
    fields = {
        "publication": "PUB-036",
        "callback_url": URL,
        "configured_at": NOW,
        "configured_by": "Mike",
        **wrong,
    }

    with pytest.raises(IntegrityError), transaction.atomic():
        supplier.webhooks.create(**fields)


def test_the_database_keeps_one_webhook_of_a_kind(supplier: DipId, mike: User) -> None:
    set_one(mike, supplier)
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.webhook(dip_id=supplier)


@pytest.mark.django_db(transaction=True)
def test_two_people_at_the_same_moment_set_one_webhook(mike: User, supplier: DipId) -> None:
    who, outcomes = acting(mike), []
    start = threading.Barrier(2)

    def set_it(url: str) -> None:
        start.wait()
        try:
            webhooks.set_webhook(
                actor=who,
                dip_id=supplier,
                publication="PUB-036",
                callback_url=url,
                version="",
                now=datetime.now(NOW.tzinfo),
            )
            outcomes.append("set")
        except ChangedMeanwhile:
            outcomes.append("told")
        finally:
            connection.close()

    threads = [threading.Thread(target=set_it, args=[f"{URL}/{one}"]) for one in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["set", "told"]
    assert supplier.webhooks.get().revision == 1


def test_a_dip_connection_provider_receives_status_messages_alone(company: Organisation) -> None:
    mpid = company.mpids.get()
    dcp = factories.dip_id(mpid=mpid, role=DipRoleCode.DCP)
    mike = factories.user()
    factories.membership(user=mike, organisation=company, roles=[Role.MESSAGE_ADMIN])

    plan = by_pattern(mike, company, Pattern(text=PATTERN, dip_ids=frozenset({dcp.dip_id})))

    assert [change.publication for change in plan.made] == ["STATUS"]
