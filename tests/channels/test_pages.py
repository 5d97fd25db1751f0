"""Message Channels in the browser: what is listed, set, copied, removed and tested."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import Event
from channels import test_event
from channels.models import WebhookConfiguration, WebhookTest
from channels.plans import receivable
from channels.services import sending
from organisations.models import DipId, Organisation
from organisations.roles import DipRoleCode, Role
from tests import factories, pki
from tests.channels.receiver import Receiver, receiver
from tests.conftest import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("uit")]
URL = "https://hooks.superenergy.example/dip"


def listed(company: Organisation, query: str = "") -> str:
    return f"/organisations/{company.pk}/channels/{query}"


def of(dip_id: DipId, publication: str = "PUB-036", what: str = "") -> str:
    company = dip_id.mpid.organisation_id
    return f"/organisations/{company}/dip-ids/{dip_id}/channels/{publication}/{what}"


def rows(client: Client, company: Organisation, query: str = "?show=all") -> list[tuple[str, str]]:
    table = client.get(listed(company, query)).context["table"]
    return [(row.number, row.publication) for row in table.page]


# --- The list -------------------------------------------------------------------------------


def test_each_publication_of_each_role_is_listed(
    mike_client: Client, company: Organisation, supplier: DipId, retriever: DipId
) -> None:
    found = rows(mike_client, company)

    assert (supplier.dip_id, "PUB-036") in found
    assert (supplier.dip_id, "STATUS") in found
    assert (retriever.dip_id, "PUB-008") in found
    assert (retriever.dip_id, "PUB-036") not in found
    page = mike_client.get(listed(company)).content.decode()
    assert f"{len(found)} of {len(found)} webhooks are not set yet" in page


def test_it_is_searched_filtered_and_sorted(
    mike_client: Client, company: Organisation, supplier: DipId, retriever: DipId
) -> None:
    factories.webhook(dip_id=supplier, url=URL)

    assert rows(mike_client, company, "?state=set") == [(supplier.dip_id, "PUB-036")]
    assert rows(mike_client, company, "?q=superenergy.example") == [(supplier.dip_id, "PUB-036")]
    only = rows(mike_client, company, f"?dip_id={retriever}&show=all")
    assert {number for number, _ in only} == {retriever.dip_id}
    assert (supplier.dip_id, "PUB-036") not in rows(mike_client, company, "?state=missing&show=all")
    by_url = mike_client.get(listed(company, "?sort=-url")).context["table"].page
    assert by_url[0].url == URL
    assert "Nothing matches" in mike_client.get(listed(company, "?q=zzz")).content.decode()


def test_who_is_limited_to_a_dip_id_sees_that_alone(
    company: Organisation, supplier: DipId, retriever: DipId
) -> None:
    user = factories.user()
    factories.membership(
        user=user, organisation=company, roles=[Role.MESSAGE_ADMIN], dip_ids=[retriever]
    )
    client = signed_in(user)

    assert {number for number, _ in rows(client, company)} == {retriever.dip_id}
    assert client.get(of(supplier)).status_code == 404


def test_the_number_of_queries_does_not_grow(
    mike_client: Client, company: Organisation, supplier: DipId, django_assert_num_queries: Any
) -> None:
    mike_client.get(listed(company))
    with CaptureQueriesContext(connection) as few:
        mike_client.get(listed(company, "?show=all"))
    for number in range(20):
        dip_id = factories.dip_id(mpid=company.mpids.create(code=f"Q{number:03d}"))
        factories.webhook(dip_id=dip_id)

    with django_assert_num_queries(len(few)):
        mike_client.get(listed(company, "?show=all"))


def test_the_catalogue_and_its_interfaces_are_shown(mike_client: Client) -> None:
    page = mike_client.get("/message-channels/?q=IF-036").content.decode()
    assert "IF-036" in page
    assert "PUB-036" in page
    assert "IF-001" not in page
    assert "PUB-036" in mike_client.get("/message-channels/IF-036/").content.decode()
    assert mike_client.get("/message-channels/IF-999/").status_code == 404


def test_a_dip_id_leads_to_the_interface_that_is_selected(
    mike_client: Client, supplier: DipId
) -> None:
    page = mike_client.get(f"/organisations/{supplier.mpid.organisation_id}/dip-ids/{supplier}/")
    assert "Please select an interface to configure for this DIP ID" in page.content.decode()
    choose = f"/organisations/{supplier.mpid.organisation_id}/dip-ids/{supplier}/channels/"

    assert mike_client.get(choose, {"publication": "PUB-036"})["Location"] == of(supplier)
    assert mike_client.get(choose, {"publication": "nonsense"})["Location"].endswith(
        f"/dip-ids/{supplier}/"
    )


# --- One ------------------------------------------------------------------------------------


def test_a_webhook_is_set_changed_and_removed(mike_client: Client, supplier: DipId) -> None:
    answer = mike_client.post(of(supplier), {"callback_url": URL}, follow=True)
    assert "goes to this URL now" in answer.content.decode()
    form = mike_client.get(of(supplier)).context["form"]
    assert form.initial["callback_url"] == URL

    mike_client.post(of(supplier), {**_said(form), "callback_url": f"{URL}/2"})
    assert supplier.webhooks.get().callback_url == f"{URL}/2"

    assert "Remove the webhook" in mike_client.get(of(supplier, what="remove/")).content.decode()
    mike_client.post(of(supplier, what="remove/"))
    assert not supplier.webhooks.exists()


def _said(form: Any) -> dict[str, str]:
    return {name: "" if value is None else value for name, value in form.initial.items()}


@pytest.mark.parametrize(
    "url", ["", "http://hooks.example/", "https://10.0.0.1/", "https://a:b@hooks.example/", "x"]
)
def test_a_bad_url_is_told_beside_its_field(mike_client: Client, supplier: DipId, url: str) -> None:
    answer = mike_client.post(of(supplier), {"callback_url": url})

    assert answer.status_code == 200
    assert answer.context["form"].errors["callback_url"]
    assert not supplier.webhooks.exists()


def test_of_two_editors_the_second_is_told_and_nothing_is_lost(
    mike_client: Client, supplier: DipId
) -> None:
    first = mike_client.get(of(supplier)).context["form"].initial
    mike_client.post(of(supplier), {**first, "callback_url": URL})

    answer = mike_client.post(of(supplier), {**first, "callback_url": f"{URL}/mine"})

    assert "Somebody else has changed this webhook" in answer.content.decode()
    assert supplier.webhooks.get().callback_url == URL
    again = answer.context["form"].data
    mike_client.post(
        of(supplier), {"version": again["version"], "callback_url": again["callback_url"]}
    )
    assert supplier.webhooks.get().callback_url == f"{URL}/mine"


def test_who_may_only_look_sees_why(company: Organisation, supplier: DipId) -> None:
    user = factories.user()
    factories.membership(user=user, organisation=company, roles=[Role.ANALYTICS_READER])
    client = signed_in(user)

    page = client.get(of(supplier)).content.decode()

    assert "Only a person with the role MP Message Admin can do this" in page
    assert client.post(of(supplier), {"callback_url": URL}).status_code == 403


# --- Many -----------------------------------------------------------------------------------


def test_many_are_set_by_a_pattern_after_a_preview(
    mike_client: Client, company: Organisation, supplier: DipId
) -> None:
    said = {
        "text": "https://hooks.superenergy.example/{dip_id}/{publication}",
        "dip_ids": [supplier.dip_id],
    }
    where = listed(company, "pattern/")
    preview = mike_client.post(where, {**said, "step": "preview"})
    assert "Nothing has changed yet" in preview.content.decode()
    assert not supplier.webhooks.exists()

    answer = mike_client.post(
        where,
        {**said, "step": "confirm", "fingerprint": preview.context["plan"].fingerprint},
        follow=True,
    )

    assert "webhooks are set" in answer.content.decode()
    assert supplier.webhooks.get(publication="PUB-036").callback_url == (
        f"https://hooks.superenergy.example/{supplier}/PUB-036"
    )


def test_what_changed_since_the_preview_is_shown_anew(
    mike_client: Client, company: Organisation, supplier: DipId
) -> None:
    said = {"text": "https://hooks.example/{publication}", "dip_ids": [supplier.dip_id]}
    where = listed(company, "pattern/")
    preview = mike_client.post(where, {**said, "step": "preview"})
    factories.webhook(dip_id=supplier, url=URL)

    answer = mike_client.post(
        where, {**said, "step": "confirm", "fingerprint": preview.context["plan"].fingerprint}
    )

    assert "have changed since the preview" in answer.content.decode()
    assert supplier.webhooks.count() == 1


def test_a_bad_pattern_is_told_beside_its_field(
    mike_client: Client, company: Organisation, supplier: DipId
) -> None:
    answer = mike_client.post(
        listed(company, "pattern/"),
        {"text": "https://hooks.example/{nonsense}", "dip_ids": [supplier.dip_id]},
    )

    assert "is no placeholder" in answer.context["form"].errors["text"][0]


def test_webhooks_are_copied_from_another_dip_id(
    mike_client: Client, company: Organisation, supplier: DipId, second_supplier: DipId
) -> None:
    factories.webhook(dip_id=supplier, url=f"{URL}/{supplier}")
    said = {"source": supplier.dip_id, "dip_ids": [second_supplier.dip_id], "adapts": "on"}
    where = listed(company, "copy/")
    preview = mike_client.post(where, {**said, "step": "preview"})

    mike_client.post(
        where, {**said, "step": "confirm", "fingerprint": preview.context["plan"].fingerprint}
    )

    assert second_supplier.webhooks.get().callback_url == f"{URL}/{second_supplier}"


def test_all_are_removed_when_the_name_is_typed(
    mike_client: Client, company: Organisation, supplier: DipId
) -> None:
    factories.webhook(dip_id=supplier)
    where = listed(company, "remove-all/")

    wrong = mike_client.post(where, {"name": "Another Co"})
    assert "as it stands above" in wrong.content.decode()
    assert supplier.webhooks.exists()

    mike_client.post(where, {"name": company.name})
    assert not supplier.webhooks.exists()


# --- Test events ----------------------------------------------------------------------------


@pytest.fixture
def there(tmp_path: Path, settings: Any) -> Iterator[Receiver]:
    """A webhook on this machine, which this environment allows and trusts."""
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8", "::1/128"]
    with receiver(tmp_path) as made:
        settings.WEBHOOK_CA_FILE = str(made.ca_file)
        yield made


@pytest.fixture
def _own_certificate() -> None:
    """The DIP's own certificate, as Atlas has issued it."""
    pki.own("uit")


def ask_for_a_test(client: Client, supplier: DipId, url: str) -> WebhookTest:
    client.post(of(supplier), {"callback_url": url})
    client.post(of(supplier, what="test/"))
    return WebhookTest.objects.get()


def test_every_page_of_channels_stands_under_their_item_of_the_menu(
    mike_client: Client, supplier: DipId
) -> None:
    test = ask_for_a_test(mike_client, supplier, URL)
    company = supplier.mpid.organisation_id

    for path in (
        listed(supplier.mpid.organisation),
        of(supplier),
        of(supplier, what=f"tests/{test.pk}/"),
        f"/organisations/{company}/failed-calls/",
    ):
        page = mike_client.get(path).content.decode()
        [here] = re.findall(r'<a href="[^"]*" aria-current="page">([^<]*)</a>', page)
        assert here == "Message Channels", path


@pytest.mark.usefixtures("_own_certificate")
def test_a_test_event_is_sent_by_a_worker_and_its_outcome_shown(
    mike_client: Client, supplier: DipId, there: Receiver
) -> None:
    test = ask_for_a_test(mike_client, supplier, there.url())
    where = of(supplier, what=f"tests/{test.pk}/")
    waiting = mike_client.get(where).content.decode()
    assert "Waiting for a worker" in waiting
    assert 'hx-trigger="every 1s"' in waiting

    sending.send_waiting(now=timezone.now())

    (got,) = there.received
    assert b"PUB-036" in got.body
    page = mike_client.get(where).content.decode()
    assert "The webhook answered 201 Created" in page
    assert "Delivered: " not in page
    assert "X-DIP-Signature" in page
    assert "TLSv1." in page
    assert "hx-trigger" not in page
    part = mike_client.get(where, headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith("<div")
    webhook = supplier.webhooks.get()
    assert webhook.test_state == WebhookConfiguration.TestState.PASSED
    assert Event.objects.filter(action="webhook:test").count() == 1
    assert rows(mike_client, supplier.mpid.organisation, "?state=passed") == [
        (supplier.dip_id, "PUB-036")
    ]


@pytest.mark.usefixtures("_own_certificate")
def test_a_failed_test_says_what_to_do(
    mike_client: Client, supplier: DipId, there: Receiver
) -> None:
    there.status = 404
    test = ask_for_a_test(mike_client, supplier, there.url())

    sending.send_waiting(now=timezone.now())

    page = mike_client.get(of(supplier, what=f"tests/{test.pk}/")).content.decode()
    assert "The webhook answered 404" in page
    assert supplier.webhooks.get().test_state == WebhookConfiguration.TestState.FAILED


def test_without_a_certificate_of_its_own_the_dip_says_so(
    mike_client: Client, supplier: DipId, there: Receiver
) -> None:
    test = ask_for_a_test(mike_client, supplier, there.url())

    sending.send_waiting(now=timezone.now())

    test.refresh_from_db()
    assert test.result["code"] == "no_own_certificate"
    assert there.received == []


@pytest.mark.usefixtures("_own_certificate")
def test_one_at_a_time_and_a_worker_that_is_gone_leaves_a_failed_test(
    mike_client: Client, supplier: DipId, there: Receiver
) -> None:
    test = ask_for_a_test(mike_client, supplier, there.url())
    again = mike_client.post(of(supplier, what="test/"), follow=True)
    assert "on its way already" in again.content.decode()
    now = timezone.now()
    WebhookTest.objects.update(state="RUNNING", started_at=now - 2 * sending.GONE_AFTER)

    sending.send_waiting(now=now)

    test.refresh_from_db()
    assert test.result["code"] == "stopped"
    assert there.received == []
    assert test.is_finished


@pytest.mark.usefixtures("_own_certificate")
def test_the_outcome_of_another_url_says_nothing_of_the_new_one(
    mike_client: Client, supplier: DipId, there: Receiver
) -> None:
    ask_for_a_test(mike_client, supplier, there.url())
    version = supplier.webhooks.get().version
    mike_client.post(of(supplier), {"version": version, "callback_url": there.url(path="/other")})

    sending.send_waiting(now=timezone.now())

    assert supplier.webhooks.get().test_state == WebhookConfiguration.TestState.UNTESTED


@pytest.mark.parametrize("role", [DipRoleCode.SUP, DipRoleCode.MDR])
def test_a_test_event_has_the_shape_of_a_message(company: Organisation, role: DipRoleCode) -> None:
    dip_id = factories.dip_id(mpid=company.mpids.create(code="SHAP"), role=role)
    for publication, _ in receivable(role):
        (message,) = json.loads(test_event.body_of(dip_id, publication, now=timezone.now()))
        if publication == "STATUS":
            assert set(message["messageArray"][0]) == {
                *("transactionID", "senderUniqueReference", "correlationID", "sentTimestamp"),
                *("senderID", "recipientID", "DIPConnectionProviderID", "message", "help"),
                "serviceTicketURL",
            }
            continue
        common = message["payload"]["CommonBlock"]
        assert common["D0"]["publicationID"] == publication
        assert len(common["S1"]) == 8
        assert len(common["S1"]["senderTimestamp"]) == 25


def test_home_tells_what_is_missing_for_each_dip_id(mike_client: Client, supplier: DipId) -> None:
    page = mike_client.get("/").content.decode()
    assert f"DIP ID {supplier} (SUP): 0 of" in page

    factories.webhook(dip_id=supplier)

    assert f"DIP ID {supplier} (SUP): 1 of" in mike_client.get("/").content.decode()
