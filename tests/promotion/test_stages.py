"""Stages and *Next* of the pipeline: what the invitation came to, who is there, what is done."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from certificates.models import AtlasCredential, Certificate
from channels.models import WebhookConfiguration
from channels.plans import receivable
from dip_portal.lib import clock
from mail.models import OutgoingMail
from organisations.models import ApiKey, DipId, Invitation, Membership, Organisation
from organisations.roles import Role
from promotion.models import Extract
from tests import factories, pki
from tests.conftest import signed_in

PIPELINE = "/admin/promotion/"
PERSON = {"first_name": "Priya", "last_name": "Nair", "email": "priya@superenergy.example"}


def where(company: Organisation) -> str:
    return f"{PIPELINE}companies/{company.pk}/"


def row(client: Client, company: Organisation) -> tuple[str, str]:
    """Return the stage of a company on the pipeline, and the page of its row alone."""
    answer = client.get(PIPELINE, {"q": company.company_number})
    [found] = answer.context["page"]
    return found.stage_code, answer.content.decode()


def page_of(client: Client, company: Organisation) -> str:
    answer = client.get(where(company))
    assert answer.status_code == 200
    return str(answer.content.decode())


def user_admin(company: Organisation, **more: Any) -> Membership:
    return factories.membership(
        user=factories.user(), organisation=company, roles=[Role.USER_ADMIN], **more
    )


@pytest.fixture
def invited(production: None, company: Organisation, dana_client: Client) -> Organisation:
    """Super Energy Co, whose Primary User Admin is invited."""
    assert dana_client.post(f"{where(company)}invite/", PERSON).status_code == 302
    return company


@pytest.mark.usefixtures("production")
def test_a_child_organisation_with_active_user_admins_needs_no_invitation(
    company: Organisation, dana_client: Client
) -> None:
    child = factories.company(name="Elmstead Data Ltd", parent=company)
    user_admin(child)

    stage, listed = row(dana_client, child)

    assert stage == "accepted"
    for page in (listed, page_of(dana_client, child)):
        assert "Invite the Primary User Admin" not in page
        assert "The company sets itself up" in page


@pytest.mark.parametrize("trouble", [{"offboarded": True}, {"expires_date": "today"}, "closed"])
@pytest.mark.usefixtures("production")
def test_a_company_without_a_user_admin_any_more_needs_a_new_one(
    company: Organisation, dana_client: Client, trouble: Any
) -> None:
    if trouble == {"expires_date": "today"}:
        trouble = {"expires_date": clock.now().date()}
    membership = user_admin(company, **({} if trouble == "closed" else trouble))
    if trouble == "closed":
        membership.user.is_active = False
        membership.user.save()
    factories.invitation(
        organisation=company,
        is_primary=True,
        accepted_at=timezone.now(),
        accepted_by=membership.user,
    )

    stage, listed = row(dana_client, company)

    assert stage == "left"
    for page in (listed, page_of(dana_client, company)):
        assert "Invite a Primary User Admin" in page
        assert "The company sets itself up" not in page
    assert page_of(dana_client, company).count(f'href="{where(company)}invite/"') == 1


@pytest.mark.usefixtures("production")
def test_another_member_makes_no_user_admin(company: Organisation, dana_client: Client) -> None:
    factories.membership(
        user=factories.user(), organisation=company, roles=[Role.CERTIFICATE_ADMIN]
    )

    assert row(dana_client, company)[0] == "imported"


def test_an_invitation_whose_email_failed_is_to_be_sent_again(
    invited: Organisation, dana_client: Client
) -> None:
    assert row(dana_client, invited)[0] == "invited"
    OutgoingMail.objects.update(
        state="FAILED", next_attempt_at=None, last_error="550 no such person"
    )

    stage, listed = row(dana_client, invited)

    assert stage == "undelivered"
    assert "Send the invitation again, or replace the invited person." in listed
    page = page_of(dana_client, invited)
    assert "Send the invitation again, or replace the invited person." in page
    assert "Wait for the Primary User Admin" not in page
    dana_client.post(f"{where(invited)}invitation/resend/")
    assert row(dana_client, invited)[0] == "invited"


def test_a_failed_email_of_an_invitation_that_is_over_says_nothing(
    invited: Organisation, dana_client: Client
) -> None:
    user_admin(invited)
    Invitation.objects.update(accepted_at=timezone.now())
    OutgoingMail.objects.update(state="FAILED", next_attempt_at=None)

    assert row(dana_client, invited)[0] == "accepted"


@pytest.fixture
def onboarded(production: None, company: Organisation) -> Organisation:
    """Super Energy Co with all five onboarding tasks done."""
    now = timezone.now()
    for role in (Role.USER_ADMIN, Role.CERTIFICATE_ADMIN, Role.MESSAGE_ADMIN):
        person = factories.user(email=f"{role}@superenergy.example".lower())
        factories.membership(user=person, organisation=company, roles=[role])
        factories.pass_gates(person)
    AtlasCredential.objects.create(
        organisation=company,
        sealed="none",
        thumbprint="ab" * 32,
        not_after=now + timedelta(days=300),
        saved_at=now,
    )
    factories.domain_registration(organisation=company)
    pki.held(company, environment="production")
    ApiKey.objects.update(first_shown_at=now)
    for dip_id in DipId.objects.all():
        for publication, _ in receivable(dip_id.dip_role_code):
            factories.webhook(dip_id=dip_id, publication=publication)
    return company


def home_is_done(company: Organisation) -> bool:
    member = Membership.objects.filter(is_user_admin=True, organisation=company).get()
    tasks = signed_in(member.user).get("/").context["tasks"]
    return all(task.is_done for task in tasks)


def test_a_company_that_has_done_all_its_tasks_is_onboarded(
    onboarded: Organisation, dana_client: Client
) -> None:
    assert home_is_done(onboarded)

    stage, listed = row(dana_client, onboarded)

    assert stage == "onboarded"
    for page in (listed, page_of(dana_client, onboarded)):
        assert "The company sets itself up" not in page
        assert "Nothing to do" in page
        assert "Next: Nothing" not in page


def undated() -> None:
    DipId.objects.update(effective_dates_set_at=None)


def without_a_date() -> None:
    DipId.objects.update(effective_from_date=None)


def without_webhook() -> None:
    WebhookConfiguration.objects.all()[0].delete()


def another_without_webhooks() -> None:
    factories.dip_id(mpid=DipId.objects.get().mpid, role="LDSO")
    ApiKey.objects.update(first_shown_at=timezone.now())


def refused_credential() -> None:
    AtlasCredential.objects.update(problem="401")


def expired_credential() -> None:
    AtlasCredential.objects.update(not_after=timezone.now())


def unverified_domain() -> None:
    Organisation.objects.get().domain_registrations.update(verified_until=None)


def lapsed_domain() -> None:
    Organisation.objects.get().domain_registrations.update(verified_until=timezone.now())


def mtls_alone() -> None:
    Certificate.objects.update(purpose="MTLS")


def signing_alone() -> None:
    Certificate.objects.update(purpose="SIGNING")


def revoked_certificate() -> None:
    Certificate.objects.update(revoked_at=timezone.now(), revocation_reason="superseded")


def expired_certificate() -> None:
    Certificate.objects.update(not_after=timezone.now())


def untaken_keys() -> None:
    ApiKey.objects.update(first_shown_at=None)


def no_certificate_admin() -> None:
    Membership.objects.filter(is_certificate_admin=True).update(offboarded_at=timezone.now())


def expired_message_admin() -> None:
    Membership.objects.filter(is_message_admin=True).update(expires_date=timezone.now().date())


def no_dip_ids() -> None:
    DipId.objects.all().delete()


@pytest.mark.parametrize(
    "undo",
    [
        *(undated, without_a_date, no_dip_ids, untaken_keys),
        *(without_webhook, another_without_webhooks),
        *(refused_credential, expired_credential, unverified_domain, lapsed_domain),
        *(mtls_alone, signing_alone, revoked_certificate, expired_certificate),
        *(no_certificate_admin, expired_message_admin),
    ],
)
def test_the_stage_is_onboarded_only_while_home_has_all_tasks_done(
    onboarded: Organisation, dana_client: Client, undo: Callable[[], None]
) -> None:
    undo()

    assert not home_is_done(onboarded)
    assert row(dana_client, onboarded)[0] == "accepted"


def test_details_that_are_not_verified_are_a_task_too(
    onboarded: Organisation, dana_client: Client
) -> None:
    Organisation.objects.update(details_verified_at=None, details_verified_by=None)

    assert row(dana_client, onboarded)[0] == "accepted"


def test_an_extract_that_production_has_fetched_is_to_be_imported_there(
    uit: None, company: Organisation, dana_client: Client
) -> None:
    factories.pab_approval(organisation=company)
    made = timezone.now()
    extract = Extract.objects.create(
        organisation=company,
        number=1,
        setup_digest="0" * 64,
        file="{}",
        made_at=made,
        confirmed_at=made,
    )
    for page in (row(dana_client, company)[1], page_of(dana_client, company)):
        assert "Import the extract in Production." in page

    fetched = made.replace(year=2026, month=5, day=1, hour=9, minute=51)
    Extract.objects.filter(pk=extract.pk).update(fetched_at=fetched)

    for page in (row(dana_client, company)[1], page_of(dana_client, company)):
        assert "Import the extract in Production." not in page
        assert "Fetched by Production on 1 May 2026 09:51 UTC; import it there." in page


def test_the_list_asks_the_same_number_of_queries_for_many_of_every_kind(
    onboarded: Organisation, dana_client: Client
) -> None:
    def add(number: int) -> None:
        for n in range(number):
            user_admin(factories.company())
            user_admin(factories.company(), offboarded=True)
            asked = factories.company(domains=["superenergy.example"])
            dana_client.post(
                f"{where(asked)}invite/", PERSON | {"email": f"p{n}@superenergy.example"}
            )
            OutgoingMail.objects.update(state="FAILED", next_attempt_at=None)

    counts = []
    for number in (1, 6):
        add(number)
        with CaptureQueriesContext(connection) as captured:
            stages = {it.stage_code for it in dana_client.get(PIPELINE).context["page"]}
        assert stages == {"accepted", "left", "undelivered", "onboarded"}
        counts.append(len(captured))

    assert counts[0] == counts[1]
