"""All of docker-compose.yml on this machine: its commands, on real PostgreSQL, Redis and nginx."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default as modern
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from aiosmtpd.controller import Controller
from psycopg.conninfo import make_conninfo

from dip_portal.lib import environment as environments
from tests.deploy.ports import free_ports
from tests.deploy.servers import free_redis_urls, postgres_url, redis_url
from tests.deploy.stack import ENVIRONMENTS, PORTALS, STAY_UP, Composition, running_composition
from tests.deploy.waiting import wait_until
from tests.leaving_out import leave_out, need_program


class MailCatcher:
    """Keeps every message that it is sent."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.messages.append(message_from_bytes(envelope.content, policy=modern))
        return "250 OK"


@dataclass(frozen=True, kw_only=True)
class Stack:
    """The running composition and the mails that it has sent."""

    composition: Composition
    mail: MailCatcher


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """All deployments with web, worker and beat, the gateway, and a mail catcher."""
    need_program("nginx")
    need_program("psql")
    server, broker = postgres_url(), redis_url()
    if server is None or broker is None:
        leave_out("no PostgreSQL or no Redis answers")
    brokers = dict(zip(ENVIRONMENTS, free_redis_urls(broker), strict=False))
    [smtp] = free_ports(1)
    mail = MailCatcher()
    catcher = Controller(mail, hostname="127.0.0.1", port=smtp)
    catcher.start()
    try:
        with running_composition(
            tmp_path_factory.mktemp("stack"), server=server, brokers=brokers, smtp=smtp
        ) as composition:
            yield Stack(composition=composition, mail=mail)
    finally:
        catcher.stop()


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
        texts = [it.get_body(("plain",)).get_content() for it in running.mail.messages]
        return [text for text in texts if link in text]

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


def test_a_backup_can_be_restored(composition: Composition, tmp_path: Path) -> None:
    variables = composition.stack.environment("uit-web")
    name, role = variables["DATABASE_NAME"], variables["DATABASE_USER"]
    restored = f"{name}_restored"
    count = "SELECT (SELECT count(*) FROM organisations_organisation), count(*) FROM audit_event"
    dump = tmp_path / "uit.dump"

    # The words are those of docs/operations.md.
    _postgres("pg_dump", "--format", "custom", "--file", str(dump), _named(composition, name))
    with psycopg.connect(composition.server, autocommit=True) as superuser:
        superuser.execute(f'CREATE DATABASE "{restored}" OWNER "{role}"'.encode())
        try:
            _postgres(
                *("pg_restore", "--clean", "--if-exists", "--single-transaction"),
                *("--dbname", _named(composition, restored), str(dump)),
            )
            with psycopg.connect(composition.server, dbname=restored) as connection:
                assert connection.execute(count.encode()).fetchall() == composition.query(
                    "uit", count
                )
                owners = connection.execute(
                    "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
                ).fetchall()
                assert owners == [(role,)]
        finally:
            superuser.execute(f'DROP DATABASE "{restored}" WITH (FORCE)'.encode())


def _named(composition: Composition, database: str) -> str:
    return make_conninfo(composition.server, dbname=database)


def _postgres(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
