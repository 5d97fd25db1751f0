"""A new encryption key takes the place of an old one, which may then be taken out."""

from io import StringIO
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.apps import apps
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from certificates import hvca
from certificates.atlas.models import Account, ApiCredential, CertificateAuthority, IdentityProfile
from certificates.atlas.services.credentials import find_credential
from certificates.models import AtlasCredential
from certificates.services import logins
from dip_portal.lib import resealing, secrets
from dip_portal.models import EnvironmentStamp
from mail.models import OutgoingMail
from mail.services import queue
from organisations.models import ApiKey, Organisation
from organisations.services import api_keys
from tests.atlas import factories as atlas_factories

OLD, NEW = secrets.generate_key(), secrets.generate_key()
KEYS = list(django_settings.ENCRYPTION_KEYS)  # with which authorities are kept for all tests
LOGIN = hvca.Login(
    api_key="key", api_secret="secret", key_pem="pem", certificate_pem="cert", chain_pem=""
)


@pytest.fixture(autouse=True)
def _sealed_with_the_old_key(settings: Any, db: None) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    EnvironmentStamp.objects.get_or_create(pk=1, defaults={"environment": "uit"})


@pytest.fixture
def _portal(company: Organisation, alice: User) -> None:
    """A company with keys and a login at Atlas, a person with second factors, a mail."""
    TOTP.activate(alice, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(alice)
    AtlasCredential.objects.create(
        organisation=company,
        sealed=logins.seal(LOGIN),
        key_hint="key",
        certificate_pem="cert",
        thumbprint="t",
        not_after=timezone.now(),
        saved_at=timezone.now(),
        saved_by="Alice",
    )
    with transaction.atomic():
        queue(
            to="alice@superenergy.example",
            template="domain_approval",
            context={"domain": "superenergy.example", "until": timezone.now()},
        )


def reseal() -> str:
    output = StringIO()
    call_command("reseal_secrets", stdout=output)
    return output.getvalue()


def sealed_with(key: str, settings: Any) -> set[str]:
    """Return the columns of the whole database that hold a text sealed with a key."""
    settings.ENCRYPTION_KEYS, kept = [key], settings.ENCRYPTION_KEYS
    mark = f"{secrets.newest_key_id()}."
    settings.ENCRYPTION_KEYS = kept
    return {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for row in model._default_manager.all()
        for field in model._meta.concrete_fields
        if mark in str(field.value_from_object(row))
    }


@pytest.mark.usefixtures("_portal")
def test_the_old_key_can_be_taken_out(settings: Any, alice: User, company: Organisation) -> None:
    keys = {api_keys.reveal(it): it.pk for it in ApiKey.objects.all()}
    codes = RecoveryCodes.activate(alice).generate_codes()
    before = sealed_with(OLD, settings)
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert {key: api_keys.find(key).pk for key in keys} == keys  # type: ignore[union-attr]

    told = reseal()

    settings.ENCRYPTION_KEYS = [NEW]
    assert "API keys: 2 of 2, 2 sealed anew" in told
    assert "older ones may be taken out" in told
    assert sealed_with(OLD, settings) == set()
    assert sealed_with(NEW, settings) == before
    assert {key: api_keys.find(key).pk for key in keys} == keys  # type: ignore[union-attr]
    assert {api_keys.reveal(it) for it in ApiKey.objects.all()} == set(keys)
    assert RecoveryCodes.activate(alice).generate_codes() == codes
    factor = alice.authenticator_set.get(type="totp")  # type: ignore[attr-defined]
    assert secrets.decrypt(factor.data["secret"], purpose="second factor") == "JBSWY3DPEHPK3PXP"
    assert logins.open_login(AtlasCredential.objects.get()).api_secret == "secret"
    assert "superenergy.example" in OutgoingMail.objects.get().text
    event = Event.objects.get(action="environment:reseal")
    assert event.after["API keys"] == 2
    assert not any(key in str(event.after) for key in (OLD, NEW, *keys))


@pytest.mark.usefixtures("_portal")
def test_it_may_be_interrupted_and_run_again(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    monkeypatch.setattr(resealing, "BATCH", 1)
    [table] = [it for it in resealing.tables() if it.model == "organisations.ApiKey"]
    steps = resealing.reseal(table)
    next(steps)
    next(steps)
    steps.close()  # interrupted behind the first batch

    assert "API keys: 2 of 2, 1 sealed anew" in reseal()
    assert sealed_with(OLD, settings) == set()
    assert "API keys: 2 of 2, 0 sealed anew" in reseal()


@pytest.mark.usefixtures("_portal")
def test_what_no_key_opens_is_left_and_named(settings: Any) -> None:
    before = list(ApiKey.objects.values("ciphertext", "blind_index"))
    settings.ENCRYPTION_KEYS = [NEW]

    with pytest.raises(CommandError, match="2 API keys: No key in ENCRYPTION_KEYS opens them"):
        reseal()

    assert list(ApiKey.objects.values("ciphertext", "blind_index")) == before


@pytest.mark.usefixtures("_portal")
def test_keys_of_another_database_are_noticed_before_anything_starts(settings: Any) -> None:
    output = StringIO()
    for keys in ([OLD], [NEW, OLD]):
        settings.ENCRYPTION_KEYS = keys
        call_command("check_secrets", stdout=output)
    settings.ENCRYPTION_KEYS = [NEW]

    with pytest.raises(CommandError, match="Restore the secrets of the same backup into") as told:
        call_command("check_secrets", stdout=output)

    for title in ("authenticators", "e-mails", "API keys"):
        assert title in str(told.value)
    assert not any(key in str(told.value) for key in (OLD, NEW))
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    reseal()
    settings.ENCRYPTION_KEYS = [NEW]
    call_command("check_secrets", stdout=output)


def test_atlas_comes_to_the_newest_key_as_its_clients_log_in(settings: Any, atlas: None) -> None:
    settings.ENCRYPTION_KEYS = KEYS
    atlas_factories.authorities()
    settings.ENCRYPTION_KEYS = [OLD, *KEYS]
    atlas_factories.customer(company="Super Energy Co", email="alice@superenergy.example")
    identity: IdentityProfile = atlas_factories.identity(Account.objects.get())
    new = atlas_factories.credential(identity)
    settings.ENCRYPTION_KEYS = [NEW, OLD, *KEYS]
    with pytest.raises(CommandError, match="1 API credentials: Each comes to the newest key"):
        reseal()

    found = find_credential(api_key=new.api_key, api_secret=new.api_secret)

    assert found == new.credential
    assert "older ones may be taken out" in reseal()
    settings.ENCRYPTION_KEYS = [NEW]
    assert find_credential(api_key=new.api_key, api_secret=new.api_secret) == new.credential
    assert find_credential(api_key=new.api_key, api_secret=new.api_key) is None
    assert all(it.signer.key for it in CertificateAuthority.objects.all())
    assert ApiCredential.objects.get().index_key == secrets.newest_key_id()
