"""docker-compose.yml as a whole on this machine: all deployments behind the gateway."""

import secrets
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default as modern
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import redis
from aiosmtpd.controller import Controller
from psycopg.conninfo import conninfo_to_dict

from tests.deploy.composition import ROOT, Native
from tests.deploy.gateway import gateway_client, start_gateway
from tests.deploy.names import Names, serving_names
from tests.deploy.ports import free_ports, wait_for_port
from tests.deploy.servers import free_redis_urls, postgres_url, redis_url
from tests.deploy.waiting import wait_until
from tests.leaving_out import leave_out, need_program

PORTALS = ("uit", "production")
ENVIRONMENTS = (*PORTALS, "atlas")
STAY_UP = ("web", "worker", "beat")


class Composition:
    """The running stack and what the tests look at from outside."""

    def __init__(
        self,
        *,
        stack: Native,
        port: int,
        plain_port: int,
        server: str,
        names: Names,
        web_ports: Mapping[str, int],
    ) -> None:
        self.stack = stack
        self.port = port
        self.plain_port = plain_port
        self.server = server
        self.names = names
        self.web_ports = web_ports

    def client(self, environment: str, own: tuple[Path, Path] | None = None) -> Any:
        """Return a client of one portal, through the gateway; `own` are certificate and key."""
        name = f"{environment}.dip.localhost"
        return gateway_client(self.stack, port=self.port, name=name, own=own)

    def add_web(self, environment: str) -> str:
        """Start a second web of a portal, as `--scale ...-web=2` does, and return its name."""
        port = self.web_ports[environment]
        second = self.stack.add_replica(
            f"{environment}-web", 2, {"0.0.0.0:8000": f"127.0.0.2:{port}"}
        )
        self.stack.start(second)
        wait_for_port(port, "127.0.0.2")
        self.names.addresses[f"{environment}-web"].append("127.0.0.2")
        return second

    def add_worker(self, environment: str, number: int) -> str:
        """Start one more worker of a portal, and return its name."""
        name = self.stack.add_replica(
            f"{environment}-worker", number, {"worker@%h": f"worker{number}@%h"}
        )
        self.stack.start(name)
        return name

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


class MailCatcher:
    """Keeps every message that it is sent."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.messages.append(message_from_bytes(envelope.content, policy=modern))
        return "250 OK"

    def texts(self, containing: str) -> list[str]:
        """Return the plain texts of the mails in which some words stand."""
        texts = [it.get_body(("plain",)).get_content() for it in list(self.messages)]
        return [text for text in texts if containing in text]


@dataclass(frozen=True, kw_only=True)
class Stack:
    """The running composition and the mails that it has sent."""

    composition: Composition
    mail: MailCatcher


@contextmanager
def stack_on_servers(folder: Path) -> Iterator[Stack]:
    """Give the composition on the servers of the tests; leave out what calls it without them."""
    for program in ("nginx", "psql"):
        need_program(program)
    server, broker = postgres_url(), redis_url()
    if server is None or broker is None:
        leave_out("no PostgreSQL or no Redis answers")
    brokers = dict(zip(ENVIRONMENTS, free_redis_urls(broker), strict=False))
    [smtp] = free_ports(1)
    mail = MailCatcher()
    catcher = Controller(mail, hostname="127.0.0.1", port=smtp)
    catcher.start()
    try:
        with running_composition(folder, server=server, brokers=brokers, smtp=smtp) as composition:
            yield Stack(composition=composition, mail=mail)
    finally:
        catcher.stop()


def make_role_and_database(stack: Native, environment: str, server: str) -> None:
    """Run what the database container runs when it is new."""
    named = conninfo_to_dict(server)
    connection = {
        "PGHOST": str(named.get("host", "")),
        "PGPORT": str(named.get("port", "")),
        "PGPASSWORD": str(named.get("password", "")),
        "POSTGRES_USER": str(named.get("user", "")),
    }
    subprocess.run(
        [ROOT / "deploy" / "database" / "create-role.sh"],
        env=stack.environment(f"{environment}-database")
        | {name: text for name, text in connection.items() if text},
        check=True,
        timeout=60,
    )


def drop_role_and_database(name: str, server: str) -> None:
    """Drop a database, whoever is connected to it, and the role of the same name."""
    with psycopg.connect(server, autocommit=True) as superuser:
        superuser.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
        superuser.execute(f'DROP ROLE IF EXISTS "{name}"'.encode())


@contextmanager
def roles_and_databases(stack: Native, server: str) -> Iterator[None]:
    """Run what the database container runs when it is new; drop it all afterwards."""
    made = []
    try:
        for environment in ENVIRONMENTS:
            made.append(stack.environment(f"{environment}-database")["PORTAL_DATABASE"])
            make_role_and_database(stack, environment, server)
        yield
    finally:
        for name in made:
            drop_role_and_database(name, server)


@contextmanager
def running_composition(
    folder: Path,
    *,
    server: str,
    brokers: Mapping[str, str],
    smtp: int,
    variables: Mapping[str, str] | None = None,
    own_places: Mapping[str, dict[str, str]] | None = None,
    more: Mapping[str, str] | None = None,
) -> Iterator[Composition]:
    """Give all deployments with web, worker and beat, and the gateway, until the block ends.

    `server` is a PostgreSQL where databases may be created, `brokers` a Redis address for each
    deployment, `smtp` the port of a mail server; the rest is for Native.
    """
    port, plain_port, health, dns_port, names_port, *webs = free_ports(8)
    web = dict(zip(ENVIRONMENTS, webs, strict=True))
    address = conninfo_to_dict(server)
    database = f"{address.get('host', '127.0.0.1')}:{address.get('port', 5432)}"
    mark = secrets.token_hex(4)
    places_of_one = {
        **{
            f"{name}-web": {
                "0.0.0.0:8000": f"127.0.0.1:{number}",
                "localhost:8000": f"localhost:{number}",
            }
            for name, number in web.items()
        },
        # As in Docker's networks, nginx asks for the name of a service, and gets each of its webs.
        "gateway": {
            "resolver 127.0.0.11": f"resolver 127.0.0.1:{names_port}",
            **{f"{name}-web:8000": f"{name}-web:{number}" for name, number in web.items()},
        },
    }
    with ExitStack() as exits:
        names = exits.enter_context(
            serving_names(names_port, {f"{name}-web": ["127.0.0.1"] for name in ENVIRONMENTS})
        )
        stack = Native(
            folder=folder,
            variables={"DIP_GATEWAY_PORT": str(port), **(variables or {})},
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
                "server_name uit.dip.localhost": "server_name localhost uit.dip.localhost",
                "map $host $portal {": f"map $host $portal {{ localhost 127.0.0.1:{web['atlas']};",
            },
            own_places=places_of_one | dict(own_places or {}),
            more=more,
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
        yield Composition(
            stack=stack,
            port=port,
            plain_port=plain_port,
            server=server,
            names=names,
            web_ports=web,
        )
