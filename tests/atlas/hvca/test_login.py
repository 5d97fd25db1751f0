"""Log-in: API key, secret and the mTLS certificate of the same company and environment."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from audit.models import Event
from certificates.atlas.actors import ATLAS
from certificates.atlas.models import IdentityProfile, Reason
from certificates.atlas.services.certificates import revoke_certificate
from certificates.atlas.services.credentials import revoke_api_credential
from tests.atlas import factories
from tests.atlas.hvca.conftest import Hvca


def test_key_secret_and_certificate_give_a_token(hvca: Hvca) -> None:
    answer = hvca.log_in()

    assert answer.status_code == 200
    assert set(answer.json()) == {"access_token"}
    assert hvca.call("get", "quotas/issuance").status_code == 200
    hvca.new.credential.refresh_from_db()
    assert hvca.new.credential.last_used_at is not None
    event = Event.objects.filter(action="api_credential:log_in").latest("at")
    assert event.after == {"certificate": hvca.access.thumbprint}


@pytest.mark.parametrize(
    "changed",
    [{"api_secret": "f" * 40}, {"api_key": "f" * 16}, {"api_secret": "f" * 1000}],
)
def test_a_wrong_pair_is_refused(hvca: Hvca, changed: dict[str, str]) -> None:
    answer = hvca.log_in(**changed)

    assert answer.status_code == 401
    assert answer["Content-Type"].startswith("application/problem+json")
    assert "no such API key" in answer.json()["description"]
    refused = Event.objects.filter(action="api_credential:refuse_login")
    assert refused.count() == (0 if "api_key" in changed else 1)


def test_without_a_certificate_nobody_logs_in(hvca: Hvca) -> None:
    body = {"api_key": hvca.new.api_key, "api_secret": hvca.new.api_secret}

    answer = hvca.call("post", "login", body, showing=None)

    assert answer.status_code == 403
    assert "TLS handshake" in answer.json()["description"]


def test_another_companys_certificate_is_refused(hvca: Hvca, stranger: Hvca) -> None:
    hvca.access = stranger.access

    assert hvca.log_in().status_code == 403
    event = Event.objects.filter(action="api_credential:refuse_login").latest("at")
    assert event.after == {"wrong": "certificate"}


def test_the_other_environments_certificate_is_refused(hvca: Hvca, in_production: Hvca) -> None:
    hvca.access = in_production.access

    assert hvca.log_in().status_code == 403


def test_a_certificate_of_the_dip_does_not_do(hvca: Hvca, identity: IdentityProfile) -> None:
    hvca.access = factories.certificate(identity, "dip.superenergy.example")

    assert hvca.log_in().status_code == 403


def test_a_revoked_certificate_is_refused_and_ends_the_token(hvca: Hvca) -> None:
    revoke_certificate(
        actor=ATLAS, certificate=hvca.access, reason=Reason.SUPERSEDED, now=timezone.now()
    )

    assert hvca.call("get", "quotas/issuance").status_code == 401
    assert hvca.log_in().status_code == 403


def test_a_deleted_credential_is_refused_and_ends_the_token(hvca: Hvca) -> None:
    revoke_api_credential(actor=ATLAS, credential=hvca.new.credential, now=timezone.now())

    assert hvca.call("get", "quotas/issuance").status_code == 401
    assert hvca.log_in().status_code == 401


def test_an_expired_certificate_is_refused(hvca: Hvca) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=366), tick=False):
        assert hvca.log_in().status_code == 403


def test_a_token_is_good_for_ten_minutes(hvca: Hvca) -> None:
    begun = timezone.now()

    with time_machine.travel(begun + timedelta(minutes=9, seconds=55), tick=False):
        assert hvca.call("get", "quotas/issuance").status_code == 200
    with time_machine.travel(begun + timedelta(minutes=10, seconds=5), tick=False):
        answer = hvca.call("get", "quotas/issuance")

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_token_is_bound_to_its_certificate(hvca: Hvca, identity: IdentityProfile) -> None:
    other = factories.access_certificate(identity)
    shown = Hvca(new=hvca.new, access=other).certificate

    assert hvca.call("get", "quotas/issuance", showing=shown).status_code == 401
    assert hvca.call("get", "quotas/issuance", showing=None).status_code == 401


@pytest.mark.parametrize("token", ["", "x", "a:b:c", "ünicode", "x" * 9000])
def test_an_invented_token_is_refused(hvca: Hvca, token: str) -> None:
    hvca.token = token

    assert hvca.call("get", "quotas/issuance").status_code == 401


def test_attempts_are_counted(hvca: Hvca) -> None:
    codes = [hvca.log_in(api_secret="wrong").status_code for _ in range(61)]

    assert codes[0] == 401
    assert codes[-1] == 429
    assert hvca.log_in()["Retry-After"] == "60"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", 400), (b"{", 400), (b"[" * 60000, 400), (b"[]", 422), (b"null", 422), (b"{}", 422),
        (b"x" * 70000, 413), (b'{"api_key": 1, "api_secret": "x"}', 422), (b"\xff", 400),
        (b'{"api_key": "\\ud800", "api_secret": "x"}', 422), (b"1" * 5000, 400),
        (b'{"api_key": "\\u0000", "api_secret": "x"}', 422), (b'{"api_key": "x"}', 422),
    ],
)  # fmt: skip
def test_bad_bodies_are_told(hvca: Hvca, body: bytes, code: int) -> None:
    answer = hvca.call("post", "login", body)

    assert answer.status_code == code
    assert answer["Content-Type"].startswith("application/problem+json")
    assert answer.json()["description"]


def test_another_content_type_is_refused(hvca: Hvca) -> None:
    assert hvca.call("post", "login", b"a=b", content_type="text/plain").status_code == 415


def test_environments_are_the_credentials(hvca: Hvca, in_production: Hvca) -> None:
    chains = [client.call("get", "trustchain").json() for client in (hvca, in_production)]

    assert chains[0][0] != chains[1][0]
    assert chains[0][1] == chains[1][1]


def test_secrets_are_in_no_event(hvca: Hvca) -> None:
    hvca.log_in(api_secret="e" * 40)

    told = str(list(Event.objects.values()))
    for secret in (hvca.new.api_key, hvca.new.api_secret, "e" * 40):
        assert secret not in told


def test_a_host_that_is_not_ours_is_told_in_json(hvca: Hvca, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["atlas.example"]

    answer = hvca.call("get", "quotas/issuance")

    assert answer.status_code == 400
    assert answer.json()["description"]
