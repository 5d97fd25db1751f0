"""Where the fault rounds happen: the whole composition on servers that can be killed."""

import base64
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from dip_client import files
from tests.browser.people import read_people
from tests.deploy.ports import free_ports, wait_for_port
from tests.deploy.stack import ENVIRONMENTS, Composition, running_composition
from tests.faults.servers import MailServer, Postgres, Redis
from tests.faults.visitor import Visitor
from tests.leaving_out import need_program

MANAGER = "dana.okafor@dip.example"
ADMIN = "marcus.bell@brightwater-energy.example"


class Place:
    """The running stack, its servers, and the people who use it."""

    def __init__(
        self,
        *,
        composition: Composition,
        postgres: Postgres,
        redis: Redis,
        mail: MailServer,
        folder: Path,
        catcher_port: int,
    ) -> None:
        self.composition = composition
        self.stack = composition.stack
        self.servers = {"postgresql": postgres, "redis": redis, "mail": mail}
        self.mail = mail
        self.folder = folder
        self.catcher_port = catcher_port
        self.killed: set[str] = set()
        self.ended_by_themselves: list[str] = []
        self.manager = {
            name: self._visitor(name, MANAGER) for name in ("uit", "production")
        }  # each person signs in once: a code of the app is good once
        self.admin = self._visitor("uit", ADMIN)
        self.company = self.one(
            "uit",
            "SELECT id FROM organisations_organisation WHERE name = 'Brightwater Energy Ltd'",
        )
        self.dip_id = self.query(
            "uit",
            "SELECT d.dip_id FROM organisations_dipid d JOIN organisations_mpid m ON "
            f"m.id = d.mpid_id WHERE m.organisation_id = {self.company} "
            "AND d.dip_role_code = 'SUP' ORDER BY d.dip_id",
        )[0][0]

    def _visitor(self, environment: str, email: str) -> Visitor:
        kept = self.stack.volume(f"{environment}-secrets") / "demonstration.json"
        return Visitor(self.composition.client(environment), read_people(kept)[email])

    def kill(self, victim: str) -> None:
        """SIGKILL a service of the composition (uit-worker, ...) or a server."""
        self.killed.add(victim)
        if victim in self.servers:
            self.servers[victim].kill()
        else:
            self.stack.kill(victim)

    def start(self, victim: str) -> None:
        """Start it again, as the container engine does."""
        if victim in self.servers:
            self.servers[victim].start()
        elif victim == "catcher":
            _start_catcher(self.composition, self.catcher_port)
        else:
            self.stack.start(victim)
        self.killed.discard(victim)

    def restart_the_ended(self) -> list[str]:
        """Start what has ended by itself, as `restart: unless-stopped` does, and return it."""
        ended = [
            name
            for name, process in self.stack.running.items()
            if name not in self.killed and process.poll() is not None
        ]
        for name in ended:
            self.start(name)
        self.ended_by_themselves += ended
        return ended

    def query(self, environment: str, sql: str) -> list[Any]:
        """Return the rows of a query, as soon as the database gives them."""
        deadline = time.monotonic() + 60
        while True:
            try:
                return self.composition.query(environment, sql)
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def one(self, environment: str, sql: str) -> Any:
        """Return the one value of a query."""
        [(value,)] = self.query(environment, sql)
        return value

    def wait_for(self, is_so: Callable[[], object], *, seconds: float, what: str) -> None:
        """Wait until it is so; fail with what it is that did not come about."""
        deadline = time.monotonic() + seconds
        while not is_so():
            self.restart_the_ended()
            assert time.monotonic() < deadline, f"{what} did not come about in {seconds} seconds"
            time.sleep(0.25)

    def wait_for_jobs(self, environment: str) -> None:
        """Return when every job of an environment has come to its end, by itself."""
        self.wait_for(
            lambda: (
                not self.one(environment, "SELECT count(*) FROM jobs_job WHERE state <> 'DONE'")
            ),
            seconds=90,
            what=f"The end of every job in {environment}",
        )

    def webhook_path(self, publication: str) -> str:
        """Return the address of the page of one webhook of the company with certificates."""
        return f"/organisations/{self.company}/dip-ids/{self.dip_id}/channels/{publication}/"

    def set_webhooks(self) -> None:
        """Let every publication of a DIP ID go to the webhook catcher."""
        page = self.admin.patient_get(f"/organisations/{self.company}/channels/")
        found = re.findall(rf"dip-ids/{self.dip_id}/channels/(PUB-\d+)/", page)
        self.publications = sorted(set(found))
        assert self.publications, "the company has no publications"
        for publication in self.publications:
            url = f"https://localhost:{self.catcher_port}/hook/{self.dip_id}/{publication}"
            answer = self.admin.post(self.webhook_path(publication), {"callback_url": url})
            assert answer.status_code == 302, answer.text

    def bodies_caught(self) -> list[str]:
        """Return the bodies of the calls that reached the webhook catcher."""
        kept = [json.loads(it.read_text()) for it in self.stack.volume("catcher").rglob("*.json")]
        return [base64.b64decode(it["body"]).decode() for it in kept if "body" in it]


@contextmanager
def place(folder: Path, *, companies: int) -> Iterator[Place]:
    """Give a place where so many companies of UIT wait to be promoted."""
    for program in ("nginx", "psql", "redis-server"):
        need_program(program)
    smtp, redis_port, postgres_port, catcher_port = free_ports(4)
    with ExitStack() as exits:
        postgres = Postgres(_made(folder / "postgres"), postgres_port)
        redis = Redis(_made(folder / "redis"), redis_port)
        mail = MailServer(_made(folder / "mail"), smtp)
        for server in (postgres, redis, mail):
            server.start()
            exits.callback(server.kill)
        composition = exits.enter_context(
            running_composition(
                _made(folder / "stack"),
                server=postgres.url,
                brokers={name: redis.address(n) for n, name in enumerate(ENVIRONMENTS)},
                smtp=smtp,
                variables={"DIP_WEBHOOK_NETWORKS": "127.0.0.0/8"},
                more={"JOB_LEASE_SECONDS": "5"},
            )
        )
        _start_catcher(composition, catcher_port)
        composition.stack.run(
            "uit-init", ["python", "-m", "tests.faults.companies", str(companies)]
        )
        found = Place(
            composition=composition,
            postgres=postgres,
            redis=redis,
            mail=mail,
            folder=folder,
            catcher_port=catcher_port,
        )
        _obtain_credentials(found)
        found.set_webhooks()
        yield found


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _start_catcher(composition: Composition, port: int) -> None:
    """Start the webhook catcher by TLS, as `make run` does: names resolve in containers only."""
    certificate = composition.stack.volume("gateway-certificate")
    composition.stack.start(
        "catcher",
        command=[
            *("gunicorn", "--config", "python:deploy.gunicorn_conf", "--workers", "1"),
            *("--threads", "16", "--bind", f"127.0.0.1:{port}"),
            *("--certfile", str(certificate / "certificate.pem")),
            *("--keyfile", str(certificate / "key.pem"), "catcher.wsgi:application"),
        ],
    )
    wait_for_port(port)


def _obtain_credentials(place: Place) -> None:
    """Bring Brightwater to where it may ask for certificates, as `make run` does."""
    folder = _made(place.stack.folder / "participant")
    for name, host in (("atlas", "api.brightwater.example"), ("dip", "dip.brightwater.example")):
        files.make_key_and_csr(
            key_file=folder / f"{name}.key.pem", csr_file=folder / f"{name}.csr.pem", names=[host]
        )
    stack = place.stack
    stack.run(
        "atlas-init", ["python", "manage.py", "demonstrate_customer", "--folder", str(folder)]
    )
    files.merge_to_pfx(
        certificate=files.read_certificate(str(folder / "atlas.cer.pem")),
        key=files.read_key(str(folder / "atlas.key.pem")),
        password=json.loads((folder / "atlas.json").read_text())["api_secret"],
        file=folder / "atlas.pfx",
    )
    port = place.composition.port
    stack.own_places["uit-worker"] = {
        f"https://atlas.dip.localhost:{port}": f"https://localhost:{port}"
    }
    authority = stack.volume("gateway-trust") / "gateway-ca.pem"
    stack.run(
        "uit-worker",
        [
            *("env", f"SSL_CERT_FILE={authority}", "python", "manage.py"),
            *("demonstrate_certificates", "--folder", str(folder)),
        ],
    )
