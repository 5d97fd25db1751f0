"""All of docker-compose.yml on this machine: its commands, on real PostgreSQL, Redis and nginx."""

from collections.abc import Iterator
from functools import partial

import httpx
import pytest

from dip_portal.lib import environment as environments
from tests.deploy.stack import ENVIRONMENTS, PORTALS, STAY_UP, Composition, Stack, stack_on_servers
from tests.deploy.waiting import wait_until


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """All deployments with web, worker and beat, the gateway, and a mail catcher."""
    with stack_on_servers(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture
def composition(running: Stack) -> Composition:
    return running.composition


def test_every_service_is_healthy_by_the_check_of_the_file(composition: Composition) -> None:
    for environment in ENVIRONMENTS:
        for name in STAY_UP:
            wait_until(partial(composition.stack.is_healthy, f"{environment}-{name}"), seconds=120)
    wait_until(partial(composition.stack.is_healthy, "atlas-dns"))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_portal_answers_through_the_gateway(composition: Composition, environment: str) -> None:
    with composition.client(environment) as client:
        health = client.get("/health/")
        page = client.get("/accounts/login/")
        style = client.get("/static/css/environment.css", follow_redirects=True)

    assert (health.status_code, health.text) == (200, "ok")
    assert page.status_code == 200
    assert environments.named(environment).label in page.text
    assert page.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert "Secure" in page.headers["Set-Cookie"]
    assert style.status_code == 200


def test_crls_are_answered_without_tls(composition: Composition) -> None:
    answer = httpx.get(
        f"http://127.0.0.1:{composition.plain_port}/crl/uit-1.crl",
        headers={"Host": "atlas.dip.localhost"},
    )

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/pkix-crl"


def test_the_portals_role_may_do_nothing_but_own_its_database(composition: Composition) -> None:
    for environment in ENVIRONMENTS:
        [(name, *rights)] = composition.query(
            environment,
            "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole FROM pg_roles "
            "WHERE rolname = current_user",
        )

        assert name.startswith(f"dip_{environment}_")
        assert rights == [False, False, False]


def test_a_company_goes_from_uit_to_production_and_its_admin_is_invited(
    running: Stack,
) -> None:
    composition = running.composition
    composition.manage("uit", "demonstrate_promotion", "--step", "extract")
    told = composition.manage("production", "demonstrate_promotion", "--step", "import")
    assert "Fetched from UIT" in told

    composition.manage("production", "demonstrate_promotion", "--step", "invite")

    link = f"https://production.dip.localhost:{composition.port}/invitations/accept/"

    def invitations() -> list[str]:
        """Return those of Production; the demonstration of UIT sends mails of its own."""
        return running.mail.texts(link)

    wait_until(invitations, seconds=60)
    assert len(invitations()) == 1
    assert "/service/promotion/v1/" in composition.stack.log("uit-web").read_text()
    for service in composition.stack.running:
        assert "Traceback" not in composition.stack.log(service).read_text(), service


def test_the_portals_reach_atlas_through_the_gateway_that_they_trust(
    composition: Composition,
) -> None:
    ask = (
        "import ssl, urllib.request\n"
        "from django.conf import settings\n"
        "tls = ssl.create_default_context(cafile=settings.HVCA_CA_FILE)\n"
        "answer = urllib.request.urlopen(settings.HVCA_URL + '/ca/uit-1.pem', context=tls)\n"
        "print(answer.read().decode())"
    )
    for environment in PORTALS:
        for service in ("web", "worker"):
            told = composition.stack.run(
                f"{environment}-{service}", ["python", "manage.py", "shell", "-c", ask]
            )

            assert "BEGIN CERTIFICATE" in told


def test_each_environment_of_the_dip_has_a_certificate_of_its_own(
    composition: Composition,
) -> None:
    show = "from certificates.platform import own_signer as own; print(own().certificate.issuer)"
    folder = composition.stack.volume("authority") / "platform"
    for environment in PORTALS:
        wait_until((folder / f"{environment}.pem").exists)
        label = environments.named(environment).label

        assert f"Simulated Atlas {label} Issuing CA" in composition.manage(
            environment, "shell", "-c", show
        )

    composition.manage("atlas", "rotate_authority", "uit")

    assert "Simulated Atlas UIT Issuing CA G2" in composition.manage("uit", "shell", "-c", show)


def test_preparing_a_second_time_changes_nothing(composition: Composition) -> None:
    count = "SELECT (SELECT count(*) FROM organisations_organisation), count(*) FROM accounts_user"
    for environment in ENVIRONMENTS:
        before = composition.query(environment, count)

        composition.stack.run(f"{environment}-passwords")
        composition.stack.run(f"{environment}-init")

        assert composition.query(environment, count) == before
