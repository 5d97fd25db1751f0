"""All of docker-compose.yml on this machine: its commands, on real PostgreSQL, Redis and nginx."""

import secrets
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from email import message_from_bytes
from email.policy import default as modern
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import redis
from aiosmtpd.controller import Controller
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from dip_portal.lib import environment as environments
from tests.deploy.composition import ROOT, Native
from tests.deploy.gateway import gateway_client, start_gateway
from tests.deploy.ports import free_ports
from tests.deploy.servers import free_redis_urls, postgres_url, redis_url
from tests.deploy.waiting import wait_until
from tests.leaving_out import leave_out, need_program

PORTALS = ("uit", "production")
ENVIRONMENTS = (*PORTALS, "atlas")
STAY_UP = ("web", "worker", "beat")


class MailCatcher:
    """Keeps every message that it is sent."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.messages.append(message_from_bytes(envelope.content, policy=modern))
        return "250 OK"


class Composition:
    """The running stack and what the tests look at from outside."""

    def __init__(
        self, *, stack: Native, port: int, plain_port: int, mail: MailCatcher, server: str
    ) -> None:
        self.stack = stack
        self.port = port
        self.plain_port = plain_port
        self.mail = mail
        self.server = server

    def client(self, environment: str) -> Any:
        """Return a client of one portal, through the gateway."""
        return gateway_client(self.stack, port=self.port, name=f"{environment}.dip.localhost")

    def manage(self, environment: str, *words: str) -> str:
        """Run a command as `docker compose run ENVIRONMENT-init python manage.py ...` does."""
        return self.stack.run(f"{environment}-init", ["python", "manage.py", *words])

    def query(self, environment: str, sql: str) -> list[Any]:
        """Return the rows of a query in one environment's database, asked as the portal's role."""
        variables = self.stack.environment(f"{environment}-web")
        password = self.stack.volume(f"{environment}-database-password") / "password"
        with psycopg.connect(
            self.server,
            dbname=variables["DATABASE_NAME"],
            user=variables["DATABASE_USER"],
            password=password.read_text().strip(),
        ) as connection:
            return connection.execute(sql.encode()).fetchall()


@contextmanager
def roles_and_databases(stack: Native, server: str) -> Iterator[None]:
    """Run what the database container runs when it is new; drop it all afterwards."""
    named = conninfo_to_dict(server)
    connection = {
        "PGHOST": str(named.get("host", "")),
        "PGPORT": str(named.get("port", "")),
        "PGPASSWORD": str(named.get("password", "")),
        "POSTGRES_USER": str(named.get("user", "")),
    }
    made = []
    try:
        for environment in ENVIRONMENTS:
            variables = stack.environment(f"{environment}-database")
            made.append(variables["PORTAL_DATABASE"])
            subprocess.run(
                [ROOT / "deploy" / "database" / "create-role.sh"],
                env=variables | {name: text for name, text in connection.items() if text},
                check=True,
                timeout=60,
            )
        yield
    finally:
        with psycopg.connect(server, autocommit=True) as superuser:
            for name in made:
                superuser.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
                superuser.execute(f'DROP ROLE IF EXISTS "{name}"'.encode())


@pytest.fixture(scope="module")
def composition(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composition]:
    """All deployments with web, worker and beat, the gateway, and a mail catcher."""
    need_program("nginx")
    need_program("psql")
    server, broker = postgres_url(), redis_url()
    if server is None or broker is None:
        leave_out("no PostgreSQL or no Redis answers")
    brokers = dict(zip(ENVIRONMENTS, free_redis_urls(broker), strict=False))
    port, plain_port, health, smtp, dns_port, *webs = free_ports(8)
    web = dict(zip(ENVIRONMENTS, webs, strict=True))
    address = conninfo_to_dict(server)
    database = f"{address.get('host', '127.0.0.1')}:{address.get('port', 5432)}"
    mark = secrets.token_hex(4)
    mail = MailCatcher()
    with ExitStack() as exits:
        catcher = Controller(mail, hostname="127.0.0.1", port=smtp)
        catcher.start()
        exits.callback(catcher.stop)
        folder = tmp_path_factory.mktemp("stack")
        stack = Native(
            folder=folder,
            variables={"DIP_GATEWAY_PORT": str(port)},
            places={
                "/app/staticfiles": str(folder / "staticfiles"),
                **{f"{name}-database:5432": database for name in ENVIRONMENTS},
                **{f"dip_{name}": f"dip_{name}_{mark}" for name in ENVIRONMENTS},
                **{f"redis://{name}-redis:6379/0": brokers[name] for name in ENVIRONMENTS},
                "mail:1025": f"127.0.0.1:{smtp}",
                "0.0.0.0:8053": f"127.0.0.1:{dns_port}",
                "atlas-dns:8053": f"127.0.0.1:{dns_port}",
                "port=8053": f"port={dns_port}",
                "listen 8443": f"listen 127.0.0.1:{port}",
                "listen 8088": f"listen 127.0.0.1:{plain_port}",
                "127.0.0.1:8081": f"127.0.0.1:{health}",
                "http://uit-web:8000": f"http://localhost:{web['uit']}",
                # The gateway's alias in the networks of the portals resolves in containers only.
                "https://atlas.dip.localhost:8443": f"https://localhost:{port}",
                "server_name atlas.dip.localhost": "server_name atlas.dip.localhost localhost",
            },
            own_places={
                **{
                    f"{name}-web": {
                        "0.0.0.0:8000": f"127.0.0.1:{number}",
                        "localhost:8000": f"localhost:{number}",
                    }
                    for name, number in web.items()
                },
                "gateway": {
                    f"{name}-web:8000": f"127.0.0.1:{number}" for name, number in web.items()
                },
            },
        )
        for url in brokers.values():
            exits.callback(redis.Redis.from_url(url).flushdb)
        for environment in ENVIRONMENTS:
            stack.run(f"{environment}-passwords")
        exits.enter_context(roles_and_databases(stack, server))
        exits.callback(stack.stop)
        stack.run("uit-web", ["python", "manage.py", "collectstatic", "--noinput"])
        for environment in ENVIRONMENTS:
            stack.run(f"{environment}-init")
            for name in STAY_UP:
                stack.start(f"{environment}-{name}")
        stack.start("atlas-dns")
        for environment in ENVIRONMENTS:
            wait_until(partial(stack.is_healthy, f"{environment}-web"), seconds=120)
        start_gateway(stack)
        wait_until(lambda: stack.is_healthy("gateway"))
        yield Composition(stack=stack, port=port, plain_port=plain_port, mail=mail, server=server)


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
    composition: Composition,
) -> None:
    composition.manage("uit", "demonstrate_promotion", "--step", "extract")
    told = composition.manage("production", "demonstrate_promotion", "--step", "import")
    assert "Fetched from UIT" in told

    composition.manage("production", "demonstrate_promotion", "--step", "invite")

    link = f"https://production.dip.localhost:{composition.port}/invitations/accept/"

    def invitations() -> list[str]:
        """Return those of Production; the demonstration of UIT sends mails of its own."""
        texts = [it.get_body(("plain",)).get_content() for it in composition.mail.messages]
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
