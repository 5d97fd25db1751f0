"""'Validate' says in plain English what is wrong with a set, and nothing is kept then."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.models import User
from certificates import hvca
from certificates.errors import UnableToSaveCredentials
from certificates.models import AtlasCredential, Certificate, CredentialDraft
from certificates.pki.pfx import Pfx, make_pfx
from certificates.services import credentials
from certificates.services.validation import Outcome, validate
from organisations.actors import actor_for
from organisations.models import Organisation
from organisations.roles import Role
from tests import factories, pki
from tests.certificates.conftest import AtAtlas
from tests.certificates.real_atlas import PASSWORD, Atlas, Customer

pytestmark = pytest.mark.django_db
Asked = Callable[..., Outcome]


@pytest.fixture
def customer(real_atlas: Atlas) -> Customer:
    return real_atlas.customer()


@pytest.fixture
def asked(customer: Customer, company: Organisation, cara: User) -> Asked:
    """Validate Cara's set with something else in it."""

    def ask(**changed: Any) -> Outcome:
        login = customer.uit
        return credentials.validate_credentials(
            actor=actor_for(cara, day=timezone.now().date()),
            organisation=company,
            now=timezone.now(),
            **{
                "api_key": login.api_key,
                "api_secret": login.api_secret,
                "pfx": login.pfx(),
                "password": PASSWORD,
                **changed,
            },
        )

    return ask


def failed(outcome: Outcome) -> tuple[int, str]:
    """Return at which step it failed, and why; later ones were not come to."""
    position = next(n for n, check in enumerate(outcome.checks) if check.is_passed is False)
    assert all(check.is_passed for check in outcome.checks[:position])
    assert all(check.is_passed is None for check in outcome.checks[position + 1 :])
    assert outcome.login is None
    assert not CredentialDraft.objects.exists()
    return position + 1, outcome.checks[position].text


def test_each_mistake_has_its_step_and_its_remedy(
    asked: Asked, customer: Customer, settings: Any
) -> None:
    login, others = customer.uit, customer.production
    without_key = pkcs12.serialize_key_and_certificates(
        b"x", None, None, login.certificates, BestAvailableEncryption(b"x")
    )
    foreign_key = pkcs12.serialize_key_and_certificates(
        b"x",
        rsa.generate_private_key(public_exponent=65537, key_size=2048),
        None,
        login.certificates,
        BestAvailableEncryption(b"x"),
    )

    step, text = failed(asked(password="wrong"))
    assert step == 1
    assert "password does not open" in text
    step, text = failed(asked(pfx=login.key.encode()))
    assert step == 1
    assert "treat it as exposed" in text
    step, text = failed(asked(pfx=login.chain.encode()))
    assert step == 1
    assert "This is a certificate (CER)" in text
    step, text = failed(asked(pfx=without_key, password="x"))
    assert step == 2
    assert "holds no private key" in text
    step, text = failed(asked(pfx=foreign_key, password="x"))
    assert step == 2
    assert "do not belong together" in text
    step, text = failed(asked(pfx=others.pfx()))
    assert step == 4
    assert "a certificate for Production, and this is UIT" in text
    step, text = failed(asked(api_secret="wrong"))
    assert step == 5
    assert "no such API key with this secret" in text
    settings.DIP_ENVIRONMENT = "production"
    step, text = failed(asked())
    assert step == 4
    assert "a certificate for UIT, and this is Production" in text


def test_another_companys_set_is_refused(
    asked: Asked, real_atlas: Atlas, customer: Customer
) -> None:
    other = real_atlas.customer("Bright Grid Ltd")

    step, text = failed(asked(pfx=other.uit.pfx()))

    assert step == 5
    assert "belongs to the company and the environment of this API key" in text


def test_a_set_serves_one_company(ready: AtAtlas, cara: User) -> None:
    other = factories.company(name="Bright Grid Ltd")
    factories.membership(user=cara, organisation=other, roles=[Role.CERTIFICATE_ADMIN])
    login = ready.customer.uit

    with pytest.raises(UnableToSaveCredentials, match="in use by another company"):
        credentials.validate_credentials(
            actor=actor_for(cara, day=timezone.now().date()),
            organisation=other,
            api_key=login.api_key,
            api_secret=login.api_secret,
            pfx=login.pfx(),
            password=PASSWORD,
            now=timezone.now(),
        )


def test_an_expired_certificate_and_an_atlas_that_is_away(
    customer: Customer, real_atlas: Atlas, settings: Any
) -> None:
    login = customer.uit
    later = timezone.now() + timedelta(days=400)
    how = {
        "api_key": login.api_key,
        "api_secret": login.api_secret,
        "pfx": login.pfx(),
        "password": PASSWORD,
    }

    step, text = failed(validate(now=later, **how))  # type: ignore[arg-type]
    assert step == 3
    assert "expired on" in text
    settings.HVCA_URL = "https://localhost:1"
    step, text = failed(validate(now=timezone.now(), **how))  # type: ignore[arg-type]
    assert step == 5
    assert "Atlas cannot be reached. Nothing is wrong with the files" in text
    settings.HVCA_URL, settings.HVCA_CA_FILE = real_atlas.hvca_url, ""
    step, text = failed(validate(now=timezone.now(), **how))  # type: ignore[arg-type]
    assert "HVCA_CA_FILE" in text


@pytest.mark.parametrize("purpose", Certificate.Purpose)
def test_the_pfx_of_a_certificate_of_the_dip_is_told_before_atlas_is_asked(
    uit: None, company: Organisation, settings: Any, purpose: Certificate.Purpose
) -> None:
    settings.HVCA_URL = "https://localhost:1"  # whoever asks there is told that nobody answers
    held = pki.held(company, purpose=purpose)
    dip = Pfx(certificate=held.certificate, private_key=held.key, chain=())

    step, text = failed(
        validate(
            api_key="key",
            api_secret="secret",
            pfx=make_pfx(dip, password=PASSWORD, name="dip"),
            password=PASSWORD,
            now=timezone.now(),
        )
    )

    assert step == 4
    assert text.startswith("This PFX holds a certificate for the DIP, not the one for API access.")
    assert "mTLS certificate of Access Credentials" in text


def test_nothing_is_saved_but_what_was_validated(company: Organisation, cara: User) -> None:
    with pytest.raises(UnableToSaveCredentials, match="validate again"):
        credentials.save_credentials(
            actor=actor_for(cara, day=timezone.now().date()),
            organisation=company,
            now=timezone.now(),
        )

    assert not AtlasCredential.objects.exists()


@hypothesis_settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.binary(max_size=300), password=st.text(max_size=20))
def test_whatever_bytes_come_a_step_fails(uit: None, data: bytes, password: str) -> None:
    outcome = validate(api_key="k", api_secret="s", pfx=data, password=password, now=timezone.now())

    assert outcome.checks[0].is_passed is False
    assert outcome.checks[0].text


def test_a_login_shows_nothing_of_its_secrets() -> None:
    login = hvca.Login(
        api_key="the-key", api_secret="the-secret", key_pem="the-pem", certificate_pem="public"
    )

    assert not any(word in repr(login) for word in ("the-key", "the-secret", "the-pem"))
    assert "the-secret" not in login.name
